import { type Model, type Query, Schema } from 'mongoose';
import { openRig, type Rig } from '../../support/rig';
import { expectSame, expectSameStored, secret, SENTINEL, type Twins } from './compare-twins';
import { idOf } from './seed-patients';
import { emptyTwins, twinsOf } from './twins-of';

interface Member {
  email?: string;
  level?: number;
  tags?: string[];
  memo?: string;
  kind?: string;
  home?: { city?: string };
}

/** What validators were given, and what they were called on. */
const seen: unknown[] = [];

let rig: Rig;
let twins: Twins<Member>;

function noticing(
  accepts: (value: unknown) => boolean,
): (this: unknown, value: unknown) => boolean {
  return function (value) {
    const asked = this as Partial<Query<unknown, unknown>>;
    seen.push([value, asked.getFilter?.(), asked.get?.('memo') as unknown]);
    return accepts(value);
  };
}

beforeAll(async () => {
  rig = await openRig('update_validators');
  twins = twinsOf(rig, 'Member', (declare) => {
    const home = new Schema({ city: { type: String, minlength: 5 } }, { _id: false });
    return new Schema(
      {
        email: {
          type: String,
          ...declare('Deterministic'),
          required: true,
          validate: noticing((value) => String(value).startsWith(SENTINEL)),
        },
        level: { type: Number, ...declare('Deterministic'), min: 0, max: 9, default: 4 },
        tags: { type: [{ type: String, maxlength: 20 }], ...declare('Deterministic') },
        memo: { type: String, ...declare('Random'), default: () => secret('default') },
        kind: { type: String, ...declare('Deterministic'), enum: [secret('a'), secret('b')] },
        home: { type: home, ...declare('Random', { whole: true }) },
      },
      { versionKey: false },
    );
  });
});

beforeEach(async () => {
  await emptyTwins(twins);
  for (const model of [twins.encrypted, twins.plain]) {
    await model.create({ _id: idOf(1), email: secret('one'), tags: [secret('t')] });
  }
  seen.length = 0;
});

afterEach(() => {
  expect(rig.wire.text()).not.toContain(SENTINEL);
  rig.wire.clear();
});

afterAll(async () => {
  await rig.close();
});

const UPDATES: readonly object[] = [
  { $set: { email: secret('two'), memo: secret('memo') } },
  { $set: { email: 'unfit' } },
  { $unset: { email: 1 } },
  { $set: { level: 10 } },
  { $set: { level: 'many' } },
  { level: '7' },
  { $set: { kind: secret('c') } },
  { $set: { kind: secret('b') } },
  { $push: { tags: `${secret('much')}-too-long` } },
  { $push: { tags: { $each: [secret('x'), `${secret('much')}-too-long`] } } },
  { $addToSet: { tags: secret('y') } },
  { $set: { 'tags.0': secret('y') } },
  { $set: { home: { city: secret('city') } } },
  { $set: { home: { city: 'Bern' } } },
  { $set: { home: 'nowhere' } },
  { $setOnInsert: { level: 12 } },
];

type Apply = (model: Model<Member>, update: object, options: object) => unknown;

const FILTER = { email: secret('one') };

describe.each<readonly [string, Apply]>([
  ['updateOne', (model, update, options) => model.updateOne({ ...FILTER }, update, options)],
  ['updateMany', (model, update, options) => model.updateMany({ ...FILTER }, update, options)],
  [
    'findOneAndUpdate',
    (model, update, options) =>
      model.findOneAndUpdate({ ...FILTER }, update, { ...options, returnDocument: 'after' }),
  ],
])('%s', (_, apply) => {
  const cases = UPDATES.flatMap((update) => [
    { update, options: { runValidators: true } },
    { update, options: {} },
  ]);
  it.each(cases)(
    'of $update under $options casts and validates plaintext',
    async ({ update, options }) => {
      const noticed: unknown[] = [];
      await expectSame(twins, async (model) => {
        try {
          return await apply(model, structuredClone(update), options);
        } finally {
          noticed.push(seen.splice(0));
        }
      });
      expect(noticed[1]).toEqual(noticed[0]);
      await expectSameStored(rig, twins);
    },
  );
});

describe('an upsert', () => {
  const fresh = { _id: idOf(9) };
  const $set = { level: 1 };

  it.each<readonly [string, object, object, object]>([
    ['an equality', { ...fresh, email: secret('new') }, { $set }, {}],
    ['$eq', { ...fresh, email: { $eq: secret('new') } }, { $set }, {}],
    ['$and', { ...fresh, $and: [{ email: secret('new') }, { kind: secret('a') }] }, { $set }, {}],
    ['$in of one', { ...fresh, email: { $in: [secret('new')] } }, { $set }, {}],
    ['$in of two', { ...fresh, email: { $in: [secret('x'), secret('y')] } }, { $set }, {}],
    [
      '$all of one',
      { ...fresh, email: secret('new'), tags: { $all: [secret('t')] } },
      { $set },
      {},
    ],
    ['$or of one', { ...fresh, $or: [{ email: secret('new') }] }, { $set }, {}],
    [
      '$or of two',
      { ...fresh, $or: [{ email: secret('x') }, { kind: secret('a') }] },
      { $set },
      {},
    ],
    ['$nor', { ...fresh, $nor: [{ email: secret('new') }] }, { $set }, {}],
    ['$ne', { ...fresh, email: { $ne: secret('new') } }, { $set }, {}],
    ['null', { ...fresh, email: null }, { $set }, {}],
    ['$exists', { ...fresh, memo: { $exists: false } }, { $set }, {}],
    ['an array', { ...fresh, tags: [secret('a'), secret('b')] }, { $set }, {}],
    ['$elemMatch', { ...fresh, tags: { $elemMatch: { $eq: secret('a') } } }, { $set }, {}],
    [
      '$setOnInsert',
      { ...fresh },
      { $set, $setOnInsert: { email: secret('new'), memo: secret('m') } },
      {},
    ],
    ['no defaults', { ...fresh, email: secret('new') }, { $set }, { setDefaultsOnInsert: false }],
    ['defaults only', { ...fresh, email: secret('new') }, {}, {}],
    ['validators', { ...fresh, email: secret('new') }, { $set }, { runValidators: true }],
    ['an invalid insert', { ...fresh, email: 'unfit' }, { $set }, { runValidators: true }],
  ])('with %s in its filter stores what its twin stores', async (_, filter, update, options) => {
    for (const change of ['updateOne', 'findOneAndUpdate'] as const) {
      await expectSame(twins, (model) =>
        (model[change] as Model<Member>['updateOne'])(
          structuredCopy(filter),
          structuredClone(update),
          { upsert: true, ...options },
        ),
      );
      await expectSameStored(rig, twins);
      for (const model of [twins.encrypted, twins.plain]) await model.deleteOne(fresh);
    }
  });

  it('by replacement stores what its twin stores', async () => {
    for (const replace of ['replaceOne', 'findOneAndReplace'] as const) {
      await expectSame(twins, (model) =>
        (model[replace] as Model<Member>['replaceOne'])(
          { ...fresh, email: secret('old') },
          { email: secret('new'), level: '3' },
          { upsert: true, runValidators: true },
        ),
      );
      await expectSameStored(rig, twins);
    }
  });

  function structuredCopy(filter: object): object {
    return { ...structuredClone({ ...filter, _id: undefined }), ...fresh };
  }
});
