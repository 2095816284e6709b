import type { Model } from 'mongoose';
import { openRig, type Rig, storedAs } from '../../support/rig';
import { refusalOf, secret, SENTINEL } from './compare-twins';

type Anything = Record<string, unknown>;

let rig: Rig;
let Pets: Model<Anything>;

const text = (algorithm: string, more: object = {}): object => ({
  type: String,
  encrypted: { algorithm, keyAltName: 'pets' },
  ...more,
});

beforeAll(async () => {
  rig = await openRig('aliases');
});

beforeEach(async () => {
  const { Schema } = rig.mongoose;
  const toy = new Schema({ label: text('Random', { alias: 'inscription' }) });
  const schema = new Schema({
    name: String,
    chip: text('Deterministic', { alias: 'chipNumber' }),
    home: {
      phone: text('Deterministic', { alias: 'homePhone' }),
      street: text('Deterministic', { alias: 'home.road' }),
    },
    toys: [toy],
  });
  schema.plugin(rig.fle);
  Pets = rig.connection.model('Pet', schema) as unknown as Model<Anything>;
  await Pets.create({ name: 'Rex', chip: secret('chip'), toys: [{ label: secret('ball') }] });
  rig.wire.clear();
});

afterEach(async () => {
  for (const name of Object.keys(rig.connection.models)) rig.connection.deleteModel(name);
  expect(rig.wire.text()).not.toContain(SENTINEL);
  await rig.bare.collection('pets').deleteMany({});
});

afterAll(async () => {
  await rig.close();
});

const ALIASES = [
  ['chip', 'chipNumber'],
  ['home.phone', 'homePhone'],
  ['home.street', 'home.road'],
  ['toys.label', 'toys.inscription'],
] as const;

const NAMES = {
  FLE_UNSUPPORTED_FILTER: 'UnsupportedFilterError',
  FLE_UNSUPPORTED_UPDATE: 'UnsupportedUpdateError',
  FLE_UNSUPPORTED_OPERATION: 'UnsupportedOperationError',
} as const;

describe('an alias of an encrypted path', () => {
  it.each(ALIASES)('of %s, %s, is refused in place of the path', async (path, alias) => {
    const value = secret('x');
    const attempts: readonly (readonly [keyof typeof NAMES, () => unknown])[] = [
      ['FLE_UNSUPPORTED_FILTER', () => Pets.find({ [alias]: value })],
      ['FLE_UNSUPPORTED_FILTER', () => Pets.aggregate([{ $match: { [alias]: value } }])],
      [
        'FLE_UNSUPPORTED_UPDATE',
        () => Pets.updateOne({}, { $set: { [alias]: value } }, { strict: false }),
      ],
      ['FLE_UNSUPPORTED_OPERATION', () => Pets.distinct(alias)],
      ['FLE_UNSUPPORTED_OPERATION', () => Pets.find().select(alias)],
    ];
    for (const [code, attempt] of attempts) {
      const name = NAMES[code];
      expect(await refusalOf(rig, attempt)).toEqual({
        name,
        code,
        message: `Pet.${path}: the path was named by its alias, which the database does not know. Name the path itself, as the schema does.`,
      });
    }
  });

  it.each<readonly [string, string, () => object]>([
    ['chip', 'chipNumber', () => ({ chipNumber: secret('x') })],
    ['home.phone', 'homePhone', () => ({ homePhone: secret('x') })],
    ['home.street', 'road', () => ({ home: { road: secret('x') } })],
    ['toys.label', 'inscription', () => ({ toys: [{ inscription: secret('x') }] })],
  ])('of %s, %s, is refused in a document that is not cast', async (path, alias, document) => {
    for (const attempt of [
      () => Pets.insertMany([document()], { lean: true }),
      () => Pets.collection.replaceOne({ name: 'Rex' }, document()),
    ]) {
      expect(await refusalOf(rig, attempt)).toEqual({
        name: 'InvalidValueError',
        code: 'FLE_INVALID_VALUE',
        message: `Pet.${path}: the value stands under the alias "${alias}", where it would not be encrypted. Name the path itself, or give a document that Mongoose has cast.`,
      });
    }
  });

  it('is encrypted on its path where Mongoose translates it', async () => {
    const { _id } = await Pets.create({ chipNumber: secret('x'), homePhone: secret('y') });
    const raw = await rig.rawOne('pets', { _id });
    expect([raw['chip'], (raw['home'] as Anything)['phone']].map(storedAs)).toEqual([
      'Deterministic',
      'Deterministic',
    ]);
    const filter = { chipNumber: secret('x') };
    const found = await Pets.findOne(filter).setOptions({ translateAliases: true });
    expect(found?._id).toEqual(_id);
  });
});
