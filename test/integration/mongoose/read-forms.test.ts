import { type Model, Schema } from 'mongoose';
import { openRig, type Rig } from '../../support/rig';
import { expectSame, secret, SENTINEL, type Twins } from './compare-twins';
import { idOf } from './seed-patients';

interface Member {
  name?: string;
  email?: string;
  pin?: string;
  tags?: string[];
  visits?: { ward?: string; code?: string }[];
  home?: { street?: string; city?: string };
}

function memberSchema(fle: Rig['fle'] | undefined): Schema<Member> {
  const encrypted = (algorithm: string, more: object = {}): object =>
    fle === undefined ? {} : { encrypted: { algorithm, keyAltName: 'members', ...more } };
  const schema = new Schema({
    name: { type: String, alias: 'nick' },
    email: { type: String, ...encrypted('Deterministic') },
    pin: { type: String, select: false, ...encrypted('Random') },
    tags: [{ type: String, ...encrypted('Deterministic') }],
    visits: [{ _id: false, ward: String, code: { type: String, ...encrypted('Deterministic') } }],
    home: {
      type: new Schema({ street: String, city: String }, { _id: false }),
      ...encrypted('Random', { whole: true }),
    },
  });
  schema.virtual('label').get(function (this: Member) {
    return `${this.name ?? ''}:${this.email ?? ''}`;
  });
  if (fle !== undefined) schema.plugin(fle);
  return schema as never;
}

const member = (n: number): object => ({
  _id: idOf(n),
  name: `N${n}`,
  email: secret(`email ${n}`),
  pin: secret(`pin ${n}`),
  tags: [secret('a'), secret('b'), secret(`t${n}`)],
  visits: [
    { ward: 'A', code: secret(`c${n}`) },
    { ward: 'B', code: secret('same') },
  ],
  home: { street: secret('street'), city: 'X' },
});

let rig: Rig;
let twins: Twins<Member>;

beforeAll(async () => {
  rig = await openRig('forms');
  twins = {
    encrypted: rig.connection.model('Member', memberSchema(rig.fle)) as Model<Member>,
    plain: rig.twinConnection.model('Member', memberSchema(undefined)) as Model<Member>,
  };
  for (const model of [twins.encrypted, twins.plain]) {
    await (model as Model<unknown>).insertMany([1, 2, 3].map(member));
    await model.collection.createIndex({ name: 1 }, {}, {});
  }
});

afterEach(() => {
  expect(rig.wire.text()).not.toContain(SENTINEL);
});

afterAll(async () => {
  await rig.close();
});

const first = (model: Model<Member>): ReturnType<typeof model.findOne> =>
  model.findOne({ _id: idOf(1) });

describe('selecting', () => {
  it.each<unknown>([
    'email',
    '-email',
    '+pin',
    '+pin email',
    '-tags +pin',
    'pin',
    ['email', 'tags'],
    { email: 1 },
    { email: 0, home: 0 },
    { pin: 1 },
    { email: true, _id: false },
    { tags: { $slice: 2 } },
    { tags: { $slice: [1, 1] }, name: 1 },
    { visits: { $slice: -1 } },
    { visits: { $elemMatch: { code: secret('same') } } },
    { visits: { $elemMatch: { ward: 'B' } } },
    { tags: { $elemMatch: { $eq: secret('b') } } },
    { upper: { $toUpper: '$name' }, email: 1 },
    { 'visits.code': 1 },
    'visits.ward',
    '-visits.code',
    'home',
    {},
  ])('%j gives what it gives the twin', async (selection) => {
    await expectSame(twins, (model) => first(model).select(selection as never));
    await expectSame(twins, (model) =>
      first(model)
        .select(selection as never)
        .lean(),
    );
    await expectSame(twins, async (model) => {
      const document = await first(model)
        .select(selection as never)
        .orFail();
      return [
        document.isSelected('email'),
        document.isSelected('pin'),
        document.modifiedPaths(),
        document.get('label') as unknown,
        document.toObject({ virtuals: true }),
      ];
    });
  });

  it('by the position that a filter found gives what it gives the twin', async () => {
    await expectSame(twins, (model) =>
      model
        .findOne({ _id: idOf(1), 'visits.code': secret('same') })
        .select('visits.$')
        .lean(),
    );
  });
});

