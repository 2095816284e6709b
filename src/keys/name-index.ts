import type { mongo } from 'mongoose';
import { DuplicateKeyNameError, KeyVaultUnavailableError } from '../errors';
import { retryWrite } from './retry-write';

const NAMESPACE_NOT_FOUND = 26;
const DUPLICATE_KEY = 11000;

/**
 * Makes the unique index on the names of data keys, or verifies that it is there. Without it, two processes that create a key at
 * the same time would both succeed, and the name would be lost to both.
 *
 * It is looked for first, so that a user who may not create indexes can work in a vault that has it, and looked for again after:
 * DocumentDB may answer before the index holds.
 *
 * Source: the client-side encryption specification, prose test 13 ("Unique Index on keyAltNames").
 *
 * @throws {DuplicateKeyNameError} where keys that share a name make it impossible.
 * @throws {KeyVaultUnavailableError} where it is not there after it was made.
 */
export async function ensureNameIndex<T extends mongo.Document>(
  keys: mongo.Collection<T>,
): Promise<void> {
  if (await hasNameIndex(keys)) return;
  try {
    await retryWrite(() =>
      keys.createIndex(
        { keyAltNames: 1 },
        {
          name: 'keyAltNames_1',
          unique: true,
          partialFilterExpression: { keyAltNames: { $exists: true } },
        },
        {},
      ),
    );
  } catch (cause) {
    throw isDuplicateKeyError(cause) ? namesAreShared(keys.namespace, cause) : cause;
  }
  if (!(await hasNameIndex(keys))) throw indexIsMissing(keys.namespace);
}

/** Whether `error` is the server's refusal of a second document under a unique index. */
export function isDuplicateKeyError(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === DUPLICATE_KEY;
}

async function hasNameIndex<T extends mongo.Document>(keys: mongo.Collection<T>): Promise<boolean> {
  try {
    const indexes = await keys.listIndexes().toArray();
    return indexes.some(holdsNamesUnique);
  } catch (error) {
    if ((error as { code?: unknown } | null)?.code === NAMESPACE_NOT_FOUND) return false;
    throw error;
  }
}

function holdsNamesUnique(index: mongo.IndexDescriptionInfo): boolean {
  const { key, unique, partialFilterExpression: filter } = index;
  if (unique !== true || Object.keys(key).join() !== 'keyAltNames') return false;
  const filtered = Object.entries<{ $exists?: unknown }>(filter ?? {});
  return filtered.every(
    ([path, condition]) =>
      path === 'keyAltNames' &&
      Object.keys(condition).join() === '$exists' &&
      condition.$exists === true,
  );
}

function namesAreShared(namespace: string, cause: unknown): DuplicateKeyNameError {
  return new DuplicateKeyNameError({
    where: namespace,
    wrong: 'data keys share a name, so that the unique index on keyAltNames cannot be made.',
    remedy:
      'Find out which key the stored values name, and take the name from the others with removeKeyAltName.',
    cause,
  });
}

function indexIsMissing(namespace: string): KeyVaultUnavailableError {
  return new KeyVaultUnavailableError({
    where: namespace,
    wrong: 'the unique index on keyAltNames was made, and is not there.',
    remedy: 'Make it by hand, or call bootstrapKeys again.',
  });
}
