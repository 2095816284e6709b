import type { FleError } from '../errors';
import type { MasterKeyChoice } from './data-keys';
import type { KeyDocument } from './key-vault';
import type { KeyWork } from './key-work';
import { sharedNames } from './name-index';
import type { EncryptionSource } from './open-client-encryption';
import { tryUnwrapping, tryWrapping } from './try-master-key';

/** Something that was looked at, and what was found. */
export interface Check {
  /** What was looked at, such as `index` or `kmip`. */
  readonly subject: string;
  /** `warning` is for what works, and may not for long. */
  readonly state: 'ok' | 'warning' | 'failed';
  /** What was found, as a sentence. */
  readonly finding: string;
  /** What went wrong, where something did. */
  readonly cause?: unknown;
}

/** What a diagnosis of keys looks at. */
export interface DiagnosisSource extends Pick<KeyWork, 'vault' | 'config'> {
  readonly encryption: EncryptionSource;
  /** The names that models need. */
  readonly names: readonly string[];
}

/** Looks at the key vault, the names in it, and every master key. Nothing is written, and nothing is thrown. */
export async function diagnoseKeys(source: DiagnosisSource): Promise<Check[]> {
  const { vault } = source;
  const keys = await attempt('key vault', () =>
    vault.run('the key vault could not be read.', (stored) => stored.find({}).toArray()),
  );
  if (!Array.isArray(keys)) return [keys];
  return [
    ok('key vault', `${vault.namespace} holds ${counted(keys.length, 'data key')}.`),
    await checkIndex(keys.length, source),
    checkDuplicates(keys),
    ...checkNames(keys, source),
    ...(await checkMasterKeys(keys, source)),
  ];
}

/** Whatever creates the first key makes the index as well. */
async function checkIndex(keys: number, { vault, config }: DiagnosisSource): Promise<Check> {
  const found = await attempt('index', () => vault.hasIndex());
  if (found === true) return ok('index', 'The unique index on keyAltNames is there.');
  if (found !== false) return found;
  return {
    subject: 'index',
    state: keys === 0 && config.createMissingKeys !== false ? 'warning' : 'failed',
    finding: 'The unique index on keyAltNames is missing: `npx mongoose-fle bootstrap` makes it.',
  };
}

function checkDuplicates(keys: readonly KeyDocument[]): Check {
  const shared = sharedNames(keys.map(({ keyAltNames }) => keyAltNames ?? []));
  if (shared.length === 0) return ok('duplicates', 'No two data keys share a name.');
  const finding = `More than one data key is named ${shared.map((name) => `"${name}"`).join(', ')}.`;
  return { subject: 'duplicates', state: 'failed', finding };
}

function checkNames(
  keys: readonly KeyDocument[],
  { names, config }: DiagnosisSource,
): readonly Check[] {
  const present = new Set(keys.flatMap(({ keyAltNames }) => keyAltNames ?? []));
  const missing = names.filter((name) => !present.has(name));
  if (missing.length === 0) {
    return [ok('names', `${counted(names.length, 'name')} that models need: all are there.`)];
  }
  const created =
    config.createMissingKeys === false ? 'nothing creates' : 'the first write creates';
  return missing.map((name) => ({
    subject: 'names',
    state: config.createMissingKeys === false ? 'failed' : 'warning',
    finding: `No data key is named "${name}": ${created} it, or \`npx mongoose-fle bootstrap\`.`,
  }));
}

/** Unwraps one data key of each master key, and wraps one with each that new data keys would get. */
async function checkMasterKeys(
  keys: readonly KeyDocument[],
  source: DiagnosisSource,
): Promise<Check[]> {
  const checks: Check[] = [];
  const stored = new Map(keys.map((key) => [JSON.stringify(key.masterKey), key]));
  for (const key of stored.values()) checks.push(await checkStored(key, source));
  const { choices, undecided } = choicesFor(keys, source);
  for (const choice of choices) checks.push(await checkChoice(choice, source));
  const tried = new Set(checks.map(({ subject }) => subject));
  const untried = source.config.providers.filter((provider) => !tried.has(provider));
  const finding = 'It was not tried: no data key has a master key of it, and none would get one.';
  return [
    ...checks,
    ...untried.map((subject): Check => ({ subject, state: 'warning', finding })),
    ...undecided,
  ];
}

async function checkChoice(
  choice: MasterKeyChoice,
  { encryption }: DiagnosisSource,
): Promise<Check> {
  const { provider: subject } = choice;
  if (subject.startsWith('kmip') && !hasKeyId(choice)) {
    return ok(subject, 'Wrapping was not tried: it would leave a new object in KMIP.');
  }
  const failed = await attempt(subject, () => tryWrapping(choice, encryption));
  return failed ?? ok(subject, 'A new data key was wrapped and unwrapped.');
}

async function checkStored(
  key: KeyDocument,
  { config, encryption }: DiagnosisSource,
): Promise<Check> {
  const subject = String(key.masterKey['provider']);
  if (!config.providers.some((name) => name === subject)) {
    const finding = 'It wraps data keys, and kmsProviders does not configure it.';
    return { subject, state: 'failed', finding };
  }
  const tried = await attempt(subject, () => tryUnwrapping(key, encryption));
  return tried ?? ok(subject, `The data key ${key._id.toString()} was unwrapped.`);
}

/** The master keys that new data keys would get: those of the names that models need, and those that need no choice. */
function choicesFor(
  keys: readonly KeyDocument[],
  { config, names }: DiagnosisSource,
): { choices: Iterable<MasterKeyChoice>; undecided: Check[] } {
  const choices = new Map<string, MasterKeyChoice>();
  const undecided: Check[] = [];
  const add = (choice: MasterKeyChoice): void => {
    choices.set(JSON.stringify(choice), choice);
  };
  for (const provider of config.providers) {
    if (provider.startsWith('local')) add({ provider } as MasterKeyChoice);
  }
  for (const name of names) {
    try {
      add(config.masterKeyOf(name));
    } catch (cause) {
      const isThere = keys.some(({ keyAltNames }) => keyAltNames?.includes(name));
      const state = isThere ? 'warning' : 'failed';
      undecided.push({ subject: 'dataKeys', state, finding: (cause as FleError).message, cause });
    }
  }
  return { choices: choices.values(), undecided };
}

function hasKeyId({ masterKey }: MasterKeyChoice): boolean {
  return (masterKey as { keyId?: unknown } | undefined)?.keyId !== undefined;
}

function ok(subject: string, finding: string): Check {
  return { subject, state: 'ok', finding };
}

/** The result of `operation`, or the check that it failed. */
async function attempt<T>(subject: string, operation: () => Promise<T>): Promise<T | Check> {
  try {
    return await operation();
  } catch (cause) {
    const finding = cause instanceof Error ? cause.message : 'It failed.';
    return { subject, state: 'failed', finding, cause };
  }
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
