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

interface Member {
  name?: string;
  email?: string;
  level?: number;
  tags?: string[];
  memo?: string;
  home?: { city?: string };
  at?: Date;
  changed?: Date;
  __v?: number;
}

let rig: Rig;
let twins: Twins<Member>;

const NOW = new Date('2030-01-01');

beforeAll(async () => {
  rig = await openRig('bulk_writes');
  twins = twinsOf(
    rig,
    'Member',
    (declare) =>
      new Schema(
        {
          name: { type: String, required: true },
          email: { type: String, ...declare('Deterministic'), unique: true, lowercase: true },
          level: { type: Number, ...declare('Deterministic'), default: 1, max: 9 },
          tags: { type: [String], ...declare('Deterministic') },
          memo: { type: String, ...declare('Random') },
          home: {
            type: new Schema({ city: String }, { _id: false }),
            ...declare('Random', { whole: true }),
          },
        },
        {
          timestamps: { createdAt: 'at', updatedAt: 'changed', currentTime: () => NOW },
        },
      ),
  );
  for (const model of [twins.encrypted, twins.plain]) await model.createIndexes();
});

beforeEach(async () => {
  await emptyTwins(twins);
  for (const model of [twins.encrypted, twins.plain]) {
    await model.insertMany([member(1), member(2)]);
  }
});

afterEach(() => {
  expect(rig.wire.text()).not.toContain(SENTINEL);
  rig.wire.clear();
});

afterAll(async () => {
  await rig.close();
});

const member = (n: number, more: object = {}): Record<string, unknown> => ({
  _id: idOf(n),
  name: `M${n}`,
  email: secret(String(n)),
  tags: [secret('a'), secret(String(n))],
  memo: secret('memo'),
  home: { city: secret('city') },
  ...more,
});

/** What an error of many writes tells, without what quotes the command. */
function failureOf(error: unknown): object {
  const failed = error as {
    name: string;
    code?: number;
    insertedDocs?: unknown[];
    result?: { insertedCount?: number; mongoose?: object };
    results?: unknown[];
    writeErrors?: readonly { readonly index?: number; readonly code?: number }[];
    validationErrors?: readonly Error[];
    mongoose?: { readonly validationErrors?: readonly Error[] };
  };
  const { name, code, insertedDocs, result, results, writeErrors, validationErrors, mongoose } =
    failed;
  return {
    name,
    code,
    insertedDocs: insertedDocs?.map(plainOf),
    counts: result?.insertedCount,
    results: results?.map(resultOf),
    writeErrors: writeErrors?.map((each) => [each.index, each.code]),
    validationErrors: [...(validationErrors ?? []), ...(mongoose?.validationErrors ?? [])].map(
      (each) => each.message,
    ),
  };
}

/** What was written, or why it was not; a write error quotes what was sent, which is ciphertext. */
function resultOf(result: unknown): unknown {
  if (result instanceof Error) return result.name;
  const { code, index } = (result ?? {}) as { code?: number; index?: number };
  return code === undefined ? plainOf(result) : { code, index };
}

function rawOf(result: unknown): unknown {
  const { acknowledged, insertedCount, insertedIds, mongoose } = result as Record<string, unknown>;
  return { acknowledged, insertedCount, insertedIds, ...failureOf(mongoose ?? {}) };
}

function plainOf(value: unknown): unknown {
  const { toObject } = (value ?? {}) as { toObject?: () => unknown };
  return toObject === undefined ? value : toObject.call(value);
}

const BATCH = (): object[] => [
  member(3),
  member(4),
  member(5, { email: secret('1') }), // taken
  member(6, { level: 99 }), // invalid
  member(7),
];
const VALID = (): object[] => BATCH().filter((_, place) => place !== 3);

