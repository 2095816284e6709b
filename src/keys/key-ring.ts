import type { mongo } from 'mongoose';
import type { EncryptPurpose, ValueCipher } from '../codec/value-cipher';
import {
  HandleClosedError,
  InvalidDeclarationError,
  InvalidKmsConfigError,
  MissingDependencyError,
} from '../errors';
import { openBatchCipher } from './batch-cipher';
import { type BootstrapReport, bootstrapKeys } from './bootstrap-keys';
import { createKeysWith } from './create-keys';
import { openExplicitCipher } from './explicit-cipher';
import type { KeyConfig } from './key-config';
import { keyNameFault } from '../declaration/key-name';
import { type KeySupply, supplyKeys } from './key-supply';
import { type DriverClient, type KeyVault, openKeyVault } from './key-vault';
import { ZERO } from './load-keys';
import { openNativeCrypt } from './native-crypt';

/** What a key ring is opened for. */
export interface KeyRingOptions extends DriverClient {
  readonly config: KeyConfig;
  /** Whether values may be encrypted in batches, through inner parts of the driver where it has them; by default true. */
  readonly batches?: boolean;
}

/** The data keys of one client under one configuration, and what is done with them. */
export interface KeyRing {
  readonly cipher: ValueCipher;
  /** The driver's own object on the same key vault, for explicit work. It has its own memory of keys. */
  readonly clientEncryption: mongo.ClientEncryption;
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
  bootstrap(keyAltNames: Iterable<string>): Promise<BootstrapReport>;
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
  const clientEncryption = openClientEncryption(options, vault);
  const createKeys = createKeysWith({ vault, config, clientEncryption });
  const { createMissingKeys } = config;
  const supply = supplyKeys({ vault, createKeys, createMissingKeys, declared });
  const gate = openGate();
  const cipher = openCipher(options, supply);
  const gated: ValueCipher = {
    encrypt: (values, purpose) => gate.pass(() => cipher.encrypt(values, purpose)),
    decrypt: (ciphertexts, readOptions) =>
      gate.pass(() => cipher.decrypt(ciphertexts, readOptions)),
  };
  return {
    cipher: gated,
    clientEncryption,
    declareKeys: (keyAltNames) => {
      for (const name of checkedNames(keyAltNames)) declared.add(name);
    },
    prepareKeys: (keyAltNames, purpose) => prepareKeys(keyAltNames, purpose, gated),
    bootstrap: (keyAltNames) =>
      gate.pass(() => {
        const names = checkedNames([...declared, ...keyAltNames]);
        return bootstrapKeys(names, { vault, createKeys });
      }),
    close: () => gate.close(),
  };
}

function driverOptions({ config }: KeyRingOptions): mongo.ClientEncryptionOptions {
  const { keyVault, keyExpirationMS, readCredentials } = config;
  return {
    keyVaultNamespace: keyVault.text,
    kmsProviders: readCredentials(),
    // Given as undefined, libmongocrypt would read it as 0: keys that never expire.
    ...(keyExpirationMS === undefined ? {} : { keyExpirationMS }),
  };
}

function openClientEncryption(options: KeyRingOptions, vault: KeyVault): mongo.ClientEncryption {
  const { driver, client } = options;
  try {
    const clientEncryption = new driver.ClientEncryption(client, {
      ...driverOptions(options),
      keyVaultClient: vault.client,
    });
    // Where the driver keeps the credentials; `util.inspect` would show them.
    Object.defineProperty(clientEncryption, '_kmsProviders', { enumerable: false });
    return clientEncryption;
  } catch (cause) {
    throw cause instanceof driver.MongoMissingDependencyError
      ? addonMissing(cause)
      : configRefused(cause);
  }
}

function openCipher(options: KeyRingOptions, supply: KeySupply): ValueCipher {
  const { driver, client, batches = true } = options;
  const encryptionOptions = driverOptions(options);
  const native = batches ? openNativeCrypt(driver, client, encryptionOptions) : undefined;
  if (native !== undefined) return openBatchCipher({ bson: driver.BSON, native, supply });
  if (batches) warnOfSlowness();
  return openExplicitCipher({ driver, client, encryptionOptions, supply });
}

function warnOfSlowness(): void {
  process.emitWarning(
    'mongoose-fle does not know the inner parts of this version of the driver: values are encrypted one by one, which is slower.',
    { type: 'FleWarning', code: 'FLE_WITHOUT_BATCHES' },
  );
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
    const remedy = 'Give a text of 1 to 500 bytes without NUL.';
    throw new InvalidDeclarationError({ where: 'keyAltName', wrong: fault, remedy, keyAltName });
  }
  return names;
}

interface Gate {
  pass<T>(operation: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

function openGate(): Gate {
  const underWay = new Set<Promise<unknown>>();
  let closed = false;
  return {
    pass: async (operation) => {
      if (closed) throw handleClosed();
      const result = operation();
      underWay.add(result);
      try {
        return await result;
      } finally {
        underWay.delete(result);
      }
    },
    close: async () => {
      closed = true;
      await Promise.allSettled(underWay);
    },
  };
}

function handleClosed(): HandleClosedError {
  return new HandleClosedError({
    wrong: 'the keys of this connection were closed by fle.close(connection).',
    remedy: 'Close them after the last operation.',
  });
}

function addonMissing(cause: unknown): MissingDependencyError {
  return new MissingDependencyError({
    wrong: 'the package mongodb-client-encryption is not installed, or its addon cannot be loaded.',
    remedy: 'Install it with `npm install mongodb-client-encryption@7`.',
    cause,
  });
}

function configRefused(cause: unknown): InvalidKmsConfigError {
  return new InvalidKmsConfigError({
    where: 'kmsProviders',
    wrong: 'the driver refuses the configuration.',
    remedy: 'The cause says why.',
    cause,
  });
}
