import { keyNameFault } from '../declaration/key-name';
import { InvalidKmsConfigError } from '../errors';
import { KEY_NAME_REMEDY } from './check-key-name';
import { isRecord, kindOf } from './kind-of';
import { type KmsProviderKind, type KmsProviderName, kindOfProvider } from './kms-providers';
import type { AwsMasterKey } from './providers/aws';
import type { AzureMasterKey } from './providers/azure';
import { readFields } from './providers/fields';
import type { GcpMasterKey } from './providers/gcp';
import type { KmipMasterKey } from './providers/kmip';

type Named<Kind extends KmsProviderKind> = Kind | `${Kind}:${string}`;

/** Which master key wraps a data key: a provider that `kmsProviders` configures, and one of its master keys. */
export type MasterKeyChoice =
  | { readonly provider: Named<'aws'>; readonly masterKey: AwsMasterKey }
  | { readonly provider: Named<'azure'>; readonly masterKey: AzureMasterKey }
  | { readonly provider: Named<'gcp'>; readonly masterKey: GcpMasterKey }
  | { readonly provider: Named<'kmip'>; readonly masterKey?: KmipMasterKey | undefined }
  | { readonly provider: Named<'local'>; readonly masterKey?: undefined };

/**
 * Which master key wraps which data keys: by the name of the data key, or by how its name begins, as in `tenant:*`; `*` stands for
 * all. A whole name goes before a beginning, and a longer beginning before a shorter one.
 */
export type DataKeys = Readonly<Record<string, MasterKeyChoice | undefined>>;

/** What the option `dataKeys` comes to. */
export interface MasterKeys {
  /**
   * The master key that wraps the data key of a name.
   *
   * @throws {InvalidKmsConfigError} where the configuration does not say which.
   */
  readonly masterKeyOf: (keyAltName: string) => MasterKeyChoice;
  /**
   * Reads a choice of master key that was given elsewhere, `where`.
   *
   * @throws {InvalidKmsConfigError} naming the provider and the field that is wrong.
   */
  readonly readMasterKey: (given: unknown, where: string) => MasterKeyChoice;
}

const EXAMPLE =
  'Give it as in dataKeys: { "patients": { provider, masterKey } }, where "*" stands for all names.';

/**
 * Reads the option `dataKeys`.
 *
 * @param providers The names of the providers that are configured.
 * @param needed Whether data keys are going to be created.
 * @throws {InvalidKmsConfigError} for a choice that is wrong, naming the provider and the field; or where there is none and one is
 * needed.
 */
export function readDataKeys(
  given: unknown,
  providers: readonly KmsProviderName[],
  needed: boolean,
): MasterKeys {
  const readMasterKey = (choice: unknown, where: string): MasterKeyChoice =>
    readChoice(choice, where, providers);
  const names = new Map<string, MasterKeyChoice>();
  const prefixes: (readonly [prefix: string, choice: MasterKeyChoice])[] = [];
  for (const [name, choice] of entriesOf(given)) {
    const read = readMasterKey(choice, `dataKeys.${name}`);
    checkName(name);
    if (name.endsWith('*')) prefixes.push([name.slice(0, -1), read]);
    else names.set(name, read);
  }
  prefixes.sort(([one], [other]) => other.length - one.length);
  const byDefault = defaultOf(providers);
  const isEmpty = names.size === 0 && prefixes.length === 0;
  if (isEmpty && byDefault === undefined && needed) throw undecided(providers);
  return {
    readMasterKey,
    masterKeyOf: (keyAltName) => {
      const prefixed = prefixes.find(([prefix]) => keyAltName.startsWith(prefix))?.[1];
      const choice = names.get(keyAltName) ?? prefixed ?? byDefault;
      if (choice !== undefined) return choice;
      throw undecided(providers, keyAltName);
    },
  };
}

function entriesOf(given: unknown): [string, unknown][] {
  if (given === undefined) return [];
  if (isRecord(given)) {
    return Object.entries(given).filter(([, choice]) => choice !== undefined);
  }
  throw new InvalidKmsConfigError({
    where: 'dataKeys',
    wrong: `the data keys are ${kindOf(given)}, not an object.`,
    remedy: EXAMPLE,
  });
}

/** What no data key can be called, nor begin with, would never be looked up. */
function checkName(name: string): void {
  const fault = keyNameFault(name);
  if (fault === undefined) return;
  throw new InvalidKmsConfigError({ where: 'dataKeys', wrong: fault, remedy: KEY_NAME_REMEDY });
}

/** One provider that can do without a master key leaves nothing to choose. */
function defaultOf([provider, ...others]: readonly KmsProviderName[]): MasterKeyChoice | undefined {
  if (provider === undefined || others.length > 0) return undefined;
  if (kindOfProvider(provider).needsMasterKey) return undefined;
  return Object.freeze({ provider } as MasterKeyChoice);
}

function readChoice(
  given: unknown,
  where: string,
  providers: readonly KmsProviderName[],
): MasterKeyChoice {
  if (!isRecord(given)) {
    throw new InvalidKmsConfigError({
      where,
      wrong: `the choice is ${kindOf(given)}, not an object.`,
      remedy: EXAMPLE,
    });
  }
  const stray = Object.keys(given).find((name) => name !== 'provider' && name !== 'masterKey');
  if (stray !== undefined) {
    throw new InvalidKmsConfigError({
      where: `${where}.${stray}`,
      wrong: 'there is no such field.',
      remedy: 'The fields are provider and masterKey.',
    });
  }
  const choice = given as { provider?: unknown; masterKey?: unknown };
  const provider = providers.find((name) => name === choice.provider);
  if (provider === undefined) {
    throw new InvalidKmsConfigError({
      where: `${where}.provider`,
      wrong: 'the provider is none that kmsProviders configures.',
      remedy: `Give one of ${providers.join(', ')}.`,
    });
  }
  const masterKey = readMasterKeyOf(provider, choice.masterKey, `${where}.masterKey`);
  return Object.freeze({ provider, ...(masterKey && { masterKey }) } as MasterKeyChoice);
}

function readMasterKeyOf(
  provider: KmsProviderName,
  given: unknown,
  where: string,
): object | undefined {
  const { masterKey, needsMasterKey } = kindOfProvider(provider);
  const fields = Object.keys(masterKey);
  if (given === undefined && !needsMasterKey) return undefined;
  if (fields.length === 0) {
    throw new InvalidKmsConfigError({
      where,
      wrong: `the provider "${provider}" has a single master key.`,
      remedy: 'Leave masterKey out.',
    });
  }
  if (isRecord(given)) return readFields(given, masterKey, where);
  throw new InvalidKmsConfigError({
    where,
    wrong:
      given === undefined
        ? `the provider "${provider}" needs a master key.`
        : `the master key is ${kindOf(given)}, not an object.`,
    remedy: `Its fields are ${fields.join(', ')}.`,
  });
}

function undecided(
  providers: readonly KmsProviderName[],
  keyAltName?: string,
): InvalidKmsConfigError {
  const dataKeys = keyAltName === undefined ? 'new data keys' : `the data key "${keyAltName}"`;
  const why = providers.length === 1 ? 'the provider has many' : 'there are several providers';
  return new InvalidKmsConfigError({
    where: 'dataKeys',
    wrong: `no master key is chosen for ${dataKeys}, and ${why}.`,
    remedy: EXAMPLE,
    keyAltName,
  });
}
