import type { mongo } from 'mongoose';
import { InvalidKmsConfigError, MissingDependencyError } from '../errors';
import type { KeyConfig } from './key-config';
import type { DriverClient } from './key-vault';
import { askReliably } from './kms/reliable-encryption';

/** With what a `ClientEncryption` of the driver is opened. */
export interface EncryptionSource extends DriverClient {
  readonly config: KeyConfig;
}

/** The options of the driver's `ClientEncryption`. They hold the credentials. */
export function driverOptions({ config }: EncryptionSource): mongo.ClientEncryptionOptions {
  const { keyVault, keyExpirationMS, readCredentials, providers, network } = config;
  const tlsOptions = providers.map((name) => [name, network.tlsOptionsOf(name)] as const);
  const proxyOptions = network.readProxy();
  return {
    keyVaultNamespace: keyVault.text,
    kmsProviders: readCredentials(),
    tlsOptions: Object.fromEntries(tlsOptions) as mongo.CSFLEKMSTlsOptions,
    ...(proxyOptions && { proxyOptions: proxyOptions as mongo.ProxyOptions }),
    // Given as undefined, libmongocrypt would read it as 0: keys that never expire.
    ...(keyExpirationMS === undefined ? {} : { keyExpirationMS }),
  };
}

/**
 * A `ClientEncryption` of the driver, which looks for keys by way of `keyVaultClient`, and asks the KMS by way of this package.
 * Nothing is sent.
 *
 * @throws {MissingDependencyError} where mongodb-client-encryption is not installed or cannot be loaded.
 * @throws {InvalidKmsConfigError} where libmongocrypt refuses the configuration.
 */
export function openClientEncryption(
  source: EncryptionSource,
  keyVaultClient: mongo.MongoClient,
): mongo.ClientEncryption {
  const { driver, client } = source;
  try {
    const clientEncryption = new driver.ClientEncryption(client, {
      ...driverOptions(source),
      keyVaultClient,
    });
    // Where the driver keeps the credentials; `util.inspect` would show them.
    Object.defineProperty(clientEncryption, '_kmsProviders', { enumerable: false });
    askReliably({ ...source, encryption: clientEncryption });
    return clientEncryption;
  } catch (cause) {
    throw cause instanceof driver.MongoMissingDependencyError
      ? addonMissing(cause)
      : configRefused(cause);
  }
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
