import type { EncryptPurpose, Eventual, ValueCipher } from '../codec/value-cipher';
import { createKeysWith } from './create-keys';
import { type ExplicitEncryption, explicitEncryption } from './explicit-encryption';
import { firstAlone } from './first-alone';
import { type Gate, openGate } from './gate';
import { type KeyMemoryOptions, openKeyMemory } from './key-memory';
import { type KeyTending, checkedNames, tendKeys } from './key-tending';
import { openKeyVault } from './key-vault';
import { ZERO } from './load-keys';
import { openClientEncryption } from './open-client-encryption';
import { renewable } from './renewable';
import { onVaultChange } from './vault-changes';

/** What a key ring is opened for. */
export type KeyRingOptions = KeyMemoryOptions;

/** The data keys of one client under one configuration, and what is done with them. */
export interface KeyRing extends KeyTending {
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
    onKey: firstAlone(),
    onChange: vault.changed,
  };
  return {
    cipher,
    clientEncryption: () => explicitEncryption(explicit),
    declareKeys: (keyAltNames) => {
      for (const name of checkedNames(keyAltNames)) declared.add(name);
    },
    prepareKeys: async (keyAltNames, purpose) => {
      gate.check();
      const { ready } = memory.current();
      const names = ready.others(keyAltNames);
      if (names.length > 0) await prepareKeys(names, purpose, cipher);
      ready.add(names);
    },
    ...tendKeys({ source: options, vault, clientEncryption, createKeys, declared, gate }),
    flush: drop,
    close: async () => {
      forgetNoMore();
      await gate.close();
      drop();
    },
  };
}

/** Only what has to be waited for is under way when the gate closes. */
function gatedCipher({ check, pass }: Gate, current: () => ValueCipher): ValueCipher {
  const passing = <T>(work: () => Eventual<T>): Eventual<T> => {
    check();
    const answer = work();
    return answer instanceof Promise ? pass(() => answer) : answer;
  };
  return {
    encrypt: (values, purpose, soon) => passing(() => current().encrypt(values, purpose, soon)),
    decrypt: (ciphertexts, options) => passing(() => current().decrypt(ciphertexts, options)),
    decryptWhole: (documents) => {
      check();
      return current().decryptWhole(documents);
    },
  };
}

async function prepareKeys(
  keyAltNames: readonly string[],
  purpose: EncryptPurpose,
  cipher: ValueCipher,
): Promise<void> {
  const values = keyAltNames.map((keyAltName) => ({
    bytes: ZERO,
    algorithm: 'Random' as const,
    keyAltName,
  }));
  const { failures } = await cipher.encrypt(values, purpose);
  for (const failure of failures.values()) throw failure;
}
