import { InvalidOptionsError } from '../errors';
import { type DataKeys, type MasterKeys, readDataKeys } from './data-keys';
import { kindOf } from './kind-of';
import {
  type KmsNetwork,
  type KmsNetworkOptions,
  NETWORK_OPTIONS,
  readKmsNetwork,
} from './kms-network';
import { type KmsConfig, type KmsProviders, readKmsProviders } from './kms-providers';

/** Which data keys a write may create where they are missing. */
export type CreateMissingKeys = 'declared' | 'all' | false;

/** The options of `fieldEncryption` that concern keys. */
export interface KeyOptions extends KmsNetworkOptions {
  /** Where the master keys are that wrap the data keys. */
  readonly kmsProviders: KmsProviders;
  /**
   * Which master key wraps a data key that is created, by the name of the data key or by its beginning, as in `tenant:*`. It may be
   * left out where there is one provider and that one needs no master key (`local`, `kmip`), or where nothing creates keys.
   */
  readonly dataKeys?: DataKeys | undefined;
  /** Where the data keys are stored, as `database.collection`; by default `encryption.__keyVault`. */
  readonly keyVaultNamespace?: string | undefined;
  /**
   * Which data keys a write creates where they are missing: those that schemas name (`declared`, the default), `all`, or none
   * (`false`). Reads and filters never create keys.
   */
  readonly createMissingKeys?: CreateMissingKeys | undefined;
  /** For how many milliseconds a decrypted data key is kept in memory; 0 keeps it for ever. By default 60000, as in the driver. */
  readonly keyExpirationMS?: number | undefined;
}

/** Where the data keys are stored. */
export interface VaultNamespace {
  readonly database: string;
  readonly collection: string;
  /** Both, with a dot between. */
  readonly text: string;
}

/** The options that concern keys, read and checked. Frozen; its secrets show neither in `util.inspect` nor in JSON. */
export interface KeyConfig extends KmsConfig, MasterKeys {
  readonly keyVault: VaultNamespace;
  readonly createMissingKeys: CreateMissingKeys;
  /** In milliseconds; undefined for the driver's own default. */
  readonly keyExpirationMS: number | undefined;
  /** How the KMS providers are reached. */
  readonly network: KmsNetwork;
}

/** The names of the options that `readKeyConfig` reads. */
export const KEY_OPTIONS: readonly (keyof KeyOptions)[] = [
  'kmsProviders',
  'dataKeys',
  'keyVaultNamespace',
  'createMissingKeys',
  'keyExpirationMS',
  ...NETWORK_OPTIONS,
];

const DEFAULT_NAMESPACE = 'encryption.__keyVault';

/**
 * Reads the options that concern keys.
 *
 * @param options What the user gave to `fieldEncryption`.
 * @param otherOptions The names of further options, which somebody else reads; any other name is refused.
 * @throws {InvalidOptionsError} for an unknown option, or one of the wrong kind.
 * @throws {InvalidKmsConfigError} for a KMS provider that is unknown, incomplete or wrong.
 */
export function readKeyConfig(options: unknown, otherOptions: readonly string[] = []): KeyConfig {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new InvalidOptionsError({
      where: 'fieldEncryption',
      wrong: `the options are ${kindOf(options)}, not an object.`,
      remedy:
        'Give at least kmsProviders, as in fieldEncryption({ kmsProviders: { local: { key } } }).',
    });
  }
  refuseUnknown(options, [...KEY_OPTIONS, ...otherOptions]);
  const given = options as { readonly [name in keyof KeyOptions]?: unknown };
  const kms = readKmsProviders(given.kmsProviders);
  const createMissingKeys = readCreateMissingKeys(given.createMissingKeys ?? 'declared');
  return Object.freeze({
    keyVault: readNamespace(given.keyVaultNamespace ?? DEFAULT_NAMESPACE),
    createMissingKeys,
    keyExpirationMS: readExpiration(given.keyExpirationMS),
    network: readKmsNetwork(given, kms),
    ...kms,
    ...readDataKeys(given.dataKeys, kms.providers, createMissingKeys !== false),
  });
}

function refuseUnknown(options: object, known: readonly string[]): void {
  const stray = Object.keys(options).find((name) => !known.includes(name));
  if (stray === undefined) return;
  throw new InvalidOptionsError({
    where: 'fieldEncryption',
    wrong: `${JSON.stringify(stray)} is not an option.`,
    remedy: `The options are ${known.toSorted().join(', ')}.`,
  });
}

/** Source: the limits of MongoDB on the names of databases and collections. */
function readNamespace(text: unknown): VaultNamespace {
  const fault = namespaceFault(text);
  if (fault !== undefined) {
    throw new InvalidOptionsError({
      where: 'keyVaultNamespace',
      wrong: fault,
      remedy: `Write it as "database.collection", or leave it out for "${DEFAULT_NAMESPACE}".`,
    });
  }
  const given = text as string;
  const dot = given.indexOf('.');
  return Object.freeze({
    database: given.slice(0, dot),
    collection: given.slice(dot + 1),
    text: given,
  });
}

function namespaceFault(text: unknown): string | undefined {
  if (typeof text !== 'string') return `the namespace is ${kindOf(text)}, not text.`;
  if (!text.includes('.')) return 'the namespace names no collection.';
  if (!/^[^./\\ "$*<>:|?\0]{1,63}\./.test(text)) {
    return 'the namespace begins with no valid name of a database.';
  }
  if (!/^[^.]+\.(?![.]|system\.)[^$\0]*[^$\0.]$/.test(text) || Buffer.byteLength(text) > 255) {
    return 'the namespace ends with no valid name of a collection.';
  }
  return undefined;
}

function readCreateMissingKeys(value: unknown): CreateMissingKeys {
  if (value === 'declared' || value === 'all' || value === false) return value;
  throw new InvalidOptionsError({
    where: 'createMissingKeys',
    wrong: 'the value is neither "declared" nor "all" nor false.',
    remedy: 'Leave it out for "declared".',
  });
}

function readExpiration(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  throw new InvalidOptionsError({
    where: 'keyExpirationMS',
    wrong: 'the value is not a whole number of milliseconds, 0 or more.',
    remedy: 'Leave it out for 60000, or give 0 for data keys that stay in memory.',
  });
}