describe('insertMany', () => {
  it.each<readonly [string, () => object[], object]>([
    ['in order, with a duplicate', VALID, {}],
    ['out of order, with a duplicate', VALID, { ordered: false }],
    ['in order, with an invalid one', BATCH, {}],
    ['out of order, with both', BATCH, { ordered: false }],
    [
      'out of order, told of what is invalid',
      () => [member(3), member(6, { level: 99 })],
      {
        ordered: false,
        throwOnValidationError: true,
      },
    ],
    ['lean, out of order, with a duplicate', VALID, { ordered: false, lean: true }],
    ['lean, with an invalid one', BATCH, { lean: true }],
    [
      'raw, out of order, with an invalid one',
      () => [member(3), member(6, { level: 99 }), member(7)],
      {
        ordered: false,
        rawResult: true,
      },
    ],
    ['raw', () => [member(3), member(7)], { rawResult: true }],
    ['by ones', () => [member(3), member(7)], { limit: 1 }],
    ['lean, without hydrating', () => [member(3), member(7)], { lean: true }],
    ['one', () => [member(3)], {}],
    ['with no timestamps', () => [member(3)], { timestamps: false }],
  ])('%s does what the twin does', async (_, documents, options) => {
    await expectSame(twins, async (model) => {
      try {
        const done = (await model.insertMany(documents(), options)) as unknown;
        return Array.isArray(done) ? done.map(plainOf) : rawOf(done);
      } catch (error) {
        return failureOf(error);
      }
    });
    await expectSameStored(rig, twins);
  });

  it('leaves documents that failed new and dirty as the twin does', async () => {
    await expectSame(twins, async (model) => {
      const documents = VALID().map((each) => new model(each));
      const failure = await model.insertMany(documents, { ordered: false }).catch(failureOf);
      return [
        failure,
        documents.map((each) => [each.isNew, each.modifiedPaths(), each.toObject()]),
      ];
    });
  });

  it('gives lean documents the identifiers it makes', async () => {
    const documents: Record<string, unknown>[] = [{ name: 'x', email: secret('9') }];
    await twins.encrypted.insertMany(documents, { lean: true });
    const [stored] = await twins.encrypted.find({ name: 'x' }).lean();
    expect(stored).toMatchObject({ email: secret('9') });
  });
});

const CHANGE = { email: secret('changed'), memo: secret('changed') };
const INVALID = (): object => ({ insertOne: { document: member(9, { level: 99 }) } });
const OPERATIONS = (): object[] => [
  { insertOne: { document: member(3) } },
  { updateOne: { filter: { email: secret('3') }, update: { $set: { ...CHANGE } } } },
  { updateMany: { filter: { tags: secret('a') }, update: { $push: { tags: secret('b') } } } },
  { insertOne: { document: member(8, { email: secret('1') }) } },
  INVALID(),
  { replaceOne: { filter: { _id: idOf(2) }, replacement: { name: 'R', email: secret('r') } } },
  { deleteOne: { filter: { email: secret('1') } } },
];
const FINE = (): object[] => OPERATIONS().filter((_, place) => place !== 3 && place !== 4);

