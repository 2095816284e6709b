import { randomBytes } from 'node:crypto';
import mongoose, { type Connection, mongo, type Mongoose } from 'mongoose';
import {
  fieldEncryption,
  type FieldEncryption,
  type FieldEncryptionOptions,
} from '../../src/index';
import { databaseUri, freshDatabaseName } from './database';
import { watchWire, type WireMonitor } from './wire-monitor';

/** A database of its own, a Mongoose of its own, and eyes on what happens. */
export interface Rig {
  readonly fle: FieldEncryption;
  readonly mongoose: Mongoose;
  readonly connection: Connection;
  /** A connection that nobody watches, to a database of twins: models of the same names, without encryption. */
  readonly twinConnection: Connection;
  readonly masterKey: Buffer;
  readonly databaseName: string;
  readonly uri: string;
  /** What the connection sends. */
  readonly wire: WireMonitor;
  /** A client that knows nothing of encryption. */
  readonly bare: mongo.Db;
  /** The one document of `collection`, as the bare driver reads it. */
  rawOne(collection: string, filter?: object): Promise<mongo.Document>;
  /** All documents of `collection`, in the order of their `_id`. */
  raw(collection: string): Promise<mongo.Document[]>;
  close(): Promise<void>;
}

/** What a rig may be opened with. */
export interface RigOptions {
  readonly handle?: Partial<FieldEncryptionOptions>;
  readonly connect?: mongo.MongoClientOptions & { readonly bufferTimeoutMS?: number };
}

/** Opens a rig on a fresh database of the server under test; each has its own key vault. */
export async function openRig(subject: string, options: RigOptions = {}): Promise<Rig> {
  const databaseName = freshDatabaseName(subject);
  const uri = databaseUri(databaseName);
  const masterKey = randomBytes(96);
  const fle = fieldEncryption({
    kmsProviders: { local: { key: masterKey } },
    keyVaultNamespace: `${databaseName}.__keyVault`,
    ...options.handle,
  });
  const ownMongoose = new mongoose.Mongoose();
  ownMongoose.set('autoIndex', false);
  const connection = ownMongoose.createConnection(uri, {
    monitorCommands: true,
    ...options.connect,
  });
  await connection.asPromise();
  const twinConnection = ownMongoose.createConnection(
    databaseUri(`${databaseName}_twin`),
    options.connect,
  );
  await twinConnection.asPromise();
  const bareClient = await mongo.MongoClient.connect(uri);
  const bare = bareClient.db(databaseName);
  return {
    fle,
    mongoose: ownMongoose,
    connection,
    twinConnection,
    masterKey,
    databaseName,
    uri,
    wire: watchWire(connection.getClient()),
    bare,
    rawOne: async (collection, filter = {}) => {
      const document = await bare.collection(collection).findOne(filter);
      if (document === null) throw new Error(`${collection} holds no such document`);
      return document;
    },
    raw: async (collection) => await bare.collection(collection).find().sort({ _id: 1 }).toArray(),
    close: async () => {
      await fle.close(connection);
      await bare.dropDatabase();
      await bareClient.db(`${databaseName}_twin`).dropDatabase();
      await bareClient.close();
      await twinConnection.close();
      await connection.close();
    },
  };
}

/** What is stored in place of a value: `Deterministic` or `Random` ciphertext, or `clear`. */
export function storedAs(value: unknown): 'Deterministic' | 'Random' | 'clear' {
  const binary = value as mongo.Binary | null | undefined;
  if (binary?._bsontype !== 'Binary' || binary.sub_type !== 6) return 'clear';
  return binary.buffer[0] === 1 ? 'Deterministic' : 'Random';
}
