import type { mongo } from 'mongoose';
import type { ValueCipher } from '../codec/value-cipher';
import { openBatchCipher } from './batch-cipher';
import { decryptUnder, readOptionsOf } from './decrypt-under';
import { openExplicitCipher } from './explicit-cipher';
import { type KeySupply, type SupplyOptions, supplyKeys } from './key-supply';
import type { Driver } from './key-vault';
import { openNativeCrypt } from './native-crypt';
import { type EncryptionSource, openClientEncryption } from './open-client-encryption';
import { type ReadyKeys, openReadyKeys } from './ready-keys';

/** What a memory is opened with. */
export interface KeyMemoryOptions extends EncryptionSource {
  /** Whether values may be encrypted in batches, through inner parts of the driver where it has them; by default true. */
  readonly batches?: boolean;
}

/** What holds data keys in memory, unwrapped. */
export interface KeyMemory {
  readonly cipher: ValueCipher;
  /** Is opened by the first call. */
  readonly clientEncryption: () => mongo.ClientEncryption;
  readonly ready: ReadyKeys;
}

/** Where the keys come from. */
export type KeySource = Pick<SupplyOptions, 'vault' | 'createKeys' | 'declared'>;

/** An empty memory of data keys. */
export function openKeyMemory(options: KeyMemoryOptions, source: KeySource): KeyMemory {
  const { createMissingKeys, keyExpirationMS } = options.config;
  const supply = supplyKeys({ ...source, createMissingKeys });
  let explicit: mongo.ClientEncryption | undefined;
  return {
    cipher: openCipher(options, supply),
    clientEncryption: () => (explicit ??= openExplicit(options, source.vault.client)),
    ready: openReadyKeys(keyExpirationMS),
  };
}

function openExplicit(
  options: KeyMemoryOptions,
  keyVaultClient: mongo.MongoClient,
): mongo.ClientEncryption {
  const encryption = openClientEncryption(options, keyVaultClient);
  return decryptUnder(readOptionsOf(options.client), { ...options, encryption });
}

function openCipher(options: KeyMemoryOptions, supply: KeySupply): ValueCipher {
  const { driver, batches = true } = options;
  const native = batches ? openNativeCrypt(options) : undefined;
  if (native !== undefined) return openBatchCipher({ bson: driver.BSON, native, supply });
  if (batches) warnOfSlowness(driver);
  return openExplicitCipher(options, supply);
}

const warnedOf = new WeakSet<Driver>();

/** Warns once of each driver. */
function warnOfSlowness(driver: Driver): void {
  if (warnedOf.has(driver)) return;
  warnedOf.add(driver);
  process.emitWarning(
    'mongoose-fle does not know the inner parts of this version of the driver: values are encrypted one by one, which is slower.',
    { type: 'FleWarning', code: 'FLE_WITHOUT_BATCHES' },
  );
}
