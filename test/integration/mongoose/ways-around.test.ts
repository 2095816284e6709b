import type { Connection, Model, Schema } from 'mongoose';
import { DECRYPTED_HERE } from '../../support/connection-mode';
import { openRig, type Rig } from '../../support/rig';
import { watchWire } from '../../support/wire-monitor';
import { refusalOf, secret, SENTINEL } from './compare-twins';

type Anything = Record<string, unknown>;

let rig: Rig;
let Pets: Model<Anything>;

const text = (algorithm: string): object => ({
  type: String,
  encrypted: { algorithm, keyAltName: 'pets' },
});

const PATHS = (): object => ({
  name: String,
  chip: text('Deterministic'),
  pin: text('Random'),
  toys: [new rig.mongoose.Schema({ label: text('Random') })],
});

/** A model with the plugin, of a schema of the connection's own Mongoose. */
function plugged(
  name: string,
  paths: object,
  { collection = 'pets', at = rig.connection } = {},
): Model<Anything> {
  const schema = new rig.mongoose.Schema(paths, { collection });
  schema.plugin(rig.fle);
  return at.model(name, schema) as unknown as Model<Anything>;
}

beforeAll(async () => {
  rig = await openRig('ways');
});

beforeEach(async () => {
  Pets = plugged('Pet', PATHS());
  await Pets.create({ name: 'Rex', chip: secret('chip'), toys: [{ label: secret('ball') }] });
  rig.wire.clear();
});

afterEach(async () => {
  for (const name of Object.keys(rig.connection.models)) rig.connection.deleteModel(name);
  expect(rig.wire.text()).not.toContain(SENTINEL);
  await rig.bare.collection('pets').drop();
});

afterAll(async () => {
  await rig.close();
});

describe('Connection#bulkWrite', () => {
  let other: Connection;

  beforeEach(async () => {
    // The driver has no bulkWrite of clients that decrypt by themselves.
    const options = { monitorCommands: true, ...DECRYPTED_HERE };
    other = await rig.mongoose.createConnection(rig.uri, options).asPromise();
  });

  afterEach(async () => {
    await other.close();
  });

  it('of a connection without models encrypts for a model of another', async () => {
    const wire = watchWire(other.getClient());
    for (const connection of [other, other.useDb('elsewhere')]) {
      const operation = { model: Pets, name: 'insertOne', document: { chip: secret('bulk') } };
      await connection.bulkWrite([operation] as never);
    }
    expect(wire.text()).not.toContain(SENTINEL);
    expect(await Pets.countDocuments({ chip: secret('bulk') })).toBe(2);
  });

  it('writes what is not encrypted', async () => {
    const Plains = other.model('Plain', new rig.mongoose.Schema({ name: String }));
    await other.bulkWrite([
      { model: Plains, name: 'insertOne', document: { name: 'Rex' } },
    ] as never);
    expect(await rig.rawOne('plains')).toMatchObject({ name: 'Rex' });
  });
});

const COMPARES =
  'Pet.chip: a partialFilterExpression compares it, and the server sees only ciphertext. Use nothing but $exists on it there.';
const RANDOM_INDEX =
  "Pet.pin: an index is on it, and Random encrypts equal values differently. Declare it 'Deterministic', or take the path out of the index.";
const partial = (): object => ({ partialFilterExpression: { chip: secret('x') } });

describe('an index that is made after the model', () => {
  it.each<readonly [string, () => unknown, string]>([
    ['createIndex', () => Pets.collection.createIndex({ name: 1 }, partial(), {}), COMPARES],
    [
      'createIndexes',
      () => Pets.collection.createIndexes([{ key: { name: 1 }, ...partial() }]),
      COMPARES,
    ],
    [
      'createIndex',
      () => Pets.collection.createIndex({ pin: 1 }, { unique: true }, {}),
      RANDOM_INDEX,
    ],
    [
      'schema.index and createIndexes',
      () => {
        Pets.schema.index({ name: 1 }, partial());
        return Pets.createIndexes();
      },
      COMPARES,
    ],
    [
      'index() of a path and createIndexes',
      () => {
        Pets.schema.path('pin').index({ unique: true });
        return Pets.createIndexes();
      },
      RANDOM_INDEX,
    ],
  ])('by %s is refused before it is sent', async (_, attempt, message) => {
    const code = 'FLE_INVALID_DECLARATION';
    const refused = await refusalOf(rig, attempt);
    expect(refused).toEqual({ name: 'InvalidDeclarationError', code, message });
  });

  it('by syncIndexes is refused, and made where ciphertext can serve it', async () => {
    Pets.schema.index({ chip: 1 }, { partialFilterExpression: { chip: { $exists: true } } });
    await Pets.syncIndexes();
    expect(await Pets.listIndexes()).toHaveLength(2);
    Pets.schema.index({ name: 1 }, partial());
    await expect(Pets.syncIndexes()).rejects.toMatchObject({ message: COMPARES });
    expect(await Pets.listIndexes()).toHaveLength(2);
  });
});

