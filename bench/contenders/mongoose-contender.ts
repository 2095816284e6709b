import {
  type Connection,
  type ConnectOptions,
  type Model,
  Mongoose,
  Schema,
  type SchemaDefinition,
} from 'mongoose';
import { fieldEncryption } from '../../src/index';
import type { Place } from '../suite';
import { algorithmOf, fieldsOf, type Person } from '../workload';
import { type ModelContender, queryOptionsOf, selectionOf } from './model-contender';

export const KEY = 'bench';

/** What a contender is opened with. */
export interface ContenderOptions {
  readonly place: Place;
  readonly fields: number;
  readonly collection: string;
}

/** A model without encryption. */
export async function openPlain(options: ContenderOptions): Promise<ModelContender> {
  const connection = await connect(options.place);
  const schema = new Schema<Person>(definitionOf(options.fields, false));
  return contenderOf('plain Mongoose', connection, { ...options, schema });
}

/** A model of this package. */
export function openOurs(options: ContenderOptions): Promise<ModelContender> {
  return openPlugged(options, true);
}

/** A model with the plugin, and without an encrypted field. */
export function openUndeclared(options: ContenderOptions): Promise<ModelContender> {
  return openPlugged(options, false);
}

async function openPlugged(options: ContenderOptions, encrypted: boolean): Promise<ModelContender> {
  const { place, fields } = options;
  const connection = await connect(place);
  const fle = fieldEncryption({
    kmsProviders: { local: { key: place.masterKey } },
    keyVaultNamespace: place.keyVaultNamespace,
    keyExpirationMS: 0,
  });
  const schema = new Schema<Person>(definitionOf(fields, encrypted));
  schema.plugin(fle);
  const contender = contenderOf('mongoose-fle', connection, { ...options, schema });
  return {
    ...contender,
    close: async () => {
      await fle.close(connection);
      await contender.close();
    },
  };
}

/** A model without encryption on a client that decrypts every reply by itself; it reads what this package has written. */
export async function openAutomatic(options: ContenderOptions): Promise<ModelContender> {
  const { masterKey, keyVaultNamespace } = options.place;
  const connection = await connect(options.place, {
    autoEncryption: {
      bypassAutoEncryption: true,
      kmsProviders: { local: { key: masterKey } },
      keyVaultNamespace,
      keyExpirationMS: 0,
    },
  });
  const schema = new Schema<Person>(definitionOf(options.fields, false));
  const name = 'automatic decryption of the driver';
  return {
    ...contenderOf(name, connection, { ...options, schema }),
    readsOnly: true,
    search: undefined,
  };
}

export async function connect(place: Place, options: ConnectOptions = {}): Promise<Connection> {
  const mongoose = new Mongoose();
  mongoose.set('autoIndex', false);
  mongoose.set('autoCreate', false);
  const connection = mongoose.createConnection(place.uri, { dbName: place.dbName, ...options });
  return await connection.asPromise();
}

function definitionOf(fields: number, encrypted: boolean): SchemaDefinition<Person> {
  const texts = fieldsOf(fields).map((field) => [
    field,
    encrypted
      ? { type: String, encrypted: { algorithm: algorithmOf(field), keyAltName: KEY } }
      : { type: String },
  ]);
  return Object.fromEntries([['name', { type: String }], ...texts]) as SchemaDefinition<Person>;
}

interface ModelOptions extends ContenderOptions {
  readonly schema: Schema<Person>;
}

function contenderOf(
  name: string,
  connection: Connection,
  { schema, collection, fields }: ModelOptions,
): ModelContender {
  const People = connection.model('Person', schema, collection) as unknown as Model<Person>;
  const selection = selectionOf(fieldsOf(fields));
  return {
    name,
    clear: async () => {
      await People.deleteMany({});
    },
    insertMany: async (people) => {
      await People.insertMany(people);
    },
    saveEach: async (people) => {
      for (const each of people) await new People(each).save();
    },
    findLean: async () => await People.find({}, selection).sort({ _id: 1 }).lean(),
    findHydrated: async () => await People.find({}, selection).sort({ _id: 1 }),
    search: async (ssns) => {
      const found: unknown[] = [];
      for (const ssn of ssns) found.push(await People.findOne({ ssn }, selection).lean());
      return found;
    },
    cursor: async (options = {}) => {
      let count = 0;
      for await (const each of People.find({}, selection, queryOptionsOf(options))
        .lean()
        .cursor()) {
        count += countOf(each);
        options.onCount?.(count);
      }
      return count;
    },
    aggregate: async () =>
      await People.aggregate<unknown>([
        { $match: { name: { $exists: true } } },
        { $sort: { _id: 1 } },
        { $project: { _id: 0, number: '$ssn', mail: '$email' } },
      ]),
    close: () => connection.close(),
  };
}

function countOf(document: object | null): number {
  return document === null ? 0 : 1;
}
