import type { EncryptPurpose, ValueCipher } from '../codec/value-cipher';
import { keyNameFault } from '../declaration/key-name';
import { InvalidDeclarationError } from '../errors';
import { type BootstrapOptions, type BootstrapReport, bootstrapKeys } from './bootstrap-keys';
import { KEY_NAME_REMEDY } from './check-key-name';
import { createKeysWith } from './create-keys';
import { type Check, diagnoseKeys } from './diagnose-keys';
import { type ExplicitEncryption, explicitEncryption } from './explicit-encryption';
import { type Gate, openGate } from './gate';
import { type KeyMemoryOptions, openKeyMemory } from './key-memory';
import type { UsesOf } from './key-use';
import { openKeyVault } from './key-vault';
import { type KeyVaultHandle, openKeyVaultHandle } from './key-vault-handle';
import { ZERO } from './load-keys';
import { openClientEncryption } from './open-client-encryption';
import { renewable } from './renewable';
import { onVaultChange } from './vault-changes';

/** What a key ring is opened for. */
export type KeyRingOptions = KeyMemoryOptions;

/** The data keys of one client under one configuration, and what is done with them. */
export interface KeyRing {
  readonly cipher: ValueCipher;
  /** The driver's own object on the same key vault, for explicit work, to be closed on its own. It has its own memory of keys. */
  clientEncryption(): ExplicitEncryption;
  /**
   * Tells the names that schemas declare: those a write creates by default.
   *
   * @throws {InvalidDeclarationError} for a name that no key can have.
   */
  declareKeys(keyAltNames: Iterable<string>): void;
  /**
   * Makes keys ready before they are needed: what can fail about keys fails here.
   *
   * @throws {KeyNotFoundError} for a key that is missing and may not be created.
   * @throws {DuplicateKeyNameError} for a name that two keys have.
   * @throws {EncryptionFailedError} for a name that no key can have, or a key that the master key does not unwrap.
   * @throws {KeyVaultUnavailableError} where the key vault cannot be read or written.
   */
  prepareKeys(keyAltNames: Iterable<string>, purpose: EncryptPurpose): Promise<void>;
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
  /** Forgets the keys in memory. What is under way may still use them. */
  flush(): void;
  /** Waits for what is under way; what comes after rejects with a `HandleClosedError`. The client stays open. */
  close(): Promise<void>;
}

/**
 * Opens the key ring of a client. Nothing is sent before it is used.
 *
 * @throws {MissingDependencyError} where mongodb-client-encryption is not installed or cannot be loaded.
 * @throws {InvalidKmsConfigError} where libmongocrypt refuses the configuration.
 */
export function openKeyRing(options: KeyRingOptions): KeyRing {
  const { config, client, driver } = options;
  const declared = new Set<string>();
  const vault = openKeyVault({ driver, client }, config.keyVault);
  const clientEncryption = openClientEncryption(options, vault.client);
  const createKeys = createKeysWith({ vault, config, clientEncryption });
  const memory = renewable(() => openKeyMemory(options, { vault, createKeys, declared }));
  const { drop } = memory;
  const forgetNoMore = onVaultChange(vault.namespace, drop);
  const gate = openGate('fle.close(connection)');
  const cipher = gatedCipher(gate, () => memory.current().cipher);
  const explicit = {
    driver,
    current: () => memory.current().clientEncryption(),
    pass: gate.pass,
    onChange: vault.changed,
  };
  return {
    cipher,
    clientEncryption: () => explicitEncryption(explicit),
    declareKeys: (keyAltNames) => {
      for (const name of checkedNames(keyAltNames)) declared.add(name);
    },
    prepareKeys: (keyAltNames, purpose) => prepareKeys(keyAltNames, purpose, cipher),
    bootstrap: (keyAltNames, bootstrapOptions) =>
      gate.pass(async () => {
        const names = checkedNames([...declared, ...keyAltNames]);
        return await bootstrapKeys(names, { vault, createKeys }, bootstrapOptions);
      }),
    keyVault: (usesOf) =>
      openKeyVaultHandle({ driver, config, vault, clientEncryption, usesOf }, gate),
    diagnose: (keyAltNames) => {
      const names = [...new Set([...declared, ...keyAltNames])];
      return gate.pass(() => diagnoseKeys({ driver, config, vault, names, encryption: options }));
    },
    flush: drop,
    close: async () => {
      forgetNoMore();
      await gate.close();
      drop();
    },
  };
}

function gatedCipher({ pass }: Gate, current: () => ValueCipher): ValueCipher {
  return {
    encrypt: (values, purpose) => pass(() => current().encrypt(values, purpose)),
    decrypt: (ciphertexts, options) => pass(() => current().decrypt(ciphertexts, options)),
  };
}

async function prepareKeys(
  keyAltNames: Iterable<string>,
  purpose: EncryptPurpose,
  cipher: ValueCipher,
): Promise<void> {
  const values = [...new Set(keyAltNames)].map((keyAltName) => ({
    bytes: ZERO,
    algorithm: 'Random' as const,
    keyAltName,
  }));
  const { failures } = await cipher.encrypt(values, purpose);
  for (const failure of failures.values()) throw failure;
}

function checkedNames(keyAltNames: Iterable<string>): string[] {
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
