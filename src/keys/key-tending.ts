import type { mongo } from 'mongoose';
import { keyNameFault } from '../declaration/key-name';
import { InvalidDeclarationError } from '../errors';
import { type BootstrapOptions, type BootstrapReport, bootstrapKeys } from './bootstrap-keys';
import { KEY_NAME_REMEDY } from './check-key-name';
import { type Check, diagnoseKeys } from './diagnose-keys';
import type { Gate } from './gate';
import type { KeySource } from './key-memory';
import type { UsesOf } from './key-use';
import { type KeyVaultHandle, openKeyVaultHandle } from './key-vault-handle';
import type { EncryptionSource } from './open-client-encryption';

/** What is done with data keys beside encrypting with them. */
export interface KeyTending {
  /**
   * Creates the keys that are named, or declared, and missing.
   *
   * @throws {InvalidDeclarationError} for a name that no key can have.
   * @throws {DuplicateKeyNameError} for a name that two keys have.
   * @throws {KeyVaultUnavailableError} where the key vault cannot be read or written.
   */
  bootstrap(keyAltNames: Iterable<string>, options?: BootstrapOptions): Promise<BootstrapReport>;
  /** The data keys of the vault, for those who tend them; `usesOf` tells who uses which. */
  keyVault(usesOf: UsesOf): KeyVaultHandle;
  /** Looks at all that concerns the keys of these names, and those declared. Nothing is written, and nothing is thrown. */
  diagnose(keyAltNames: Iterable<string>): Promise<Check[]>;
}

/** What tending stands on. */
export interface TendingOptions extends KeySource {
  readonly source: EncryptionSource;
  readonly clientEncryption: mongo.ClientEncryption;
  /** Through which every operation passes. */
  readonly gate: Gate;
}

/** The tending of the keys of a vault. */
export function tendKeys(options: TendingOptions): KeyTending {
  const { source, vault, clientEncryption, createKeys, declared, gate } = options;
  const { driver, config } = source;
  return {
    bootstrap: (keyAltNames, bootstrapOptions) =>
      gate.pass(async () => {
        const names = checkedNames([...declared, ...keyAltNames]);
        return await bootstrapKeys(names, { vault, createKeys }, bootstrapOptions);
      }),
    keyVault: (usesOf) =>
      openKeyVaultHandle({ driver, config, vault, clientEncryption, usesOf }, gate),
    diagnose: (keyAltNames) => {
      const names = [...new Set([...declared, ...keyAltNames])];
      return gate.pass(() => diagnoseKeys({ config, vault, names, encryption: source }));
    },
  };
}

/**
 * `keyAltNames`, if data keys can have them all.
 *
 * @throws {InvalidDeclarationError} for one that no key can have.
 */
export function checkedNames(keyAltNames: Iterable<string>): string[] {
  const names = [...keyAltNames];
  for (const keyAltName of names) {
    const fault = keyNameFault(keyAltName);
    if (fault === undefined) continue;
    throw new InvalidDeclarationError({
      where: 'keyAltName',
      wrong: fault,
      remedy: KEY_NAME_REMEDY,
      keyAltName,
    });
  }
  return names;
}
