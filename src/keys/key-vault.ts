import type { mongo } from 'mongoose';
import { DuplicateKeyNameError, FleError, KeyVaultUnavailableError } from '../errors';
import type { VaultNamespace } from './key-config';
import { type KeyRef, keyIdentified, keyNamed, nameOf, uuidOf } from './key-ref';
import { ensureNameIndex, hasNameIndex } from './name-index';
import { announceVaultChange } from './vault-changes';
import { vaultClient } from './vault-client';

/** The driver of the user's own Mongoose: `connection.base.mongo`. */
export type Driver = typeof mongo;

/** A data key as it lies in the key vault: wrapped. Source: the driver's client_encryption.ts. */
export type KeyDocument = mongo.DataKey;

/** The driver and one of its clients. */
export interface DriverClient {
  readonly driver: Driver;
  readonly client: mongo.MongoClient;
}

/** The collection of the data keys. What the server or the connection refuses becomes a `KeyVaultUnavailableError`. */
export interface KeyVault {
  /** The namespace, as `database.collection`. */
  readonly namespace: string;
  /** The vault as a `keyVaultClient` of the driver's `ClientEncryption`. */
  readonly client: mongo.MongoClient;
  /** Looks all of `refs` up at once. A key that does not exist has no entry. */
  find(refs: readonly KeyRef[]): Promise<ReadonlyMap<KeyRef, KeyDocument | DuplicateKeyNameError>>;
  /** The names of every data key: an array for each key. */
  names(): Promise<readonly (readonly string[])[]>;
  /** Makes the unique index on the names of keys, or verifies that it is there; resolves to true. */
  ensureIndex(): Promise<true>;
  /** Whether the unique index on the names of keys is there; another index in its place is an error. */
  hasIndex(): Promise<boolean>;
  /** Runs an operation on the keys; `wrong` says, as a sentence, what was not done where it fails. */
  run<T>(wrong: string, operation: (keys: KeyCollection) => Promise<T>): Promise<T>;
  /**
   * Runs an operation that takes keys or names away, as `run` does. The whole process then forgets the keys it has in memory, also where
   * the operation fails: the server may have done it all the same.
   */
  change<T>(wrong: string, operation: (keys: KeyCollection) => Promise<T>): Promise<T>;
  /** To be called when keys were deleted or have lost a name: the whole process forgets the keys it has in memory. */
  readonly changed: () => void;
}

/** The raw collection of the data keys. */
export type KeyCollection = mongo.Collection<KeyDocument>;

/** The key vault `namespace` on the server of `client`. Nothing is sent before it is asked for something. */
export function openKeyVault(
  { driver, client }: DriverClient,
  { database, collection, text: namespace }: VaultNamespace,
): KeyVault {
  const vault = vaultClient(client);
  const keys = vault.db(database).collection<KeyDocument>(collection);
  const run = <T>(wrong: string, operation: (keys: KeyCollection) => Promise<T>): Promise<T> =>
    guardVault({ namespace, wrong }, () => operation(keys));
  const changed = (): void => {
    announceVaultChange(namespace);
  };
  return {
    namespace,
    client: vault,
    run,
    change: (wrong, operation) => run(wrong, operation).finally(changed),
    find: (refs) =>
      run(UNREADABLE, async () => {
        const documents = await keys.find(filterFor(refs, driver)).toArray();
        return byRef(refs, documents, namespace);
      }),
    names: () =>
      run(UNREADABLE, async () => {
        const documents = await keys.find({}, { projection: { keyAltNames: 1 } }).toArray();
        return documents.map(({ keyAltNames }) => keyAltNames ?? []);
      }),
    ensureIndex: () => run(NO_INDEX, ensureNameIndex),
    hasIndex: () => run(UNREADABLE, hasNameIndex),
    changed,
  };
}

const UNREADABLE = 'the key vault could not be read.';
const NO_INDEX = 'the unique index on keyAltNames could not be made or verified.';

/**
 * Runs an operation on the key vault.
 *
 * @throws {KeyVaultUnavailableError} for what the operation throws, unless that is an error of this package already.
 */
export async function guardVault<T>(
  { namespace, wrong }: { readonly namespace: string; readonly wrong: string },
  operation: () => Promise<T>,
): Promise<T> {
  try {
    return await operation();
  } catch (cause) {
    if (cause instanceof FleError) throw cause;
    throw new KeyVaultUnavailableError({
      where: namespace,
      wrong,
      remedy: 'Check that the server can be reached, and that its user may read and write there.',
      cause,
    });
  }
}

/** The filter that libmongocrypt itself asks for keys with. */
function filterFor(refs: readonly KeyRef[], driver: Driver): mongo.Filter<KeyDocument> {
  const names = refs.map(nameOf).filter((name) => name !== undefined);
  const ids = refs.map(uuidOf).filter((id) => id !== undefined);
  return {
    $or: [
      { _id: { $in: ids.map((id) => new driver.BSON.UUID(id)) } },
      { keyAltNames: { $in: names } },
    ],
  };
}

function byRef(
  refs: readonly KeyRef[],
  documents: readonly KeyDocument[],
  namespace: string,
): Map<KeyRef, KeyDocument | DuplicateKeyNameError> {
  const found = new Map<KeyRef, KeyDocument | DuplicateKeyNameError>();
  for (const document of documents) {
    found.set(keyIdentified(document._id.value()), document);
    for (const name of document.keyAltNames ?? []) {
      const ref = keyNamed(name);
      found.set(ref, found.has(ref) ? nameIsShared(name, namespace) : document);
    }
  }
  const wanted = new Set(refs);
  return new Map([...found].filter(([ref]) => wanted.has(ref)));
}

/** The error of a name that more than one data key of `namespace` has. */
export function nameIsShared(keyAltName: string, namespace: string): DuplicateKeyNameError {
  return new DuplicateKeyNameError({
    where: namespace,
    wrong: `more than one data key is named "${keyAltName}".`,
    remedy:
      'Find out which key the stored values name, and take the name from the others with removeKeyAltName.',
    keyAltName,
  });
}
