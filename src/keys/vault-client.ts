import type { mongo } from 'mongoose';
import { retryWrite } from './retry-write';

/** What a user's client may be set to, and neither the driver's `ClientEncryption` nor a race between processes bears. */
const VAULT_OPTIONS = {
  raw: false,
  promoteValues: true,
  promoteLongs: true,
  promoteBuffers: false,
  useBigInt64: false,
  bsonRegExp: false,
  fieldsAsRaw: {},
  readConcern: { level: 'majority' },
  readPreference: 'primary',
  writeConcern: { w: 'majority' },
} as const satisfies mongo.CollectionOptions;

/** The methods by which keys are written, here and in the driver's client_encryption.ts 7.8. */
const WRITING = ['insertOne', 'bulkWrite', 'updateOne', 'findOneAndUpdate', 'deleteOne'] as const;

type Write = (...parameters: unknown[]) => Promise<unknown>;

/**
 * The part of a MongoClient that the driver's key operations use (client_encryption.ts and state_machine.ts of 7.8). A write that the
 * server gives up is sent again as it is: what a KMS has done for it, such as making an object in KMIP, is not done again.
 */
export function vaultClient(client: mongo.MongoClient): mongo.MongoClient {
  const wrapper = {
    db: (database: string) => ({
      collection: (name: string, options?: mongo.CollectionOptions) =>
        retrying(client.db(database).collection(name, { ...VAULT_OPTIONS, ...options })),
    }),
  };
  return wrapper as unknown as mongo.MongoClient;
}

function retrying(collection: mongo.Collection): mongo.Collection {
  for (const name of WRITING) {
    const write = (collection[name] as Write).bind(collection);
    Object.defineProperty(collection, name, {
      value: async (...parameters: unknown[]) => {
        try {
          return await retryWrite(() => write(...parameters));
        } catch (error) {
          if (name === 'insertOne' && error instanceof Error) refused.set(error, parameters[0]);
          throw error;
        }
      },
    });
  }
  return collection;
}

/** What the inserts that failed were to insert, by their errors. */
const refused = new WeakMap<Error, unknown>();

/** The data key whose insert into a key vault failed with `error`; undefined where no insert did. */
export function refusedDocument(error: unknown): mongo.DataKey | undefined {
  return error instanceof Error ? (refused.get(error) as mongo.DataKey | undefined) : undefined;
}