describe('bulkWrite', () => {
  it.each<readonly [string, () => object[], object]>([
    ['of everything', FINE, {}],
    ['in order, with a duplicate', () => OPERATIONS().filter((_, place) => place !== 4), {}],
    [
      'out of order, with a duplicate',
      () => OPERATIONS().filter((_, place) => place !== 4),
      {
        ordered: false,
      },
    ],
    ['in order, with an invalid document', OPERATIONS, {}],
    [
      'out of order, with an invalid document',
      () => OPERATIONS().filter((_, place) => place !== 3),
      {
        ordered: false,
      },
    ],
    [
      'out of order, told of what is invalid',
      () => OPERATIONS().filter((_, place) => place !== 3),
      {
        ordered: false,
        throwOnValidationError: true,
      },
    ],
    ['of only what is invalid', () => [INVALID()], { ordered: false }],
    ['without timestamps', FINE, { timestamps: false }],
    ['without validation', () => [INVALID()], { skipValidation: true }],
    [
      'of unknown paths',
      () => [
        {
          updateOne: {
            filter: { _id: idOf(1) },
            update: { $set: { more: 1, memo: secret('m') } },
            strict: false,
          },
        },
      ],
      {},
    ],
    [
      'of unknown paths, not strict',
      () => [
        {
          updateOne: { filter: { _id: idOf(1) }, update: { $set: { more: 1, memo: secret('m') } } },
        },
      ],
      { strict: false },
    ],
    [
      'of unknown paths, strictly',
      () => [{ updateOne: { filter: { _id: idOf(1) }, update: { $set: { more: 1 } } } }],
      { strict: 'throw' },
    ],
    ['of nothing', () => [], {}],
    [
      'with an upsert and defaults',
      () => [
        {
          updateOne: {
            filter: { _id: idOf(30), email: secret('30') },
            update: { $set: { name: 'U' } },
            upsert: true,
            setDefaultsOnInsert: true,
          },
        },
      ],
      {},
    ],
  ])('%s does what the twin does', async (_, operations, options) => {
    await expectSame(twins, async (model) => {
      try {
        const done = await model.bulkWrite(operations() as never, options as never);
        const { insertedCount, matchedCount, deletedCount, upsertedIds } = done;
        const { validationErrors = [], results = [] } =
          (done as { mongoose?: { validationErrors?: Error[]; results?: unknown[] } }).mongoose ??
          {};
        return {
          insertedCount,
          matchedCount,
          deletedCount,
          upsertedIds,
          errors: validationErrors.map(({ message }) => message),
          results: results.length,
        };
      } catch (error) {
        return failureOf(error);
      }
    });
    await expectSameStored(rig, twins);
  });

  it('refuses all of it for one operation, in order or not', async () => {
    for (const ordered of [true, false]) {
      const operations = [...FINE(), { updateOne: { filter: { memo: 'x' }, update: {} } }];
      const attempt = (): unknown => twins.encrypted.bulkWrite(operations as never, { ordered });
      expect(await refusalOf(rig, attempt)).toMatchObject({ code: 'FLE_UNSUPPORTED_FILTER' });
    }
  });
});

describe('bulkSave', () => {
  const states = (documents: readonly InstanceType<Model<Member>>[]): unknown[] =>
    documents.map((each) => [each.isNew, each.modifiedPaths(), each.toObject()]);

  it.each<readonly [string, object]>([
    ['in order', {}],
    ['out of order', { ordered: false }],
  ])('with a duplicate, %s, leaves the documents as the twin does', async (_, options) => {
    await expectSame(twins, async (model) => {
      const first = await model.findById(idOf(1)).orFail();
      const second = await model.findById(idOf(2)).orFail();
      first.set('memo', secret('first'));
      second.set('email', secret('taken'));
      const fresh = [new model(member(5, { email: secret('taken') })), new model(member(6))];
      const all = [first, second, ...fresh];
      const failure = await model.bulkSave(all, options).then(
        () => 'saved',
        (error: unknown) => failureOf(error),
      );
      return [failure, states(all)];
    });
    await expectSameStored(rig, twins);
  });

  it('with an invalid document saves none, as the twin', async () => {
    await expectSame(twins, async (model) => {
      const first = await model.findById(idOf(1)).orFail();
      first.set('memo', secret('first'));
      const fresh = new model(member(5, { level: 99 }));
      const failure = await model.bulkSave([first, fresh]).catch(failureOf);
      return [failure, states([first, fresh])];
    });
    await expectSameStored(rig, twins);
  });

  it('of a part of a whole that another has changed tells which was not saved', async () => {
    await expectSame(twins, async (model) => {
      const mine = await model.findById(idOf(1)).orFail();
      const other = await model.findById(idOf(2)).orFail();
      mine.set('memo', secret('mine'));
      other.set('memo', secret('other'));
      await model.deleteOne({ _id: idOf(1) });
      return await model.bulkSave([mine, other]).then(
        (done) => done.matchedCount,
        (error: unknown) => (error as Error).name,
      );
    });
  });
});
