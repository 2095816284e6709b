import type { mongo } from 'mongoose';
import type { KeyConfig } from './key-config';
import type { UsesOf } from './key-use';
import type { Driver, KeyVault } from './key-vault';

/** What work on the keys of a vault is done with. */
export interface KeyWork {
  readonly driver: Driver;
  readonly config: KeyConfig;
  readonly vault: KeyVault;
  /** The driver's own object on the vault. */
  readonly clientEncryption: mongo.ClientEncryption;
  /** Which fields use a key. */
  readonly usesOf: UsesOf;
}