describe('reading', () => {
  it.each<readonly [string, (model: Model<Member>) => unknown]>([
    [
      'sort by alias',
      (model) =>
        model
          .find()
          .sort({ nick: -1 } as never)
          .lean(),
    ],
    [
      'min, max and hint',
      (model) =>
        model
          .find({}, null, { hint: { name: 1 }, min: { name: 'N1' }, max: { name: 'N3' } } as never)
          .lean(),
    ],
    [
      'comment',
      (model) =>
        model
          .find({ email: secret('email 2') })
          .comment('why')
          .lean(),
    ],
    [
      'let of plain values',
      (model) =>
        model.find({ $expr: { $eq: ['$name', '$$who'] } }, null, { let: { who: 'N2' } }).lean(),
    ],
    [
      'skip, limit and batchSize',
      (model) => model.find().sort('_id').skip(1).limit(1).batchSize(1).lean(),
    ],
    [
      'an exact count',
      (model) => model.countDocuments({ email: { $in: [secret('email 1'), secret('email 3')] } }),
    ],
    ['an estimated count', (model) => model.estimatedDocumentCount()],
    ['exists', (model) => model.exists({ tags: secret('t3') })],
    ['distinct elements', async (model) => (await model.distinct('tags')).sort()],
    [
      'distinct, under a filter',
      async (model) => (await model.distinct('visits.code', { email: secret('email 2') })).sort(),
    ],
    [
      'findOneAndUpdate with metadata',
      async (model) => {
        const { value, ok } = await model.findOneAndUpdate(
          { email: secret('email 2') },
          { $set: { name: 'N2' } },
          { includeResultMetadata: true, projection: { email: 1, tags: { $slice: 1 } } },
        );
        return [value?.toObject(), ok];
      },
    ],
    [
      'findOneAndUpdate with metadata, lean',
      async (model) => {
        const { value } = (await model
          .findOneAndUpdate(
            { email: secret('email 2') },
            { $set: { name: 'N2' } },
            { includeResultMetadata: true, returnDocument: 'after' },
          )
          .lean()) as unknown as { value: unknown };
        return value;
      },
    ],
    [
      'findOneAndReplace and findOneAndDelete with metadata',
      async (model) => {
        await model.create({ _id: idOf(9), email: secret('nine') });
        const options = { includeResultMetadata: true } as const;
        const replaced = await model.findOneAndReplace(
          { _id: idOf(9) },
          { email: secret('ten') },
          { ...options, returnDocument: 'after' },
        );
        const deleted = await model.findOneAndDelete({ email: secret('ten') }, options);
        return [
          replaced.value?.toObject(),
          deleted.value?.toObject(),
          await model.findById(idOf(9)),
        ];
      },
    ],
    [
      'castObject, applyDefaults and applyVirtuals',
      (model) => {
        const cast = model.castObject({
          _id: idOf(5),
          email: 5,
          visits: [{ code: 6 }],
          home: { street: 7 },
        });
        const made = { ...(cast as object) };
        return [cast, model.applyDefaults(made), model.applyVirtuals({ name: 'A', email: 'b' })];
      },
    ],
    [
      'hydrate of what lean read',
      async (model) => {
        const document = model.hydrate(await first(model).lean());
        return [document.isNew, document.isModified(), document.toObject()];
      },
    ],
  ])('%s gives what it gives the twin', async (_, read) => {
    expect(await expectSame(twins, read)).not.toHaveProperty('error');
  });

  it('refuses what cannot be cast as the twin does', async () => {
    await expectSame(twins, (model) => model.castObject({ visits: 5, home: 'x' }));
  });

  it.each<readonly [string, (model: Model<Member>) => unknown, string]>([
    [
      'sort by an encrypted path',
      (model) => model.find().sort('email'),
      'FLE_UNSUPPORTED_OPERATION',
    ],
    [
      'min of an encrypted path',
      (model) => model.find({}, null, { min: { email: 'a' } } as never),
      'FLE_UNSUPPORTED_OPERATION',
    ],
    ['$where', (model) => model.find({ $where: 'this.email' }), 'FLE_UNSUPPORTED_FILTER'],
    [
      'a computed projection',
      (model) => model.find().select({ x: { $toUpper: '$email' } }),
      'FLE_UNSUPPORTED_OPERATION',
    ],
    [
      'a variable of let beside an encrypted path',
      (model) =>
        model.find({ $expr: { $eq: ['$email', '$$who'] } }, null, { let: { who: secret('x') } }),
      'FLE_UNSUPPORTED_FILTER',
    ],
    ['raw', (model) => model.find({}, null, { raw: true } as never), 'FLE_UNSUPPORTED_OPERATION'],
  ])('%s is refused', async (_, read, code) => {
    await expect(Promise.resolve(read(twins.encrypted))).rejects.toMatchObject({ code });
  });
});
