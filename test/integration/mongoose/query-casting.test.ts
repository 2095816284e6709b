import { type Model, Schema } from 'mongoose';
import { openRig, type Rig } from '../../support/rig';
import {
  expectSame,
  expectSameStored,
  refusalOf,
  secret,
  SENTINEL,
  type Twins,
} from './compare-twins';
import { idOf } from './seed-patients';
import { emptyTwins, twinsOf } from './twins-of';

interface Animal {
  name?: string;
  chip?: string;
  legs?: number;
  born?: Date;
  owner?: { ssn?: string; pin?: string };
  toys?: { label?: string; size?: number }[];
}

let rig: Rig;
let animals: Twins<Animal>;
let dogs: Twins<Animal>;

beforeAll(async () => {
  rig = await openRig('query_casting');
  animals = twinsOf(rig, 'Animal', (declare) => {
    const owner = new Schema(
      { ssn: { type: String, ...declare('Deterministic') }, pin: String },
      { _id: false },
    );
    const toy = new Schema(
      { label: { type: String, ...declare('Deterministic') }, size: Number },
      { _id: false },
    );
    return new Schema(
      {
        name: String,
        chip: { type: String, ...declare('Deterministic'), uppercase: false, trim: true },
        legs: { type: Number, ...declare('Deterministic') },
        born: { type: Date, ...declare('Deterministic') },
        owner,
        toys: [toy],
      },
      { discriminatorKey: 'kind', versionKey: false },
    );
  });
  const collar = (more: object): Schema => new Schema({ collar: { type: Number, ...more } });
  const declared = { encrypted: { algorithm: 'Deterministic', keyAltName: 'twins' } };
  dogs = {
    encrypted: animals.encrypted.discriminator('Dog', collar(declared)) as unknown as Model<Animal>,
    plain: animals.plain.discriminator('Dog', collar({})) as unknown as Model<Animal>,
  };
});

beforeEach(async () => {
  await emptyTwins(animals);
  for (const side of ['encrypted', 'plain'] as const) {
    await animals[side].insertMany([
      {
        _id: idOf(1),
        name: 'Ada',
        chip: secret('a'),
        legs: 4,
        born: new Date(0),
        owner: { ssn: secret('o') },
      },
      { _id: idOf(2), chip: null, toys: [{ label: secret('ball'), size: 1 }, {}] },
    ]);
    await dogs[side].create({ _id: idOf(3), name: 'Rex', legs: 3, collar: 42 } as Animal);
  }
});

afterEach(() => {
  expect(rig.wire.text()).not.toContain(SENTINEL);
  rig.wire.clear();
});

afterAll(async () => {
  await rig.close();
});

const FILTERS: readonly object[] = [
  { legs: '4' },
  { legs: { $in: ['4', null, 3] } },
  { legs: { $ne: '3' } },
  { legs: { $nin: ['4'] } },
  { legs: { $not: { $eq: '4' } } },
  { legs: 4n },
  { legs: true },
  { legs: 'four' },
  { legs: { $in: ['four'] } },
  { legs: [4] },
  { born: 0 },
  { born: '1970-01-01T00:00:00.000Z' },
  { born: 'never' },
  { chip: 7 },
  { chip: { a: 1 } },
  { chip: `  ${secret('a')} ` },
  { chip: undefined },
  { chip: { $in: [null] } },
  { chip: { $exists: 'true' } },
  { owner: { ssn: secret('o') } },
  { owner: { ssn: secret('o'), pin: 'x' } },
  { owner: { ssn: 7 } },
  { 'owner.ssn': 7 },
  { toys: { label: secret('ball'), size: '1' } },
  { toys: { size: 1, label: secret('ball') } },
  { toys: { $elemMatch: { size: '1', label: secret('ball') } } },
  { toys: { $in: [{ label: secret('ball'), size: 1 }, null] } },
  { toys: {} },
  { 'toys.1.label': null },
  { 'toys.label': { $in: [secret('ball'), null] } },
  { unknown: 'x' },
  { unknown: { $gt: 1 }, chip: secret('a') },
  { kind: 'Dog', collar: '42' },
  { kind: 'Dog', legs: '3' },
  { $and: [{ legs: '4' }, { $or: [{ chip: 'x' }, { born: 0 }] }] },
];

describe('a filter', () => {
  it.each(FILTERS)('is cast as the twin casts it: %j', async (filter) => {
    await expectSame(animals, (model) =>
      model
        .find({ ...filter })
        .sort({ _id: 1 })
        .lean(),
    );
    await expectSame(animals, (model) => model.updateMany({ ...filter }, { name: 'found' }));
    await expectSameStored(rig, animals);
  });

  it.each([true, false, 'throw'] as const)(
    'under strictQuery %s finds what the twin finds',
    async (strictQuery) => {
      for (const filter of [
        { chip: secret('a') },
        { chip: secret('a'), more: 1 },
        { more: { $gt: 1 } },
      ]) {
        await expectSame(animals, (model) =>
          model
            .find({ ...filter })
            .setOptions({ strictQuery })
            .lean(),
        );
      }
    },
  );

  it('that is sanitized finds what the twin finds', async () => {
    for (const filter of [
      { chip: { $ne: secret('a') } },
      { legs: { $gt: 1 } },
      { chip: secret('a') },
    ]) {
      await expectSame(animals, (model) =>
        model
          .find({ ...filter } as never)
          .setOptions({ sanitizeFilter: true })
          .lean(),
      );
    }
    await expectSame(animals, (model) =>
      model
        .find({ chip: rig.mongoose.trusted({ $ne: secret('a') }) })
        .setOptions({ sanitizeFilter: true })
        .lean(),
    );
  });

  it.each([{ collar: '42' }, { collar: { $in: ['42'] } }])(
    'on a field of a discriminator, which Mongoose does not cast there, is refused: %j',
    async (filter) => {
      const attempt = (): unknown => animals.encrypted.find({ ...filter } as never);
      expect(await refusalOf(rig, attempt)).toMatchObject({ code: 'FLE_INVALID_VALUE' });
    },
  );

  it('on a field of a discriminator finds through the base and through itself', async () => {
    for (const twins of [animals, dogs]) {
      const found = await expectSame(twins, (model) => model.find({ collar: 42 } as never).lean());
      expect(found).toMatchObject({ result: [{ name: 'Rex', collar: 42 }] });
    }
    await expectSame(dogs, (model) => model.find({ collar: '42' } as never).lean());
  });
});
