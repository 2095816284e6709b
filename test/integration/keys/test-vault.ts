import mongoose, { mongo } from 'mongoose';
import type { Binary } from '../../../src/codec/bson';
import type { BatchOutcome, PlainValue } from '../../../src/codec/value-cipher';
import type { AlgorithmName } from '../../../src/declaration/algorithm';
import { type KeyOptions, readKeyConfig } from '../../../src/keys/key-config';
import { type KeyRing, openKeyRing } from '../../../src/keys/key-ring';
import { databaseUri, freshDatabaseName } from '../../support/database';

/** What a ring of a test is opened with, where it differs from the usual. */
export interface TestRingOptions extends Omit<Partial<KeyOptions>, 'kmsProviders'> {
  readonly masterKey?: Buffer;
  readonly declared?: readonly string[];
  readonly batches?: boolean;
  readonly client?: mongo.MongoClient;
}

/** A key vault of one test file, on the real server. */
export interface TestVault {
  readonly namespace: string;
  readonly client: mongo.MongoClient;
  /** The raw collection of data keys. */
  readonly keys: mongo.Collection<mongo.DataKey>;
  /** The commands that reached the database of the vault since they were last taken, by name. */
  takeCommands(): string[];
  openRing(options?: TestRingOptions): KeyRing;
  /** A bare ClientEncryption on the same vault, to look with from outside. */
  bareEncryption(masterKey?: Buffer): mongo.ClientEncryption;
  /** Another client of the same server. */
  connect(options?: mongo.MongoClientOptions): mongo.MongoClient;
  /** Drops the vault. */
  empty(): Promise<void>;
  close(): Promise<void>;
}

export const MASTER_KEY = Buffer.alloc(96, 1);

/** The driver of Mongoose itself. */
export const driver = mongoose.mongo;

/** Opens a key vault of its own, empty, whose commands are watched. */
export async function openTestVault(subject: string): Promise<TestVault> {
  const database = freshDatabaseName(subject);
  const namespace = `${database}.__keyVault`;
  const clients: mongo.MongoClient[] = [];
  let commands: string[] = [];
  const connect = (options: mongo.MongoClientOptions = {}): mongo.MongoClient => {
    const client = new mongo.MongoClient(databaseUri(database), options);
    clients.push(client);
    return client;
  };
  const client = connect({ monitorCommands: true });
  client.on('commandStarted', ({ databaseName, commandName }) => {
    if (databaseName === database) commands.push(commandName);
  });
  await client.connect();
  const keys = client.db(database).collection<mongo.DataKey>('__keyVault');
  return {
    namespace,
    client,
    keys,
    takeCommands: () => {
      const taken = commands;
      commands = [];
      return taken;
    },
    openRing: ({ masterKey, declared = [], batches, client: other, ...options } = {}) => {
      const kmsProviders = { local: { key: masterKey ?? MASTER_KEY } };
      const config = readKeyConfig({ keyVaultNamespace: namespace, ...options, kmsProviders });
      const ring = openKeyRing({ driver, client: other ?? client, config, batches });
      ring.declareKeys(declared);
      return ring;
    },
    bareEncryption: (masterKey = MASTER_KEY) =>
      new driver.ClientEncryption(client, {
        keyVaultNamespace: namespace,
        kmsProviders: { local: { key: masterKey } },
      }),
    connect,
    empty: async () => {
      await client.db(database).dropDatabase();
      commands = [];
    },
    close: async () => {
      await client.db(database).dropDatabase();
      await Promise.all(clients.map((one) => one.close()));
    },
  };
}

/** A value to encrypt, as the codec hands it to a cipher. */
export function plain(
  value: unknown,
  keyAltName = 'pii',
  algorithm: AlgorithmName = 'Deterministic',
): PlainValue {
  return { bytes: driver.BSON.serialize({ v: value }), algorithm, keyAltName };
}

/** The ciphertexts of an outcome that has no failures. */
export function allOf({ values, failures }: BatchOutcome<Binary>): Binary[] {
  const present = values.filter((value) => value !== undefined);
  if (failures.size > 0 || present.length < values.length)
    throw new AggregateError(failures.values());
  return present;
}

/** The first of `items`, of which there must be one. */
export function firstOf<T>([first]: readonly T[]): T {
  if (first === undefined) throw new Error('there is no first item');
  return first;
}
