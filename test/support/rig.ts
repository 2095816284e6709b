import { randomBytes } from 'node:crypto';
import mongoose, { type Connection, mongo, type Mongoose } from 'mongoose';
import {
  fieldEncryption,
  type FieldEncryption,
  type FieldEncryptionOptions,
} from '../../src/index';
import { databaseUri, freshDatabaseName } from './database';
import { RawMachine } from './machines/raw-machine';
import { registerKeys } from './machines/watch-connections';
import { forgetConnections, TWIN } from './machines/watched-models';
import { checkWire, expectPlantedAnswers } from './machines/wire-machine';
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
  /** Stores `document` as it is, around the plugin. */
  plant(collection: string, document: mongo.Document): Promise<void>;
  /** Changes what is stored of one document, around the plugin. */
  tamper(collection: string, filter: object, update: object): Promise<void>;
  /** Deletes the data keys of this name, or all, as an operator may who has no backup. */
  loseKeys(keyAltName?: string): Promise<void>;
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

const openRigs = new Map<Rig, RawMachine>();

/** Fails where a database of a rig that is open holds what it should not. */
export async function checkRigs(): Promise<void> {
  for (const raw of openRigs.values()) await raw.check();
}

/**
 * Opens a rig on a fresh database of the server under test; each has its own key vault. What its connections send and show, and what
 * is stored, is looked over after each test and when it is closed.
 */
export async function openRig(subject: string, options: RigOptions = {}): Promise<Rig> {
  const databaseName = freshDatabaseName(subject);
  const uri = databaseUri(databaseName);
  const masterKey = randomBytes(96);
  const keys = {
    kmsProviders: { local: { key: masterKey } },
    keyVaultNamespace: `${databaseName}.__keyVault`,
  };
  registerKeys(databaseName, keys);
  const fle = fieldEncryption({ ...keys, ...options.handle });
  const ownMongoose = new mongoose.Mongoose();
  ownMongoose.set('autoIndex', false);
  const open = (database: string): Promise<Connection> =>
    ownMongoose.createConnection(databaseUri(database), options.connect).asPromise();
  const connection = await open(databaseName);
  const twinConnection = await open(`${databaseName}${TWIN}`);
  const bareClient = await mongo.MongoClient.connect(uri);
  const bare = bareClient.db(databaseName);
  const machine = new RawMachine(bareClient, { ...keys, databaseName });
  const rig: Rig = {
    fle,
    mongoose: ownMongoose,
    connection,
    twinConnection,
    masterKey,
    databaseName,
    uri,
    wire: watchWire(connection.getClient()),
    bare,
    ...waysAround(bare, machine),
    rawOne: async (collection, filter = {}) => {
      const document = await bare.collection(collection).findOne(filter);
      if (document === null) throw new Error(`${collection} holds no such document`);
      return document;
    },
    raw: async (collection) => await bare.collection(collection).find().sort({ _id: 1 }).toArray(),
    close: async () => {
      try {
        checkWire();
        await machine.check();
      } finally {
        openRigs.delete(rig);
        if (openRigs.size === 0) forgetConnections();
        await fle.close(connection);
        await bare.dropDatabase();
        await bareClient.db(`${databaseName}${TWIN}`).dropDatabase();
        await bareClient.close();
        await twinConnection.close();
        await connection.close();
      }
    },
  };
  openRigs.set(rig, machine);
  return rig;
}

function waysAround(
  bare: mongo.Db,
  machine: RawMachine,
): Pick<Rig, 'plant' | 'tamper' | 'loseKeys'> {
  return {
    plant: async (collection, document) => {
      expectPlantedAnswers();
      const { insertedId } = await bare.collection(collection).insertOne(document);
      machine.exempt(collection, [insertedId]);
    },
    tamper: async (collection, filter, update) => {
      expectPlantedAnswers();
      const changed = await bare.collection(collection).findOneAndUpdate(filter, update);
      machine.exempt(collection, [changed?._id]);
    },
    loseKeys: async (keyAltName) => {
      await machine.learnKeys();
      const filter = keyAltName === undefined ? {} : { keyAltNames: keyAltName };
      await bare.collection('__keyVault').deleteMany(filter);
    },
  };
}

/** What is stored in place of a value: `Deterministic` or `Random` ciphertext, or `clear`. */
export function storedAs(value: unknown): 'Deterministic' | 'Random' | 'clear' {
  const binary = value as mongo.Binary | null | undefined;
  if (binary?._bsontype !== 'Binary' || binary.sub_type !== 6) return 'clear';
  return binary.buffer[0] === 1 ? 'Deterministic' : 'Random';
}
