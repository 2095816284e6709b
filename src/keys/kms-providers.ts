import type { mongo } from 'mongoose';
import { type Binary, bsonTypeOf } from '../codec/bson';
import { InvalidKmsConfigError } from '../errors';

/** The master key of the provider `local`: 96 bytes, or their base64. */
export type LocalMasterKey = Uint8Array | Binary | string;

/** The KMS providers and their credentials, as for the driver's `ClientEncryption`. */
export interface KmsProviders {
  /** A master key that the application itself keeps. An undefined key is refused: an environment variable may be unset. */
  readonly local?: { readonly key: LocalMasterKey | undefined } | undefined;
}

/** The credentials of the providers as the driver takes them: a new copy for each call, so that the caller may keep it. */
export type ReadCredentials = () => mongo.KMSProviders;

/** Which master key wraps a data key that is about to be made: the options of the driver's `createDataKey`. */
export interface MasterKeyChoice {
  readonly provider: mongo.ClientEncryptionDataKeyProvider;
}

interface KmsProvider {
  /** Reads and copies what the user gave; the copy stays in the closure that is returned. */
  readonly read: (fields: unknown) => () => NonNullable<mongo.KMSProviders['local']>;
}

const LOCAL_KEY_BYTES = 96;
const LOCAL_KEY = 'kmsProviders.local.key';
const LOCAL_KEY_REMEDY =
  'Give 96 random bytes, or their base64: 128 characters, as `openssl rand -base64 96 | tr -d "\\n"` prints.';
/** 96 bytes fill their base64 without padding. */
const LOCAL_KEY_BASE64 = /^[A-Za-z0-9+/]{128}$/;

/** The providers that data keys can be wrapped by, each a row. */
const PROVIDERS: Readonly<Record<keyof KmsProviders, KmsProvider>> = {
  local: { read: readLocal },
};

/** Those of the driver that have no row above yet. */
const UNSUPPORTED: readonly string[] = ['aws', 'azure', 'gcp', 'kmip'];

/** What is known of the KMS providers when their configuration has been read. */
export interface KmsConfig {
  readonly readCredentials: ReadCredentials;
  readonly masterKeyOf: (keyAltName: string) => MasterKeyChoice;
}

/**
 * Reads the option `kmsProviders`. No secret is reachable from the result but through `readCredentials`.
 *
 * @throws {InvalidKmsConfigError} naming the provider and the field that is wrong, never its value.
 */
export function readKmsProviders(providers: unknown): KmsConfig {
  if (typeof providers !== 'object' || providers === null) {
    throw new InvalidKmsConfigError({
      where: 'kmsProviders',
      wrong: `the KMS providers are ${kindOf(providers)}, not an object.`,
      remedy: 'Give them as in { local: { key } }.',
    });
  }
  for (const [name, fields] of Object.entries(providers)) {
    if (fields !== undefined && !Object.hasOwn(PROVIDERS, name)) throw unknownProvider(name);
  }
  const local = (providers as KmsProviders).local;
  if (local === undefined) {
    throw new InvalidKmsConfigError({
      where: 'kmsProviders',
      wrong: 'no KMS provider is configured.',
      remedy: 'Give one, as in { local: { key } }.',
    });
  }
  const readLocalCredentials = PROVIDERS.local.read(local);
  return Object.freeze({
    readCredentials: () => ({ local: readLocalCredentials() }),
    masterKeyOf: () => ({ provider: 'local' as const }),
  });
}

function unknownProvider(name: string): InvalidKmsConfigError {
  const known = UNSUPPORTED.includes(name.split(':')[0] ?? '') || name.startsWith('local:');
  return new InvalidKmsConfigError({
    where: `kmsProviders.${name}`,
    wrong: known
      ? 'this KMS provider is not supported by this version.'
      : 'there is no such KMS provider.',
    remedy: 'Use the provider "local".',
  });
}

function readLocal(fields: unknown): () => { key: Buffer } {
  if (typeof fields !== 'object' || fields === null) {
    throw new InvalidKmsConfigError({
      where: 'kmsProviders.local',
      wrong: `the configuration is ${kindOf(fields)}, not an object.`,
      remedy: 'Give it as in { local: { key } }.',
    });
  }
  const stray = Object.keys(fields).find((name) => name !== 'key');
  if (stray !== undefined) {
    throw new InvalidKmsConfigError({
      where: `kmsProviders.local.${stray}`,
      wrong: 'the provider has no such field.',
      remedy: 'Its only field is "key".',
    });
  }
  const key = readLocalKey((fields as { key?: unknown }).key);
  return () => ({ key: Buffer.from(key) });
}

function readLocalKey(key: unknown): Buffer {
  const fault = localKeyFault(key);
  if (fault !== undefined) {
    throw new InvalidKmsConfigError({ where: LOCAL_KEY, wrong: fault, remedy: LOCAL_KEY_REMEDY });
  }
  if (typeof key === 'string') return Buffer.from(key, 'base64');
  return Buffer.from(bytesOf(key) ?? []);
}

function localKeyFault(key: unknown): string | undefined {
  if (key === undefined) {
    return 'the master key is undefined, as the value of an unset environment variable is.';
  }
  if (typeof key === 'string') return base64Fault(key);
  const bytes = bytesOf(key);
  if (bytes === undefined) return `the master key is ${kindOf(key)}, neither bytes nor text.`;
  if (bytes.length === LOCAL_KEY_BYTES) return undefined;
  return `the master key has ${bytes.length} bytes, not ${LOCAL_KEY_BYTES}.`;
}

function base64Fault(text: string): string | undefined {
  if (LOCAL_KEY_BASE64.test(text)) return undefined;
  if (text === '') return 'the master key is empty text.';
  if (/\s/.test(text)) return 'the text of the master key holds white space.';
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return 'the text of the master key is not base64.';
  return `the text of the master key is not the base64 of ${LOCAL_KEY_BYTES} bytes.`;
}

function bytesOf(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  if (bsonTypeOf(value) === 'Binary') return (value as Binary).value();
  return undefined;
}

/** The kind of a value, for a message that must not show the value. */
export function kindOf(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'string') return 'text';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
