import type { HydratedDocument, Model } from 'mongoose';
import { openRig, type Rig } from '../../support/rig';
import { type Account, accountSchema, accountsOn, fullAccount, stateOf } from './account-model';
import { refusalOf, secret, SENTINEL } from './compare-twins';
import { idOf } from './seed-patients';

type AccountDocument = HydratedDocument<Account>;

let rig: Rig;
let Accounts: Model<Account>;

beforeAll(async () => {
  rig = await openRig('refused_arguments');
  Accounts = accountsOn(rig.connection, rig.fle);
});

beforeEach(async () => {
  await Accounts.deleteMany({});
  await Accounts.create({ _id: idOf(1), owner: 'Eve', iban: secret('first'), points: 1 });
});

afterEach(() => {
  expect(rig.wire.text()).not.toContain(SENTINEL);
});

afterAll(async () => {
  await rig.close();
});

const RANGE = { iban: { $gt: secret('a') } };
const COUNTING = { $inc: { points: 1 } };
const BAD = { owner: 'Ada', points: 0.5 };
const bulk = (...operations: object[]): never => operations as never;

/** Every method with a filter, an update or a value that is refused, and the code of the refusal. */
const BY_MODEL: readonly (readonly [string, string, (model: Model<Account>) => unknown])[] = [
  ['find', 'FILTER', (model) => model.find(RANGE)],
  ['find, lean', 'FILTER', (model) => model.find(RANGE).lean()],
  ['find, orFail', 'FILTER', (model) => model.find(RANGE).orFail()],
  ['find, where', 'FILTER', (model) => model.find().where('iban').gt(1)],
  ['find, sorted', 'OPERATION', (model) => model.find().sort({ iban: 1 })],
  ['find, explained', 'FILTER', (model) => model.find(RANGE).explain()],
  ['a cursor', 'FILTER', (model) => model.find(RANGE).cursor().next()],
  [
    'a cursor, eachAsync',
    'FILTER',
    (model) =>
      model
        .find(RANGE)
        .cursor()
        .eachAsync(() => 0),
  ],
  ['findOne', 'FILTER', (model) => model.findOne(RANGE)],
  ['exists', 'FILTER', (model) => model.exists(RANGE)],
  ['countDocuments', 'FILTER', (model) => model.countDocuments(RANGE)],
  ['distinct, filter', 'FILTER', (model) => model.distinct('owner', RANGE)],
  ['distinct, path', 'OPERATION', (model) => model.distinct('memo')],
  ['deleteOne', 'FILTER', (model) => model.deleteOne(RANGE)],
  ['deleteMany', 'FILTER', (model) => model.deleteMany(RANGE)],
  ['findOneAndDelete', 'FILTER', (model) => model.findOneAndDelete(RANGE)],
  ['updateOne, filter', 'FILTER', (model) => model.updateOne(RANGE, { owner: 'x' })],
  ['updateOne, update', 'UPDATE', (model) => model.updateOne({}, COUNTING)],
  ['updateOne, value', 'VALUE', (model) => model.updateOne({}, BAD)],
  ['updateMany', 'UPDATE', (model) => model.updateMany({}, COUNTING)],
  ['replaceOne', 'VALUE', (model) => model.replaceOne({}, BAD)],
  ['findOneAndUpdate', 'UPDATE', (model) => model.findOneAndUpdate({}, COUNTING)],
  ['findByIdAndUpdate', 'UPDATE', (model) => model.findByIdAndUpdate(idOf(1), COUNTING)],
  ['findOneAndReplace', 'VALUE', (model) => model.findOneAndReplace({}, BAD)],
  ['create', 'VALUE', (model) => model.create(BAD)],
  ['create, many', 'VALUE', (model) => model.create([BAD, BAD])],
  ['insertOne', 'VALUE', (model) => model.insertOne(BAD)],
  ['insertMany', 'VALUE', (model) => model.insertMany([BAD])],
  ['insertMany, lean', 'VALUE', (model) => model.insertMany([{ ...BAD }], { lean: true })],
  ['insertMany, unordered', 'VALUE', (model) => model.insertMany([BAD], { ordered: false })],
  [
    'bulkWrite, insertOne',
    'VALUE',
    (model) => model.bulkWrite(bulk({ insertOne: { document: BAD } })),
  ],
  [
    'bulkWrite, updateOne',
    'UPDATE',
    (model) => model.bulkWrite(bulk({ updateOne: { filter: {}, update: COUNTING } })),
  ],
  [
    'bulkWrite, replaceOne',
    'VALUE',
    (model) => model.bulkWrite(bulk({ replaceOne: { filter: {}, replacement: BAD } })),
  ],
  [
    'bulkWrite, deleteMany',
    'FILTER',
    (model) => model.bulkWrite(bulk({ deleteMany: { filter: RANGE } })),
  ],
  ['aggregate', 'FILTER', (model) => model.aggregate([{ $match: RANGE }])],
  [
    'aggregate, cursor',
    'FILTER',
    (model) =>
      model
        .aggregate([{ $match: RANGE }])
        .cursor()
        .next(),
  ],
  ['aggregate, explained', 'FILTER', (model) => model.aggregate([{ $match: RANGE }]).explain()],
  ['collection.insertOne', 'VALUE', ({ collection }) => collection.insertOne(BAD)],
  ['collection.updateOne', 'UPDATE', ({ collection }) => collection.updateOne({}, COUNTING)],
  ['collection.findOne', 'FILTER', ({ collection }) => collection.findOne(RANGE)],
  ['collection.dropSearchIndex', 'OPERATION', ({ collection }) => collection.dropSearchIndex('x')],
];

