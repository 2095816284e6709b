import {
  type Connection,
  type ConnectOptions,
  type Model,
  type mongo,
  Mongoose,
  Schema,
} from 'mongoose';
import { fieldEncryption } from '../src/index';
import { type Contender, measure, type Timing } from './measure';

export const DOCUMENTS = 1000;
export const FIELDS = ['ssn', 'phone', 'email', 'street', 'notes'] as const;
const ROUNDS = { warming: 3, timed: 15 };
const KEY = 'bench';

type Person = Record<(typeof FIELDS)[number] | 'name', string>;
type StoredPerson = Record<string, unknown>;

interface Where {
  readonly uri: string;
  readonly dbName: string;
  readonly key: Buffer;
  readonly keyVaultNamespace: string;
}

/** `find().lean()` of documents with five encrypted fields: ours, by hand, by the driver's automatic decryption, and plain. */
export async function measureFind(where: Where): Promise<Timing[]> {
  const { uri, dbName, key, keyVaultNamespace } = where;
  const kmsProviders = { local: { key } };
  const connection = await connect(uri, { dbName });
  const automatic = await connect(uri, {
    dbName,
    autoEncryption: { bypassAutoEncryption: true, kmsProviders, keyVaultNamespace },
  });
  const fle = fieldEncryption({ kmsProviders, keyVaultNamespace });
  try {
    const encrypted = encryptedModel(connection, fle);
    const plain = plainModel(connection, 'plain');
    await encrypted.insertMany(people(), { lean: true });
    await plain.insertMany(people(), { lean: true });
    const stored = plainModel(connection, 'people', 'Stored');
    const clientEncryption = await fle.clientEncryption(connection);
    const contenders: Contender[] = [
      { name: 'plain', run: () => read(plain) },
      { name: 'ours', run: () => read(encrypted) },
      { name: 'by hand', run: () => readByHand(stored, clientEncryption) },
      { name: 'driver, automatic', run: () => read(plainModel(automatic, 'people')) },
    ];
    return await measure(contenders, ROUNDS);
  } finally {
    await fle.close(connection);
    await connection.close();
    await automatic.close();
  }
}

async function connect(uri: string, options: ConnectOptions): Promise<Connection> {
  const mongoose = new Mongoose();
  mongoose.set('autoIndex', false);
  mongoose.set('autoCreate', false);
  return await mongoose.createConnection(uri, options).asPromise();
}

function people(): Person[] {
  return Array.from({ length: DOCUMENTS }, (_, index) => ({
    name: `Person ${index}`,
    ssn: `${String(index).padStart(3, '0')}-45-6789`,
    phone: `+41 44 000 ${index}`,
    email: `person.${index}@example.org`,
    street: `Langstrasse ${index}`,
    notes: 'Allergic to penicillin; asks to be called in the evening.',
  }));
}

function encryptedModel(
  connection: Connection,
  fle: ReturnType<typeof fieldEncryption>,
): Model<Person> {
  const deterministic = { algorithm: 'Deterministic', keyAltName: KEY } as const;
  const random = { algorithm: 'Random', keyAltName: KEY } as const;
  const schema = new Schema<Person>({
    name: String,
    ssn: { type: String, encrypted: deterministic },
    phone: { type: String, encrypted: deterministic },
    email: { type: String, encrypted: random },
    street: { type: String, encrypted: random },
    notes: { type: String, encrypted: random },
  });
  schema.plugin(fle);
  return connection.model<Person>('Person', schema, 'people');
}

/** A model that does not know of encryption: its paths have no types, so that nothing is cast. */
function plainModel(
  connection: Connection,
  collection: string,
  name = `Plain ${collection}`,
): Model<StoredPerson> {
  const known = connection.models[name] as Model<StoredPerson> | undefined;
  const schema = new Schema<StoredPerson>({}, { strict: false });
  return known ?? connection.model<StoredPerson>(name, schema, collection);
}

/** The names and fields only, since the identifiers of the two collections differ. */
const SELECTION = Object.fromEntries([
  ['_id', 0],
  ...['name', ...FIELDS].map((name) => [name, 1]),
]) as Record<string, 0 | 1>;

async function read<T>(model: Model<T>): Promise<unknown> {
  return await model.find({}, SELECTION).sort({ _id: 1 }).lean();
}

async function readByHand(
  model: Model<StoredPerson>,
  clientEncryption: mongo.ClientEncryption,
): Promise<unknown> {
  const documents = (await read(model)) as StoredPerson[];
  for (const document of documents) {
    for (const field of FIELDS) {
      document[field] = await clientEncryption.decrypt(document[field] as mongo.Binary);
    }
  }
  return documents;
}
