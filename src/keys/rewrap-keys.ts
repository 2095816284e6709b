import type { mongo } from 'mongoose';
import {
  type FleError,
  InvalidKmsConfigError,
  InvalidOptionsError,
  RewrapFailedError,
} from '../errors';
import { checkKeyName } from './check-key-name';
import { type OptionKind, checkOptions } from './check-options';
import type { MasterKeyChoice } from './data-keys';
import { keyNotFound } from './find-key';
import type { KeyDocument } from './key-vault';
import type { KeyWork } from './key-work';
import { isSameMasterKey } from './same-master-key';
import { type VaultKey, labelOf, vaultKeyOf } from './vault-key';

/** Which data keys are re-wrapped, under which master key. */
export interface RewrapOptions {
  /** The master key that is to wrap them; by default, for each key, the one that `dataKeys` gives its name. */
  readonly to?: MasterKeyChoice | undefined;
  /** Only the keys of these names. */
  readonly keyAltNames?: readonly string[] | undefined;
  /** Only keys that this provider wraps now, such as `local` or `aws:eu`: one that `kmsProviders` configures. */
  readonly from?: string | undefined;
  /** Also keys that the master key wraps already: after it has got a new version. By default they are left alone. */
  readonly evenIfCurrent?: boolean | undefined;
  /** Change nothing, and report what would be done. */
  readonly dryRun?: boolean | undefined;
  /**
   * Is called after every key that was re-wrapped, or could not be. What it throws ends the work after the eight keys at most that are
   * under way, and is then what `rewrap` rejects with.
   */
  readonly onProgress?: ((progress: RewrapProgress) => void) | undefined;
  /** Ends the work between keys; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

const OPTIONS = {
  to: 'checked elsewhere',
  keyAltNames: 'an array of text',
  from: 'text',
  evenIfCurrent: 'true or false',
  dryRun: 'true or false',
  onProgress: 'a function',
  signal: 'an AbortSignal',
} as const satisfies Record<keyof RewrapOptions, OptionKind>;

/** How far re-wrapping has come. */
export interface RewrapProgress {
  readonly done: number;
  readonly total: number;
  /** The key, as it was before. */
  readonly key: VaultKey;
}

/** What re-wrapping did, or would do; the keys as they were before. */
export interface RewrapReport {
  readonly rewrapped: readonly VaultKey[];
  /** Keys that the master key wrapped already. */
  readonly current: readonly VaultKey[];
}

/** A key, and the master key it is to have. */
interface Rewrapping {
  readonly document: KeyDocument;
  readonly key: VaultKey;
  readonly to: MasterKeyChoice;
}

/** How many keys are re-wrapped at once: each takes two requests to a KMS. */
const AT_ONCE = 8;

/**
 * Wraps data keys under another master key. The data keys stay what they are, so that no stored value changes. Each key changes at
 * once or not at all; what was interrupted goes on by being called again.
 *
 * @throws {InvalidOptionsError} for an option that is unknown or of the wrong kind, or a name that no key can have.
 * @throws {InvalidKmsConfigError} for a master key that is wrong, or not chosen, and for a provider that is not configured.
 * @throws {KeyNotFoundError} for a name in `keyAltNames` that no key has.
 * @throws {RewrapFailedError} where keys could not be re-wrapped; the others are.
 */
export async function rewrapKeys(options: RewrapOptions, work: KeyWork): Promise<RewrapReport> {
  checkOptions(options, 'keyVault.rewrap', OPTIONS);
  checkFrom(options, work);
  const { rewrappings, current } = await planRewrapping(options, work);
  const keys = rewrappings.map(({ key }) => key);
  if (options.dryRun === true) return { rewrapped: keys, current };
  const failures: FleError[] = [];
  let done = 0;
  const rewrap = async (one: Rewrapping): Promise<boolean> => {
    const failure = await failureOf(one, work);
    if (failure !== undefined) failures.push(failure);
    done += 1;
    options.onProgress?.({ done, total: keys.length, key: one.key });
    return failure === undefined;
  };
  for (let start = 0; start < rewrappings.length; start += AT_ONCE) {
    options.signal?.throwIfAborted();
    const outcomes = await allEnded(rewrappings.slice(start, start + AT_ONCE).map(rewrap));
    if (!outcomes.includes(true)) break; // it is not for single keys that it fails
  }
  if (failures.length > 0) {
    throw rewrapFailed(failures, { done: done - failures.length, total: keys.length }, work);
  }
  return { rewrapped: keys, current };
}

/** The results of `works`; where some reject, the error of the first, when all have ended. */
async function allEnded<T>(works: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(works);
  return await Promise.all(works);
}

/** A provider that is misspelt would choose no key, and look like work that is done. */
function checkFrom({ from }: RewrapOptions, { config: { providers } }: KeyWork): void {
  if (from === undefined || providers.some((name) => name === from)) return;
  throw new InvalidKmsConfigError({
    where: 'rewrap.from',
    wrong: 'the provider is none that kmsProviders configures.',
    remedy: `Give one of ${providers.join(', ')}.`,
  });
}

async function planRewrapping(
  options: RewrapOptions,
  work: KeyWork,
): Promise<{ rewrappings: Rewrapping[]; current: VaultKey[] }> {
  const { vault, config, usesOf } = work;
  const given = options.to;
  const to = given === undefined ? undefined : config.readMasterKey(given, 'rewrap.to');
  const documents = await chosenKeys(options, work);
  const rewrappings: Rewrapping[] = [];
  const current: VaultKey[] = [];
  for (const document of documents) {
    const key = vaultKeyOf(document, usesOf);
    const target = to ?? config.masterKeyOf(nameForChoice(key, vault.namespace));
    if (options.evenIfCurrent !== true && isSameMasterKey(document.masterKey, target)) {
      current.push(key);
    } else rewrappings.push({ document, key, to: target });
  }
  return { rewrappings, current };
}

/** The keys that `options` choose, in an order that does not change. */
async function chosenKeys(
  { keyAltNames, from }: RewrapOptions,
  { vault }: KeyWork,
): Promise<KeyDocument[]> {
  keyAltNames?.forEach((name) => {
    checkKeyName(name);
  });
  const all = await vault.run('the key vault could not be read.', (keys) =>
    keys.find({}).sort({ _id: 1 }).toArray(),
  );
  for (const name of keyAltNames ?? []) {
    if (!all.some((key) => key.keyAltNames?.includes(name) === true))
      throw keyNotFound(name, vault.namespace);
  }
  return all.filter(
    (key) =>
      (keyAltNames === undefined || keyAltNames.some((name) => key.keyAltNames?.includes(name))) &&
      (from === undefined || key.masterKey['provider'] === from),
  );
}

function nameForChoice({ id, keyAltNames: [name] }: VaultKey, namespace: string): string {
  if (name !== undefined) return name;
  throw new InvalidOptionsError({
    where: namespace,
    wrong: `the data key ${id} has no name, by which dataKeys could tell its master key.`,
    remedy: 'Say which one with the option to.',
    keyId: id,
  });
}

/** Re-wraps one key, and returns why it could not. A key that was deleted meanwhile stays so. */
async function failureOf(
  { document, key, to }: Rewrapping,
  { vault, clientEncryption }: KeyWork,
): Promise<FleError | undefined> {
  const { provider, masterKey } = to;
  const target = { provider, ...(masterKey && { masterKey }) } as RewrapTarget;
  try {
    await vault.run(`the data key ${labelOf(key)} could not be re-wrapped.`, () =>
      clientEncryption.rewrapManyDataKey({ _id: document._id }, target),
    );
    return undefined;
  } catch (error) {
    return error as FleError; // nothing else leaves run
  }
}

type RewrapTarget = mongo.ClientEncryptionRewrapManyDataKeyProviderOptions;

function rewrapFailed(
  failures: readonly FleError[],
  { done, total }: { readonly done: number; readonly total: number },
  { vault }: KeyWork,
): RewrapFailedError {
  return new RewrapFailedError({
    where: vault.namespace,
    wrong: `of ${total} data keys, ${done} were re-wrapped and ${failures.length} could not be.`,
    remedy: 'The cause says why for each. Do away with it, and call rewrap again for the rest.',
    cause: new AggregateError(failures, failures.map(({ message }) => message).join('\n')),
  });
}
