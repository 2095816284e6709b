import type { mongo } from 'mongoose';
import { DuplicateKeyNameError, KeyVaultIndexError } from '../errors';
import { retryWrite } from './retry-write';

const NAMESPACE_NOT_FOUND = 26;
const DUPLICATE_KEY = 11000;
const NAME = 'keyAltNames_1';
/** How many names a message shows. */
const MAX_SHOWN = 10;

/** A document of the key vault, as far as indexes go. */
interface NamedKey {
  readonly keyAltNames?: string[];
}

/**
 * Makes the unique index on the names of data keys, or verifies that it is there. Without it, two processes that create a key at
 * the same time would both succeed, and the name would be lost to both.
 *
 * It is looked for first, so that a user who may not create indexes can work in a vault that has it, and looked for again after:
 * DocumentDB may answer before the index holds.
 *
 * Source: the client-side encryption specification, prose test 13 ("Unique Index on keyAltNames").
 *
 * @returns true: the index is there.
 * @throws {DuplicateKeyNameError} where keys that share a name make it impossible.
 * @throws {KeyVaultIndexError} where another index is in its place, or none after it was made.
 */
export async function ensureNameIndex<T extends NamedKey>(
  keys: mongo.Collection<T>,
): Promise<true> {
  if (await hasNameIndex(keys)) return true;
  try {
    await retryWrite(() =>
      keys.createIndex(
        { keyAltNames: 1 },
        {
          name: NAME,
          unique: true,
          partialFilterExpression: { keyAltNames: { $exists: true } },
        },
        {},
      ),
    );
  } catch (cause) {
    if (!isDuplicateKeyError(cause)) throw cause;
    const names = await keys
      .find({})
      .map(({ keyAltNames }) => keyAltNames ?? [])
      .toArray();
    throw namesAreShared(sharedNames(names), keys.namespace, cause);
  }
  if (!(await hasNameIndex(keys))) throw indexIsMissing(keys.namespace);
  return true;
}

/**
 * Whether the unique index on the names of data keys is there.
 *
 * @throws {KeyVaultIndexError} where another index is in its place.
 */
export async function hasNameIndex<T extends NamedKey>(
  keys: mongo.Collection<T>,
): Promise<boolean> {
  const indexes = await indexesOf(keys);
  if (indexes.some(holdsNamesUnique)) return true;
  const wrong = indexes.find((index) => index.name === NAME || isOnNames(index));
  if (wrong !== undefined) throw indexIsWrong(wrong, keys.namespace);
  return false;
}

/** The names that more than one of `keys` has, each key being given by its names. */
export function sharedNames(keys: readonly (readonly string[])[]): string[] {
  const counts = new Map<string, number>();
  for (const names of keys) {
    for (const name of new Set(names)) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].filter(([, count]) => count > 1).map(([name]) => name);
}

/** Whether `error` is the server's refusal of a second document under a unique index. */
export function isDuplicateKeyError(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === DUPLICATE_KEY;
}

async function indexesOf<T extends NamedKey>(
  keys: mongo.Collection<T>,
): Promise<mongo.IndexDescriptionInfo[]> {
  try {
    return (await keys.listIndexes().toArray()) as mongo.IndexDescriptionInfo[];
  } catch (error) {
    if ((error as { code?: unknown } | null)?.code === NAMESPACE_NOT_FOUND) return [];
    throw error;
  }
}

function isOnNames({ key }: mongo.IndexDescriptionInfo): boolean {
  return Object.keys(key).join() === 'keyAltNames';
}

function holdsNamesUnique(index: mongo.IndexDescriptionInfo): boolean {
  const { unique, partialFilterExpression: filter } = index;
  if (unique !== true || !isOnNames(index)) return false;
  const filtered = Object.entries<{ $exists?: unknown }>(filter ?? {});
  return filtered.every(
    ([path, condition]) =>
      path === 'keyAltNames' &&
      Object.keys(condition).join() === '$exists' &&
      condition.$exists === true,
  );
}

/** The error of names that more than one data key has. */
export function namesAreShared(
  names: readonly string[],
  namespace: string,
  cause?: unknown,
): DuplicateKeyNameError {
  const shown = names.slice(0, MAX_SHOWN).map((name) => `"${name}"`);
  const more = names.length > MAX_SHOWN ? ` and ${names.length - MAX_SHOWN} more` : '';
  return new DuplicateKeyNameError({
    where: namespace,
    wrong: `more than one data key is named ${shown.join(', ')}${more}, so that the unique index on keyAltNames cannot be made.`,
    remedy:
      'Find out which key the stored values name, and take the name from the others with removeKeyAltName.',
    cause,
  });
}

function indexIsWrong(
  { name = '', key, unique }: mongo.IndexDescriptionInfo,
  namespace: string,
): KeyVaultIndexError {
  let fault = 'leaves names out by its partialFilterExpression';
  if (Object.keys(key).join() !== 'keyAltNames') fault = 'is on other fields than keyAltNames';
  else if (unique !== true) fault = 'is not unique';
  return new KeyVaultIndexError({
    where: namespace,
    wrong: `the index "${name}" ${fault}, so that two data keys could get one name.`,
    remedy: 'Drop it, and call bootstrapKeys, which makes the right one.',
  });
}

function indexIsMissing(namespace: string): KeyVaultIndexError {
  return new KeyVaultIndexError({
    where: namespace,
    wrong: 'the unique index on keyAltNames was made, and is not there.',
    remedy: 'Make it by hand, or call bootstrapKeys again.',
  });
}
