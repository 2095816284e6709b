import type { AnyBulkWriteOperation, mongo } from 'mongoose';
import { secret } from '../mongoose/compare-twins';
import { idOf } from '../mongoose/seed-patients';
import { nextChanges, opened } from '../mongoose/watch-twins';
import type { ClinicModel } from './clinic';
import type { Examples, OperationsTable } from './examples';

type Call = (collection: Collection, model: ClinicModel) => unknown;

/** The collection of a model, called with anything. */
type Collection = Readonly<Record<keyof mongo.Collection, Method>>;
type Method = (...parameters: unknown[]) => Promise<unknown> & Pick<mongo.FindCursor, 'toArray'>;

const answered = (...calls: Call[]): Examples<Call>[] => [{ answered: calls }];
const refused = (...calls: Call[]): Examples<Call>[] => [{ refused: calls }];

const BEA = { ssn: secret('bea') };
const CHANGE = { $set: { ssn: secret('changed'), birthDate: new Date(1) } };
const fresh = (n: number): Record<string, unknown> => ({
  _id: idOf(n),
  ssn: secret('fresh'),
  notes: [secret('n')],
});

const OPERATIONS = (): object[] => [
  { insertOne: { document: fresh(20) } },
  { updateOne: { filter: BEA, update: CHANGE } },
  { updateMany: { filter: { visits: 3 }, update: CHANGE } },
  { replaceOne: { filter: { _id: idOf(20) }, replacement: { ssn: secret('other') } } },
  { deleteOne: { filter: { ssn: secret('other') } } },
  { deleteMany: { filter: { ssn: secret('none') } } },
];