describe('an option', () => {
  it.each(['updateOne', 'replaceOne'])(
    'sort of %s in bulkWrite is refused on an encrypted path',
    async (kind) => {
      const change =
        kind === 'updateOne' ? { update: { name: 'z' } } : { replacement: { name: 'z' } };
      const operation = (sort: object): never =>
        [{ [kind]: { filter: {}, ...change, sort } }] as never;
      expect(await refusalOf(rig, () => Pets.bulkWrite(operation({ chip: 1 })))).toEqual({
        name: 'UnsupportedOperationError',
        code: 'FLE_UNSUPPORTED_OPERATION',
        message:
          'Pet.chip: sort cannot order documents by an encrypted field. Sort by a plain field, or sort after reading.',
      });
    },
  );

  it('explain of distinct explains', async () => {
    const explained: unknown = await Pets.distinct('chip', { chip: secret('chip') }).explain();
    expect(explained).toHaveProperty('queryPlanner');
  });

  it.each([{ raw: true }, { fieldsAsRaw: { toys: true } }])('%j is refused', async (options) => {
    for (const attempt of [
      () => Pets.find({}, null, options as never).lean(),
      () => Pets.findOneAndUpdate({}, { name: 'z' }, options as never),
      () => Pets.aggregate([{ $match: {} }], options as never),
    ]) {
      expect(await refusalOf(rig, attempt)).toEqual({
        name: 'UnsupportedOperationError',
        code: 'FLE_UNSUPPORTED_OPERATION',
        message:
          'Pet: the options raw and fieldsAsRaw give undecoded BSON, in which nothing can be decrypted. Leave them out; lean() gives plain objects.',
      });
    }
  });

  it.each([{ raw: true }, { fieldsAsRaw: { toys: true } }])(
    '%j of a client gives no ciphertext',
    async (connect) => {
      const connection = await rig.mongoose
        .createConnection(rig.uri, { ...DECRYPTED_HERE, ...connect })
        .asPromise();
      const Same = connection.model('Pet', Pets.schema) as unknown as Model<Anything>;
      for (const read of [
        await Same.findOne().lean(),
        (await Same.aggregate<Anything>([{ $match: {} }]))[0],
      ]) {
        expect(read).toMatchObject({ chip: secret('chip'), toys: [{ label: secret('ball') }] });
      }
      await rig.fle.close(connection);
      await connection.close();
    },
  );
});

describe('a model beside', () => {
  const SHARED = (name: string, other: string): object =>
    expect.objectContaining({
      name: 'InvalidDeclarationError',
      code: 'FLE_INVALID_DECLARATION',
      message: `${name}: it shares the collection "pets" with the model ${other}, and the two declare different encrypted fields. Declare the same fields in both schemas, or use one model.`,
    }) as object;

  it('on the same collection is refused where it declares other fields', () => {
    const { connection, databaseName } = rig;
    for (const at of [connection, connection.useDb(databaseName)]) {
      const compile = (): unknown => plugged('Other', { name: String, chip: String }, { at });
      expect(compile).toThrow(SHARED('Other', 'Pet') as Error);
    }
    expect(connection.modelNames()).toEqual(['Pet']);
  });

  it('on the same collection is refused where it comes to declare other fields', async () => {
    const Same = plugged('Same', PATHS());
    await Same.findOne();
    (Pets.schema as Schema).add({ late: text('Random') });
    expect(await refusalOf(rig, () => Pets.create({ late: secret('x') }))).toEqual(
      SHARED('Pet', 'Same'),
    );
  });

  it('reaches into the collection neither by a later hook nor by its own collection', async () => {
    const pipeline = [{ $match: { chip: secret('x') } }];
    const $lookup = { from: 'pets', as: 'found', pipeline };
    const Plains = plugged('Plain', { name: String }, { collection: 'plains' });
    const hooked = new rig.mongoose.Schema({ name: String }).plugin(rig.fle);
    hooked.pre('aggregate', function () {
      this.pipeline().push({ $lookup });
    });
    const Hooked = rig.connection.model('Plain2', hooked, 'plains');
    await Promise.all([Plains.init(), Hooked.init()]); // which create the collection
    for (const [name, attempt] of [
      ['Plain2', () => Hooked.aggregate([{ $match: {} }])],
      ['Plain', () => Plains.collection.aggregate([{ $lookup }]).toArray()],
    ] as const) {
      expect(await refusalOf(rig, attempt)).toEqual({
        name: 'UnsupportedStageError',
        code: 'FLE_UNSUPPORTED_STAGE',
        message: `${name}: $lookup names a collection with encrypted fields. Aggregate from the model that declares them.`,
      });
    }
  });
});
