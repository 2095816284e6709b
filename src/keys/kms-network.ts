import type { Duplex } from 'node:stream';
import { InvalidKmsConfigError, InvalidOptionsError } from '../errors';
import { kindOf } from './kind-of';
import type { KmsProviderName } from './kms-providers';
import { type KmsTlsOptions, readTlsOptions } from './kms-tls';
import {
  type Field,
  type FieldTable,
  checkedObject,
  endpointFault,
  optional,
  readFields,
  text,
} from './providers/fields';

/** A SOCKS5 proxy that the KMS providers are reached through. The package `socks` has to be installed for it. */
export interface KmsProxyOptions {
  readonly proxyHost: string;
  /** By default 1080. */
  readonly proxyPort?: number | undefined;
  readonly proxyUsername?: string | undefined;
  readonly proxyPassword?: string | undefined;
}

/** Opens a connection to a KMS, over which TLS is then spoken. The signal aborts when the time limit is over. */
export type KmsConnectCallback = (target: {
  readonly host: string;
  readonly port: number;
  readonly signal: AbortSignal;
}) => Promise<Duplex> | Duplex;

/** Where on-demand credentials come from, by the provider; only AWS has a choice. */
export interface CredentialProviders {
  readonly aws?: (() => Promise<AwsTemporaryCredentials>) | undefined;
}

/** What a provider of the AWS SDK resolves to. */
export interface AwsTemporaryCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** The options of `fieldEncryption` that say how the KMS providers are reached. */
export interface KmsNetworkOptions {
  /** How a provider is reached by TLS, by the name that `kmsProviders` has for it. */
  readonly tlsOptions?: Readonly<Record<string, KmsTlsOptions | undefined>> | undefined;
  /** A SOCKS5 proxy to all providers. */
  readonly proxyOptions?: KmsProxyOptions | undefined;
  /** Opens the connections to all providers, in place of a proxy. */
  readonly kmsConnectCallback?: KmsConnectCallback | undefined;
  /** Where the credentials of a provider come from that `kmsProviders` gives as `{}`. */
  readonly credentialProviders?: CredentialProviders | undefined;
  /** For how many milliseconds a KMS may keep one request waiting, connecting included. By default 10000. */
  readonly kmsTimeoutMS?: number | undefined;
  /** How often a request is sent again that a KMS did not answer, or put off by the status 408, 429 or 5xx. By default 3. */
  readonly kmsRetries?: number | undefined;
}

/** How the KMS providers are reached, read and checked. Its secrets are behind functions. */
export interface KmsNetwork {
  readonly timeoutMS: number;
  readonly retries: number;
  readonly tlsOptionsOf: (provider: string) => KmsTlsOptions;
  readonly readProxy: () => KmsProxyOptions | undefined;
  readonly connect: KmsConnectCallback | undefined;
  readonly awsCredentials: CredentialProviders['aws'];
}

/** The names of the options that `readKmsNetwork` reads. */
export const NETWORK_OPTIONS: readonly (keyof KmsNetworkOptions)[] = [
  'tlsOptions',
  'proxyOptions',
  'kmsConnectCallback',
  'credentialProviders',
  'kmsTimeoutMS',
  'kmsRetries',
];

const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_RETRIES = 3;

const PORT: Field = {
  required: false,
  remedy: 'Give the number of a port.',
  faultOf: (value) =>
    Number.isInteger(value) && (value as number) > 0 && (value as number) < 65_536
      ? undefined
      : 'the value is not a whole number between 1 and 65535.',
};

const PROXY: FieldTable = {
  proxyHost: {
    required: true,
    remedy: 'Give the host of the proxy as text.',
    faultOf: (value) =>
      endpointFault(value) ??
      (String(value).includes(':') ? 'the port has a field of its own.' : undefined),
  },
  proxyPort: PORT,
  proxyUsername: optional(text('the name of the user')),
  proxyPassword: optional(text('the password')),
};

/** The part of the configuration that the network options are checked against. */
export interface NetworkProviders {
  readonly providers: readonly KmsProviderName[];
  readonly onDemand: readonly KmsProviderName[];
}

/**
 * Reads the options that say how the KMS providers are reached.
 *
 * @throws {InvalidKmsConfigError} naming the provider and the option that is wrong, never its value.
 * @throws {InvalidOptionsError} for a number that is none.
 */
export function readKmsNetwork(
  given: { readonly [name in keyof KmsNetworkOptions]?: unknown },
  configured: NetworkProviders,
): KmsNetwork {
  const tls = readTlsOptions(given.tlsOptions, configured.providers);
  const proxy = readObject(given.proxyOptions, 'proxyOptions', PROXY);
  const connect = readFunction(given.kmsConnectCallback, 'kmsConnectCallback');
  if (proxy !== undefined && connect !== undefined) {
    throw new InvalidKmsConfigError({
      where: 'kmsConnectCallback',
      wrong: 'proxyOptions and kmsConnectCallback both say how to connect.',
      remedy: 'Leave one of them out.',
    });
  }
  return Object.freeze({
    timeoutMS: readCount(given.kmsTimeoutMS, 'kmsTimeoutMS', 1) ?? DEFAULT_TIMEOUT_MS,
    retries: readCount(given.kmsRetries, 'kmsRetries', 0) ?? DEFAULT_RETRIES,
    tlsOptionsOf: (provider: string) => tls.get(provider) ?? {},
    readProxy: () => proxy as KmsProxyOptions | undefined,
    connect: connect as KmsConnectCallback | undefined,
    awsCredentials: readCredentialProviders(given.credentialProviders, configured),
  });
}

function readCredentialProviders(
  given: unknown,
  { onDemand }: NetworkProviders,
): CredentialProviders['aws'] {
  const fields = checkedObject(given, 'credentialProviders');
  if (fields === undefined) return undefined;
  const stray = Object.keys(fields).find((name) => name !== 'aws');
  if (stray !== undefined) {
    throw new InvalidKmsConfigError({
      where: `credentialProviders.${stray}`,
      wrong: 'there is no such field.',
      remedy: 'The only field is "aws".',
    });
  }
  const aws = readFunction((fields as { aws?: unknown }).aws, 'credentialProviders.aws');
  if (aws === undefined || onDemand.includes('aws')) return aws as CredentialProviders['aws'];
  throw new InvalidKmsConfigError({
    where: 'credentialProviders.aws',
    wrong: 'the provider "aws" is not configured for credentials on demand.',
    remedy: 'Give kmsProviders.aws as {}.',
  });
}

function readObject(given: unknown, where: string, table: FieldTable): object | undefined {
  const fields = checkedObject(given, where);
  return fields && readFields(fields, table, where);
}

function readFunction(given: unknown, where: string): unknown {
  if (given === undefined || typeof given === 'function') return given;
  throw new InvalidKmsConfigError({
    where,
    wrong: `the value is ${kindOf(given)}, not a function.`,
    remedy: 'Give a function, or leave it out.',
  });
}

function readCount(given: unknown, where: string, least: number): number | undefined {
  if (given === undefined) return undefined;
  if (Number.isSafeInteger(given) && (given as number) >= least && (given as number) < 2 ** 31)
    return given as number;
  throw new InvalidOptionsError({
    where,
    wrong: `the value is not a whole number, ${least} or more.`,
    remedy: 'Leave it out for the default.',
  });
}
