import { type HydratedDocument, type Model, Schema } from 'mongoose';
import { openRig, type Rig } from '../../support/rig';
import { expectSame, expectSameStored, secret, SENTINEL, type Twins } from './compare-twins';
import { idOf } from './seed-patients';
import { emptyTwins, twinsOf } from './twins-of';

interface Account {
  owner?: string;
  iban?: string;
  memo?: string;
  limits?: number[];
  at?: Date;
  changed?: Date;
}

let rig: Rig;
let always: Twins<Account>;
let some: Twins<Account>;
let never: Twins<Account>;
let now = 0;

beforeAll(async () => {
  rig = await openRig('versions');
  const made = (name: string, options: object): Twins<Account> =>
    twinsOf(
      rig,
      name,
      (declare) =>
        new Schema(
          {
            owner: String,
            iban: { type: String, ...declare('Deterministic') },
            memo: { type: String, ...declare('Random'), immutable: name === 'Some' },
            limits: { type: [Number], ...declare('Deterministic') },
          },
          {
            timestamps: { createdAt: 'at', updatedAt: 'changed', currentTime: () => new Date(now) },
            ...options,
          },
        ),
    );
  always = made('Always', { optimisticConcurrency: true });
  some = made('Some', { optimisticConcurrency: ['iban', 'limits'] });
  never = made('Never', { versionKey: false });
});

beforeEach(async () => {
  now = 0;
  for (const twins of [always, some, never]) {
    await emptyTwins(twins);
    for (const model of [twins.encrypted, twins.plain]) {
      await model.create({
        _id: idOf(1),
        owner: 'Ada',
        iban: secret('1'),
        memo: secret('m'),
        limits: [1, 2],
      });
    }
  }
  now = 1000;
});

afterEach(() => {
  expect(rig.wire.text()).not.toContain(SENTINEL);
  rig.wire.clear();
});

afterAll(async () => {
  await rig.close();
});

type Loaded = HydratedDocument<Account>;

const CHANGES: readonly (readonly [string, (document: Loaded) => unknown])[] = [
  ['a Deterministic value', (document) => document.set('iban', secret('2'))],
  ['a Random value', (document) => document.set('memo', secret('2'))],
  ['an element', (document) => document.set('limits.0', 9)],
  ['a push', (document) => document.limits?.push(9)],
  ['an array', (document) => document.set('limits', [7])],
  ['a plain value', (document) => document.set('owner', 'Bea')],
];

describe.each<readonly [string, () => Twins<Account>]>([
  ['optimistic concurrency', () => always],
  ['optimistic concurrency of some paths', () => some],
  ['no version key', () => never],
])('under %s', (_, twinsOfCase) => {
  it.each(CHANGES)('a change of %s, made twice at once, ends as the twin', async (__, change) => {
    const twins = twinsOfCase();
    await expectSame(twins, async (model) => {
      const [first, second] = [await read(model), await read(model)];
      for (const each of [first, second]) change(each);
      const outcomes: unknown[] = [];
      for (const each of [first, second]) {
        const outcome = await each.save().then(
          () => 'saved',
          (error: unknown) => (error as Error).name,
        );
        outcomes.push(outcome, each.modifiedPaths(), each.toObject());
      }
      return outcomes;
    });
    await expectSameStored(rig, twins);
  });
});

const read = async (model: Model<Account>): Promise<Loaded> =>
  await model.findById(idOf(1)).orFail();

describe('a document', () => {
  it.each<readonly [string, (document: Loaded, model: Model<Account>) => unknown]>([
    ['updateOne', (document) => document.updateOne({ iban: secret('2'), limits: [3] })],
    ['updateOne with $push', (document) => document.updateOne({ $push: { limits: 3 } })],
    [
      'updateOne without timestamps',
      (document) => document.updateOne({ iban: secret('2') }, { timestamps: false }),
    ],
    ['replaceOne', (document) => document.replaceOne({ iban: secret('2'), owner: 'Bea' })],
    ['deleteOne', (document) => document.deleteOne()],
    ['deleteOne, as a query', (document) => document.deleteOne().exec()],
    [
      'save without timestamps',
      (document) => document.set('iban', secret('2')).save({ timestamps: false }),
    ],
    [
      'save without validation',
      (document) => document.set('iban', secret('2')).save({ validateBeforeSave: false }),
    ],
    [
      'save of some paths',
      (document) =>
        document.set({ iban: secret('2'), owner: 'Bea' }).save({ pathsToSave: ['iban'] }),
    ],
    ['$inc of a plain path', (document) => document.$inc('__v', 2).set('iban', secret('2')).save()],
    ['increment', (document) => document.increment().save()],
    ['overwrite', (document) => document.overwrite({ iban: secret('2') }).save()],
    ['$clone', (document) => document.$clone().set('iban', secret('2')).save()],
    [
      '$where',
      (document) => {
        document.$where = { iban: secret('1') };
        return document.set('memo', secret('2')).save();
      },
    ],
    [
      '$where that does not hold',
      (document) => {
        document.$where = { iban: secret('other') };
        return document.set('memo', secret('2')).save();
      },
    ],
    [
      'exists, read and written by update',
      (_, model) =>
        model.findOneAndUpdate(
          { iban: secret('1') },
          { memo: secret('2') },
          { returnDocument: 'after' },
        ),
    ],
  ])('does by %s what its twin does', async (_, act) => {
    for (const twins of [always, some]) {
      await expectSame(twins, async (model) => {
        const document = await read(model);
        const given = await act(document, model);
        return [given, document.isNew, document.modifiedPaths(), document.toObject()];
      });
      await expectSameStored(rig, twins);
    }
  });
});

describe('a transaction of a session', () => {
  it('that withTransaction runs again stores and gives what the twin does', async () => {
    await expectSame(always, async (model) => {
      const session = await model.db.startSession();
      let runs = 0;
      const document = await read(model);
      const given = await session.withTransaction(async () => {
        runs += 1;
        document.set({ iban: secret(`run-${runs}`), memo: secret('run') });
        await document.save({ session });
        await model.insertMany([{ _id: idOf(9), iban: secret('new') }], { session });
        await model.bulkWrite(
          [{ updateOne: { filter: { iban: secret('new') }, update: { memo: secret('bulk') } } }],
          { session },
        );
        if (runs < 3) throw transient(model);
        return await model
          .find({ iban: secret('new') })
          .session(session)
          .lean();
      });
      await session.endSession();
      return [runs, given, document.isModified(), document.toObject()];
    });
    await expectSameStored(rig, always);
  });
});

function transient(model: Model<Account>): Error {
  const error = new model.base.mongo.MongoServerError({ message: 'again' });
  error.addErrorLabel('TransientTransactionError');
  return error;
}
