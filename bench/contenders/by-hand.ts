import { type Model, mongo, Schema } from 'mongoose';
import { Algorithm } from '../../src/index';
import { algorithmOf, fieldsOf, type Person } from '../workload';
import { connect, type ContenderOptions, KEY } from './mongoose-contender';
import { type ModelContender, queryOptionsOf, selectionOf } from './model-contender';

type Stored = Record<string, unknown>;

/** A careful user, who calls the driver's `ClientEncryption` for each value. The model's paths have no types, as ciphertext needs it. */
export async function openByHand(options: ContenderOptions): Promise<ModelContender> {
  const { place, collection } = options;
  const fields = fieldsOf(options.fields);
  const connection = await connect(place);
  const { encrypt, decrypt } = await openCodec(options);
  const schema = new Schema<Stored>({ name: String, ...mixed(fields) });
  const People = connection.model('Person', schema, collection) as unknown as Model<Stored>;
  const Readers = connection.model('Reader', readerSchema(fields), collection);
  const selection = selectionOf(fields);
  const findLean = async (): Promise<Stored[]> => {
    const found = (await People.find({}, selection).sort({ _id: 1 }).lean()) as Stored[];
    for (const each of found) await decrypt(each);
    return found;
  };
  return {
    name: 'ClientEncryption by hand',
    clear: async () => {
      await People.deleteMany({});
    },
    insertMany: async (people) => {
      const stored: Stored[] = [];
      for (const each of people) stored.push(await encrypt(each));
      await People.insertMany(stored);
    },
    saveEach: async (people) => {
      for (const each of people) await new People(await encrypt(each)).save();
    },
    findLean,
    findHydrated: async () => (await findLean()).map((each) => Readers.hydrate(each)),
    search: async (ssns) => {
      const found: unknown[] = [];
      for (const ssn of ssns) {
        const filter = await encrypt({ ssn });
        const one = (await People.findOne(filter, selection).lean()) as Stored | null;
        found.push(one === null ? null : await decrypt(one));
      }
      return found;
    },
    cursor: async (options = {}) => {
      let count = 0;
      for await (const each of People.find({}, selection, queryOptionsOf(options))
        .lean()
        .cursor()) {
        await decrypt(each);
        count += 1;
        options.onCount?.(count);
      }
      return count;
    },
    aggregate: async () => {
      const found = await People.aggregate<Stored>([
        { $match: { name: { $exists: true } } },
        { $sort: { _id: 1 } },
        { $project: { _id: 0, number: '$ssn', mail: '$email' } },
      ]);
      for (const each of found) await decrypt(each, ['number', 'mail']);
      return found;
    },
    close: () => connection.close(),
  };
}

interface Codec {
  readonly encrypt: (person: Partial<Person>) => Promise<Stored>;
  /** In place; the document is given back. */
  readonly decrypt: (stored: Stored, paths?: readonly string[]) => Promise<Stored>;
}

async function openCodec({ place, fields }: ContenderOptions): Promise<Codec> {
  const { masterKey, keyVaultNamespace, connection } = place;
  const names = fieldsOf(fields);
  const clientEncryption = new mongo.ClientEncryption(connection.getClient(), {
    keyVaultNamespace,
    kmsProviders: { local: { key: masterKey } },
    keyExpirationMS: 0,
  });
  const key = await clientEncryption.getKeyByAltName(KEY);
  if (key === null) throw new Error('The key vault holds no key of the benchmarks');
  return {
    encrypt: async (person) => {
      const stored: Stored = { ...person };
      for (const name of names) {
        if (person[name] === undefined) continue;
        const algorithm = Algorithm[algorithmOf(name)];
        stored[name] = await clientEncryption.encrypt(person[name], { algorithm, keyId: key._id });
      }
      return stored;
    },
    decrypt: async (stored, paths = names) => {
      for (const path of paths) {
        stored[path] = await clientEncryption.decrypt(stored[path] as mongo.Binary);
      }
      return stored;
    },
  };
}

function mixed(fields: readonly string[]): Record<string, typeof Schema.Types.Mixed> {
  return Object.fromEntries(fields.map((field) => [field, Schema.Types.Mixed]));
}

/** What decrypted documents are hydrated by: the types that the paths really have. */
function readerSchema(fields: readonly string[]): Schema {
  return new Schema(
    Object.fromEntries([['name', String], ...fields.map((field) => [field, String])]) as Record<
      string,
      typeof String
    >,
  );
}
