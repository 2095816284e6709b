import type { mongo } from 'mongoose';
import { FleError, KmsRequestError, MissingDependencyError } from '../../errors';
import type { KeyConfig } from '../key-config';
import type { Driver } from '../key-vault';
import { TimeLimitError, withinLimit } from './time-limit';

/** The driver, what it is configured with, and an object of it. */
export interface CredentialSource {
  readonly driver: Driver;
  readonly config: KeyConfig;
  readonly encryption: mongo.ClientEncryption;
}

/** The packages that the driver asks for credentials. Source: the driver's client-side-encryption/providers. */
const PACKAGES: Readonly<Record<string, string>> = {
  aws: '@aws-sdk/credential-providers',
  gcp: 'gcp-metadata',
};

/**
 * The credentials of all providers, with those filled in that are asked for when they are needed.
 *
 * @throws {KmsRequestError} where they cannot be had.
 * @throws {MissingDependencyError} where the package is not installed that the driver has them from.
 */
export async function currentCredentials(source: CredentialSource): Promise<mongo.KMSProviders> {
  const { config } = source;
  const asked = config.onDemand.map(async (provider): Promise<[string, unknown]> => [
    provider,
    await ask(provider, source),
  ]);
  return {
    ...config.readCredentials(),
    ...(Object.fromEntries(await Promise.all(asked)) as mongo.KMSProviders),
  };
}

async function ask(provider: string, source: CredentialSource): Promise<unknown> {
  const { timeoutMS, awsCredentials } = source.config.network;
  let credentials: object | undefined;
  try {
    credentials = await withinLimit(timeoutMS, async () =>
      provider === 'aws' && awsCredentials !== undefined
        ? checkedAws(await awsCredentials())
        : await askDriver(provider, source),
    );
  } catch (cause) {
    if (cause instanceof FleError) throw cause;
    if (isMissing(cause, source.driver)) throw missing(provider, cause);
    throw unavailable(provider, cause, timeoutMS);
  }
  const values: unknown[] = Object.values(credentials ?? {});
  if (values.some(isGiven)) return credentials;
  // The driver says nothing where the package is missing.
  if (values.length === 0) throw missing(provider);
  throw unavailable(provider, new Error('the answer holds no credentials'), timeoutMS);
}

/** Where what was asked answers with something else, the driver hands out a token that is undefined, or keys that are empty. */
function isGiven(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

/** An inner part of the driver's `ClientEncryption`. Source: its client_encryption.ts 7.5. */
interface Asker {
  askForKMSCredentials(): Promise<Readonly<Record<string, object>>>;
}

/** Only `provider`, so that each is told apart in an error. */
async function askDriver(
  provider: string,
  { encryption }: CredentialSource,
): Promise<object | undefined> {
  const asker = Object.create(encryption, {
    _kmsProviders: { value: { [provider]: {} } },
  }) as Asker;
  return (await asker.askForKMSCredentials())[provider];
}

function checkedAws(given: unknown): object {
  const { accessKeyId, secretAccessKey, sessionToken } = (given ?? {}) as Record<string, unknown>;
  if (typeof accessKeyId !== 'string' || typeof secretAccessKey !== 'string') {
    throw new KmsRequestError({
      where: 'credentialProviders.aws',
      wrong: 'the function resolved to no accessKeyId, or to no secretAccessKey.',
      remedy: 'Resolve to both, as the credential providers of the AWS SDK do.',
      provider: 'aws',
      attempts: 1,
      transient: false,
    });
  }
  return {
    accessKeyId,
    secretAccessKey,
    ...(typeof sessionToken === 'string' && { sessionToken }),
  };
}

/** The driver hands its error of a missing package out within another. */
function isMissing(error: unknown, { MongoMissingDependencyError }: Driver): boolean {
  const { cause } = error as { cause?: unknown };
  return [error, cause].some((one) => one instanceof MongoMissingDependencyError);
}

function missing(provider: string, cause?: unknown): MissingDependencyError {
  const name = PACKAGES[provider] ?? provider;
  return new MissingDependencyError({
    where: `kmsProviders.${provider}`,
    wrong: `the package ${name}, which the driver has credentials on demand from, is not installed.`,
    remedy: `Install it with \`npm install ${name}\`, or give the credentials.`,
    cause,
  });
}

function unavailable(provider: string, cause: unknown, timeoutMS: number): KmsRequestError {
  const isOver = cause instanceof TimeLimitError;
  return new KmsRequestError({
    where: `kmsProviders.${provider}`,
    wrong: isOver
      ? `no credentials could be had within ${timeoutMS} ms.`
      : 'no credentials could be had.',
    remedy: 'Check where this process runs, and which credentials it is given there.',
    provider,
    attempts: 1,
    transient: true,
    cause: isOver ? undefined : shown(cause),
  });
}

/**
 * The name and the message of what went wrong. All else is left out: on the errors of the driver, of the SDKs and of HTTP hangs the
 * answer, which may hold a token. The message of `JSON.parse` quotes it, and is left out as well.
 */
function shown(cause: unknown): Error | undefined {
  if (!(cause instanceof Error)) return undefined;
  const { name, message } = cause;
  const told = new Error(
    message.includes('is not valid JSON') ? 'the answer is not JSON' : message,
  );
  return Object.defineProperties(told, {
    name: { value: name },
    stack: { value: `${name}: ${told.message}` },
  });
}