export const methods: OperationsTable<Call> = {
  heading: 'Methods',
  first: 'Method',
  columns: [''],
  ways: {
    called: async (model, call) => await call(model.collection as unknown as Collection, model),
  },
  plain: ['rewritten', 'passed on'],
  code: 'FLE_UNSUPPORTED_OPERATION',
  rows: {
    find: answered(
      (collection) => collection.find(BEA).toArray(),
      (_, model) => model.find(BEA),
    ),
    findOne: answered(
      (collection) => collection.findOne(BEA),
      (_, model) => model.findOne(BEA),
    ),
    countDocuments: answered(
      (collection) => collection.countDocuments(BEA),
      (_, model) => model.countDocuments(BEA),
    ),
    distinct: answered(
      async (collection) =>
        ((await collection.distinct('ssn', { visits: 3 })) as unknown[]).map(String).sort(),
      async (_, model) => (await model.distinct('allergies', BEA)).sort(),
    ),
    aggregate: answered(
      (collection) => collection.aggregate([{ $match: BEA }]).toArray(),
      (_, model) => model.aggregate([{ $match: { ...BEA } }]),
    ),
    findOneAndUpdate: answered(
      (collection) => collection.findOneAndUpdate(BEA, CHANGE, { returnDocument: 'after' }),
      async (_, model) => {
        const options = { includeResultMetadata: true } as const;
        const { value, ok } = await model.findOneAndUpdate(BEA, CHANGE, options);
        return [value?.toObject(), ok];
      },
    ),
    findOneAndReplace: answered(
      (collection) => collection.findOneAndReplace(BEA, { ssn: secret('x') }),
      (_, model) =>
        model.findOneAndReplace(BEA, { ssn: secret('x') }, { returnDocument: 'after' }).lean(),
    ),
    findOneAndDelete: answered(
      (collection) => collection.findOneAndDelete(BEA),
      (_, model) => model.findOneAndDelete(BEA).lean(),
    ),
    insertOne: answered(
      (collection) => collection.insertOne(fresh(20)),
      (_, model) => model.insertOne(fresh(20)),
    ),
    insertMany: answered(
      (collection) => collection.insertMany([fresh(20), fresh(21)]),
      (_, model) => model.insertMany([fresh(20), fresh(21)], { lean: true }),
    ),
    updateOne: answered(
      (collection) => collection.updateOne(BEA, CHANGE),
      (_, model) => model.updateOne(BEA, CHANGE),
    ),
    updateMany: answered(
      (collection) => collection.updateMany({ visits: 3 }, CHANGE),
      (_, model) => model.updateMany({ visits: 3 }, CHANGE),
    ),
    replaceOne: answered(
      (collection) => collection.replaceOne(BEA, { ssn: secret('x') }),
      (_, model) => model.replaceOne(BEA, { ssn: secret('x') }),
    ),
    deleteOne: answered(
      (collection) => collection.deleteOne(BEA),
      (_, model) => model.deleteOne(BEA),
    ),
    deleteMany: answered(
      (collection) => collection.deleteMany({ visits: 3 }),
      (_, model) => model.deleteMany({ visits: 3 }),
    ),
    bulkWrite: answered(
      (collection) => collection.bulkWrite(OPERATIONS()),
      (_, model) => model.bulkWrite(OPERATIONS() as AnyBulkWriteOperation[]),
    ),
    dropIndex: answered((collection) => collection.dropIndex('none').catch(codeOf)),
    dropIndexes: answered(async (collection) => {
      await collection.dropIndexes();
      return await Promise.all([
        collection.createIndex({ ssn: 1 }),
        collection.createIndex({ place: '2dsphere' }),
        collection.createIndex({ name: 'text' }),
      ]);
    }),
    indexes: answered(async (collection) => namesOf(await collection.indexes())),
    indexExists: answered((collection) => collection.indexExists('ssn_1')),
    indexInformation: answered((collection) => collection.indexInformation()),
    listIndexes: answered(async (collection) => namesOf(await collection.listIndexes().toArray())),
    createIndex: [
      {
        answered: [(collection) => collection.createIndex({ ssn: 1 }, {})],
        refusedAs: {
          FLE_INVALID_DECLARATION: [
            (collection) => collection.createIndex({ birthDate: 1 }, {}),
            (collection) => collection.createIndex({ ssn: 'text' }, {}),
          ],
        },
      },
    ],
    createIndexes: [
      {
        answered: [(collection) => collection.createIndexes([{ key: { ssn: 1 } }])],
        refusedAs: {
          FLE_INVALID_DECLARATION: [
            (collection) => collection.createIndexes([{ key: { notes: 1 } }]),
          ],
        },
      },
    ],
    drop: answered(
      (_, model) => model.db.model('Ward').collection.drop(),
      (_, model) => model.db.model('Archive').collection.drop(),
    ),
    rename: answered(async (_, model) => {
      const { collection } = model.db.model('Archive');
      await collection.insertOne({ ssn: secret('kept') });
      await collection.rename('moved', { dropTarget: true });
      return await model.db.collection('moved').countDocuments();
    }),
    options: answered((collection) => collection.options()),
    isCapped: answered((collection) => collection.isCapped()),
    estimatedDocumentCount: answered(
      async (collection) => typeof (await collection.estimatedDocumentCount()),
    ),
    watch: answered(async (_, model) => {
      const watching = await opened(model, [{ $match: { 'fullDocument.ssn': secret('fresh') } }]);
      for (const each of [fresh(20), { ...fresh(21), ssn: secret('other') }, fresh(22)]) {
        await model.create(each);
      }
      const changes = await nextChanges(watching, 2);
      await watching.close();
      return changes;
    }),
    initializeOrderedBulkOp: refused((collection) => collection.initializeOrderedBulkOp()),
    initializeUnorderedBulkOp: refused((collection) => collection.initializeUnorderedBulkOp()),
    createSearchIndex: refused((collection) => collection.createSearchIndex({ definition: {} })),
    createSearchIndexes: refused((collection) => collection.createSearchIndexes([])),
    updateSearchIndex: refused((collection) => collection.updateSearchIndex('x', {})),
    dropSearchIndex: refused((collection) => collection.dropSearchIndex('x')),
    listSearchIndexes: refused((collection) => collection.listSearchIndexes()),
  },
};

function namesOf(indexes: unknown): string[] {
  return (indexes as { name: string }[]).map(({ name }) => name).sort();
}

function codeOf(error: unknown): unknown {
  return (error as { codeName?: unknown }).codeName;
}