/** The same for what a document does; it holds a value that is refused. */
const BY_DOCUMENT: readonly (readonly [
  string,
  (document: AccountDocument, model: Model<Account>) => unknown,
])[] = [
  ['save', (document) => document.save()],
  ['save without validation', (document) => document.save({ validateBeforeSave: false })],
  ['save without hooks', (document) => document.save({ middleware: false })],
  ['bulkSave', (document, model) => model.bulkSave([document])],
  ['insertMany', (document, model) => model.insertMany([document])],
  ['updateOne', (document) => document.updateOne(COUNTING)],
  ['replaceOne', (document) => document.replaceOne(BAD)],
];

const isWriting = (method: string): boolean => /save/i.test(method);

async function dirtyDocument(model: Model<Account>, kind: string): Promise<AccountDocument> {
  const document =
    kind === 'new'
      ? new model({ _id: idOf(2), ...fullAccount(), iban: secret('second') })
      : await model.findById(idOf(1)).orFail();
  return document.set({ points: 0.5, memo: secret('kept') });
}

/** Mongoose takes a new document for unmodified after any failed insert, and gives it its version; it is new all the same. */
function expectAsBefore(document: AccountDocument, before: State): void {
  if (!before.isNew) expect(stateOf(document)).toEqual(before);
  else expect(stateOf(document)).toMatchObject({ isNew: true, values: before.values });
}

type State = ReturnType<typeof stateOf> & { readonly isNew?: boolean; readonly values?: object };

describe('a refusal is a rejection, before which nothing is sent, of', () => {
  it.each(BY_MODEL)('%s', async (_, code, attempt) => {
    const refusal = await refusalOf(rig, () => attempt(Accounts));
    expect(refusal.code).toBe(`FLE_${code === 'VALUE' ? 'INVALID' : 'UNSUPPORTED'}_${code}`);
  });

  describe.each(['new', 'changed'])('a document, %s, and leaves it as it was, of', (kind) => {
    it.each(BY_DOCUMENT)('%s', async (_, attempt) => {
      const document = await dirtyDocument(Accounts, kind);
      const before: State = stateOf(document);
      await refusalOf(rig, () => attempt(document, Accounts));
      expectAsBefore(document, before);
      document.points = 7;
      await document.save();
      expect(stateOf(document)).toMatchObject({ isNew: false, isModified: false });
      const stored = await Accounts.findById(document._id).lean();
      expect(stored).toMatchObject({ points: 7, memo: secret('kept') });
    });
  });
});

describe('of a schema that has come to be wrong, every method rejects:', () => {
  let Ruined: Model<Account>;

  beforeEach(async () => {
    Ruined = rig.connection.model<Account>('Ruined', accountSchema(rig.fle), 'ruined');
    await Ruined.deleteMany({});
    await Ruined.create({ _id: idOf(1), owner: 'Eve', iban: secret('first'), points: 1 });
  });

  afterEach(() => {
    rig.connection.deleteModel('Ruined');
  });

  const ruin = (): unknown => Ruined.schema.index({ memo: 1 });

  it.each(BY_MODEL)('%s', async (_name, _code, attempt) => {
    ruin();
    expect(await refusalOf(rig, () => attempt(Ruined))).toHaveProperty(
      'code',
      'FLE_INVALID_DECLARATION',
    );
  });

  describe.each(['new', 'changed'])('of a document, %s, which stays as it was:', (kind) => {
    it.each(BY_DOCUMENT.filter(([method]) => isWriting(method)))('%s', async (_, attempt) => {
      const document = await dirtyDocument(Ruined, kind);
      document.points = 7;
      const before: State = stateOf(document);
      ruin();
      expect(await refusalOf(rig, () => attempt(document, Ruined))).toHaveProperty(
        'code',
        'FLE_INVALID_DECLARATION',
      );
      expectAsBefore(document, before);
    });
  });
});
