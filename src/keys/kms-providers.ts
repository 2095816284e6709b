import type { mongo } from 'mongoose';
import { InvalidKmsConfigError } from '../errors';
import { kindOf } from './kind-of';
import { AWS, type AwsCredentials } from './providers/aws';
import { AZURE, type AzureAccessToken, type AzureCredentials } from './providers/azure';
import { GCP, type GcpAccessToken, type GcpCredentials, type GcpKeyFile } from './providers/gcp';
import { KMIP, type KmipCredentials } from './providers/kmip';
import { LOCAL, type LocalCredentials } from './providers/local';
import type { ProviderKind } from './providers/provider-kind';

/** Credentials that the surroundings provide, asked for when they are needed: `{}`. */
export type OnDemandCredentials = Readonly<Record<string, never>>;

/**
 * The KMS providers and their credentials, as for the driver's `ClientEncryption`. A provider may be given several times under names of
 * its own, as in `aws:eu`; a name is of letters, digits and `_`, and is stored with each data key.
 *
 * Source: the client-side encryption specification, "kmsProviders".
 */
export interface KmsProviders {
  readonly aws?: AwsCredentials | OnDemandCredentials | undefined;
  readonly [aws: `aws:${string}`]: AwsCredentials | undefined;
  readonly azure?: AzureCredentials | AzureAccessToken | OnDemandCredentials | undefined;
  readonly [azure: `azure:${string}`]: AzureCredentials | AzureAccessToken | undefined;
  readonly gcp?: GcpCredentials | GcpKeyFile | GcpAccessToken | OnDemandCredentials | undefined;
  readonly [gcp: `gcp:${string}`]: GcpCredentials | GcpKeyFile | GcpAccessToken | undefined;
  readonly kmip?: KmipCredentials | undefined;
  readonly [kmip: `kmip:${string}`]: KmipCredentials | undefined;
  /** A master key that the application itself keeps. */
  readonly local?: LocalCredentials | undefined;
  readonly [local: `local:${string}`]: LocalCredentials | undefined;
}

/** The kinds of KMS that master keys can be in. */
export type KmsProviderKind = 'aws' | 'azure' | 'gcp' | 'kmip' | 'local';

/** A KMS provider as it is configured: a kind, or a kind and a name, as in `aws:eu`. */
export type KmsProviderName = KmsProviderKind | `${KmsProviderKind}:${string}`;

/** The credentials of the providers as the driver takes them: a new copy for each call, so that the caller may keep it. */
export type ReadCredentials = () => mongo.KMSProviders;

/** What is known of the KMS providers when their configuration has been read. */
export interface KmsConfig {
  readonly readCredentials: ReadCredentials;
  /** The names of the providers that are configured. */
  readonly providers: readonly KmsProviderName[];
  /** Those of them whose credentials are asked for when they are needed. */
  readonly onDemand: readonly KmsProviderName[];
}

const KINDS: Readonly<Record<KmsProviderKind, ProviderKind>> = {
  aws: AWS,
  azure: AZURE,
  gcp: GCP,
  kmip: KMIP,
  local: LOCAL,
};

/** What is known of the provider that is configured as `name`. */
export function kindOfProvider(name: KmsProviderName): ProviderKind {
  return KINDS[name.split(':')[0] as KmsProviderKind];
}

/**
 * Reads the option `kmsProviders`. No secret is reachable from the result but through `readCredentials`.
 *
 * @throws {InvalidKmsConfigError} naming the provider and the field that is wrong, never its value.
 */
export function readKmsProviders(given: unknown): KmsConfig {
  if (typeof given !== 'object' || given === null) {
    throw new InvalidKmsConfigError({
      where: 'kmsProviders',
      wrong: `the KMS providers are ${kindOf(given)}, not an object.`,
      remedy: 'Give them as in { local: { key } }.',
    });
  }
  const configured = Object.entries(given)
    .filter(([, fields]) => fields !== undefined)
    .map(([name, fields]) => [checkedName(name), fields as unknown] as const);
  if (configured.length === 0) {
    throw new InvalidKmsConfigError({
      where: 'kmsProviders',
      wrong: 'no KMS provider is configured.',
      remedy: 'Give one, as in { local: { key } }.',
    });
  }
  const credentials = configured.map(([name, fields]) => [name, readProvider(name, fields)]);
  return Object.freeze({
    readCredentials: () => copyOf(Object.fromEntries(credentials) as Credentials),
    providers: Object.freeze(configured.map(([name]) => name)),
    onDemand: Object.freeze(
      configured.filter(([, fields]) => isEmptyObject(fields)).map(([name]) => name),
    ),
  });
}

function checkedName(name: string): KmsProviderName {
  if (/^(?:aws|azure|gcp|kmip|local)(?::\w+)?$/.test(name)) return name as KmsProviderName;
  throw new InvalidKmsConfigError({
    where: `kmsProviders.${name}`,
    wrong: 'there is no such KMS provider.',
    remedy:
      'The providers are aws, azure, gcp, kmip and local, each also with a name of letters, digits and _, as in "aws:eu".',
  });
}

function readProvider(name: KmsProviderName, fields: unknown): object {
  const kind = kindOfProvider(name);
  const where = `kmsProviders.${name}`;
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) {
    throw new InvalidKmsConfigError({
      where,
      wrong: `the configuration is ${kindOf(fields)}, not an object.`,
      remedy: `Give it as in { ${JSON.stringify(name).replace(/^"(\w+)"$/, '$1')}: ${kind.example} }.`,
    });
  }
  if (kind.onDemand && isEmptyObject(fields)) {
    if (!name.includes(':')) return {};
    throw new InvalidKmsConfigError({
      where,
      wrong: 'a provider with a name has no credentials on demand.',
      remedy: `Give them as in { "${name}": ${kind.example} }.`,
    });
  }
  return kind.readCredentials(fields, where);
}

/** Whether it is `{}`. A promise, a Map or an object with getters has no fields of its own either, and means something else. */
function isEmptyObject(fields: unknown): boolean {
  if (typeof fields !== 'object' || fields === null || Object.keys(fields).length > 0) return false;
  const prototype: unknown = Object.getPrototypeOf(fields);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

type Credentials = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

function copyOf(credentials: Credentials): mongo.KMSProviders {
  const copies = Object.entries(credentials).map(([name, fields]) => {
    const copied = Object.entries(fields).map(([field, value]): [string, unknown] => [
      field,
      Buffer.isBuffer(value) ? Buffer.from(value) : value,
    ]);
    return [name, Object.fromEntries(copied)] as const;
  });
  return Object.fromEntries(copies) as unknown as mongo.KMSProviders;
}
