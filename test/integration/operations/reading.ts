import type { PipelineStage } from 'mongoose';
import { secret } from '../mongoose/compare-twins';
import { idOf } from '../mongoose/seed-patients';
import { nextChanges, opened } from '../mongoose/watch-twins';
import type { ClinicModel } from './clinic';
import type { Examples, OperationsTable } from './examples';

type Options = Record<string, unknown>;

const SLICES = { notes: { $slice: 1 }, contacts: { $slice: [0, 1] } };
const ELEMENT = { contacts: { $elemMatch: { phone: secret('cid') } } };
const SELECTIONS: readonly object[] = [
  { ssn: 1, 'contacts.phone': 1, 'labels.ward': 1 },
  { ssn: 0, address: 0, 'contacts.remark': 0 },
  SLICES,
  ELEMENT,
];
const COMPUTED: readonly object[] = [
  { name: '$ssn' },
  { ssn: { $literal: 'x' } },
  { upper: { $toUpper: '$ssn' } },
];

const selecting = (option: string): readonly Examples<Options>[] => [
  {
    answered: SELECTIONS.map((selection) => ({ [option]: selection })),
    refused: COMPUTED.map((selection) => ({ [option]: selection })),
  },
];

export const readingOptions: OperationsTable<Options> = {
  heading: 'Reading',
  columns: ['On encrypted paths'],
  ways: {
    find: (model, options) => model.collection.find({}, { ...options }).toArray(),
    findOneAndUpdate: (model, options) =>
      model.collection.findOneAndUpdate({ _id: idOf(1) }, { $set: { name: 'x' } }, { ...options }),
  },
  plain: ['yes'],
  code: 'FLE_UNSUPPORTED_OPERATION',
  rows: {
    projection: selecting('projection'),
    fields: selecting('fields'),
    sort: [
      {
        refused: [{ sort: { ssn: 1 } }, { sort: [['contacts.phone', -1]] }, { sort: 'birthDate' }],
      },
    ],
    min: [{ refused: [{ min: { ssn: secret('a') }, hint: { ssn: 1 } }] }],
    max: [{ refused: [{ max: { ssn: secret('a') }, hint: { ssn: 1 } }] }],
    returnKey: [{ refused: [{ returnKey: true }] }],
    raw: [{ refused: [{ raw: true }] }],
  },
};

type Stages = object[];

const SORT = { $sort: { _id: 1 } };
const JOIN = { from: 'visits', localField: 'ssn', foreignField: 'patient', as: 'stays' };
const MATCH_WARD = { $match: { ward: 'B' } };

const unlisted = (...stages: object[]): Examples<Stages>[] => [
  { refused: stages.map((stage) => [stage]) },
];

export const stages: OperationsTable<Stages> = {
  heading: 'Aggregation',
  columns: ['Where it touches encrypted paths'],
  ways: {
    aggregate: async (model, pipeline) => [
      await (isOfStream(pipeline)
        ? firstChange(model, pipeline)
        : model.aggregate(stagesOf(pipeline))),
      ['$out', '$merge'].some((name) => name in (pipeline.at(-1) ?? {})) &&
        (await model.db.model('Archive').find().sort({ _id: 1 }).lean()),
    ],
    cursor: async (model, pipeline) => {
      if (isOfStream(pipeline)) return 'in change streams only';
      const read: unknown[] = [];
      const cursor = model.aggregate(stagesOf(pipeline)).cursor({ batchSize: 2 });
      for await (const each of cursor) read.push(each);
      return read;
    },
    'collection.aggregate': async (model, pipeline) =>
      isOfStream(pipeline)
        ? 'in change streams only'
        : await model.collection.aggregate(pipeline).toArray(),
  },
  plain: ['yes'],
  code: 'FLE_UNSUPPORTED_STAGE',
  rows: {
    $match: [
      {
        answered: [[{ $match: { ssn: secret('bea') } }]],
        refusedAs: { FLE_UNSUPPORTED_FILTER: [[{ $match: { visits: { $gt: 1 } } }]] },
      },
    ],
    $project: [
      {
        answered: [
          [SORT, { $project: { ssn: 1, 'contacts.phone': 1 } }],
          [SORT, { $project: { ssn: 0, details: 0 } }],
          [SORT, { $project: { number: '$insurance.number', name: 1 } }],
        ],
        refused: [
          [{ $project: { low: { $toLower: '$ssn' } } }],
          [{ $project: { ssn: { $literal: 'x' } } }],
        ],
      },
    ],
    $addFields: [
      {
        answered: [[SORT, { $addFields: { copy: '$birthDate', upper: { $toUpper: '$name' } } }]],
        refused: [
          [{ $addFields: { sum: { $add: ['$visits', 1] } } }],
          [{ $addFields: { ssn: '$name' } }],
        ],
      },
    ],
    $set: [
      {
        answered: [[SORT, { $set: { copy: '$ssn' } }, { $match: { copy: secret('bea') } }]],
        refused: [[{ $set: { ssn: 'literal' } }], [{ $set: { is: { $eq: ['$ssn', 'x'] } } }]],
      },
    ],
    $unset: [
      {
        answered: [[SORT, { $unset: ['ssn', 'contacts.phone', 'address'] }]],
        refused: [[{ $unset: 'address.city' }]],
      },
    ],
    $unwind: [
      {
        answered: [
          [SORT, { $unwind: '$allergies' }],
          [SORT, { $unwind: { path: '$contacts', preserveNullAndEmptyArrays: true } }],
        ],
        refused: [[{ $unwind: '$details' }]],
      },
    ],
    $replaceRoot: [
      {
        answered: [[{ $match: { name: 'Ada' } }, { $replaceRoot: { newRoot: '$doctor' } }]],
        refused: [[{ $replaceRoot: { newRoot: { $mergeObjects: ['$doctor', { x: 1 }] } } }]],
      },
    ],
    $replaceWith: [
      {
        answered: [[SORT, { $replaceWith: { number: '$ssn', name: '$name' } }]],
        refused: [[{ $replaceWith: { $arrayElemAt: ['$contacts', 0] } }]],
      },
    ],
    $group: [
      {
        answered: [[{ $group: { _id: '$visits', n: { $sum: 1 } } }, { $sort: { n: 1 } }]],
        refused: [[{ $group: { _id: '$birthDate' } }], [{ $group: { _id: { $toLower: '$ssn' } } }]],
      },
    ],
    $sortByCount: [
      {
        answered: [[{ $match: { visits: 3 } }, { $sortByCount: '$visits' }]],
        refused: [[{ $sortByCount: '$birthDate' }]],
      },
    ],
    $bucket: [
      {
        answered: [
          [
            SORT,
            {
              $bucket: {
                groupBy: '$name',
                boundaries: ['A', 'B', 'Z'],
                output: { all: { $push: '$ssn' } },
              },
            },
          ],
        ],
        refused: [[{ $bucket: { groupBy: '$visits', boundaries: [0, 9] } }]],
      },
    ],
    $bucketAuto: [
      {
        answered: [
          [{ $match: { name: 'Ada' } }, { $bucketAuto: { groupBy: '$name', buckets: 1 } }],
        ],
        refused: [[{ $bucketAuto: { groupBy: '$visits', buckets: 2 } }]],
      },
    ],
    $lookup: [
      {
        answered: [
          [SORT, { $lookup: { ...JOIN, pipeline: [MATCH_WARD] } }],
          [{ $match: { name: 'Bea' } }, { $lookup: JOIN }, { $unwind: '$stays' }],
          [
            SORT,
            {
              $lookup: {
                from: 'visits',
                as: 'all',
                let: { n: '$name' },
                pipeline: [{ $match: { patient: secret('bea') } }],
              },
            },
          ],
        ],
        refused: [
          [{ $lookup: { ...JOIN, localField: 'birthDate' } }],
          [{ $lookup: { ...JOIN, localField: 'name' } }],
          [{ $lookup: { ...JOIN, let: { ssn: '$ssn' }, pipeline: [] } }],
        ],
      },
    ],
    $graphLookup: [
      {
        answered: [
          [
            SORT,
            {
              $graphLookup: {
                from: 'wards',
                startWith: '$name',
                connectFromField: 'name',
                connectToField: 'name',
                as: 'found',
              },
            },
          ],
        ],
        refused: [
          [
            {
              $graphLookup: {
                from: 'wards',
                startWith: '$ssn',
                connectFromField: 'name',
                connectToField: 'name',
                as: 'found',
              },
            },
          ],
        ],
      },
    ],
    $unionWith: [
      {
        answered: [
          [
            SORT,
            { $unionWith: { coll: 'archives', pipeline: [{ $match: { ssn: secret('x') } }] } },
          ],
        ],
        refused: [[{ $unionWith: 'visits' }], [{ $unionWith: 'wards' }]],
      },
    ],
    $facet: [
      {
        answered: [[SORT, { $facet: { a: [{ $match: { visits: 0 } }], b: [{ $count: 'n' }] } }]],
        refused: [[{ $facet: { a: [{ $sort: { ssn: 1 } }] } }]],
      },
    ],
    $merge: [
      {
        answered: [
          [{ $merge: { into: 'archives' } }],
          [{ $merge: { into: 'archives', whenMatched: 'replace' } }],
        ],
        refused: [
          [{ $merge: { into: 'wards' } }],
          [{ $merge: { into: 'archives', whenMatched: [{ $set: { ssn: 'x' } }] } }],
        ],
      },
    ],
    $out: [
      { answered: [[{ $out: 'archives' }]], refused: [[{ $out: 'wards' }], [{ $out: 'visits' }]] },
    ],
    $changeStreamSplitLargeEvent: [{ answered: [[{ $changeStreamSplitLargeEvent: {} }]] }],
    $count: [{ answered: [[{ $match: { visits: 3 } }, { $count: 'n' }]] }],
    $limit: [{ answered: [[SORT, { $limit: 2 }]] }],
    $sample: [{ answered: [[{ $match: { ssn: secret('bea') } }, { $sample: { size: 3 } }]] }],
    $skip: [{ answered: [[SORT, { $skip: 1 }]] }],
    $sort: [{ answered: [[{ $sort: { name: -1, _id: 1 } }]], refused: [[{ $sort: { ssn: 1 } }]] }],
    $geoNear: [
      {
        answered: [[{ $geoNear: { ...near('place'), query: { ssn: secret('ssn') } } }]],
        refused: [
          [{ $geoNear: near('ssn') }],
          [{ $geoNear: { ...near('place'), distanceField: 'ssn' } }],
        ],
        refusedAs: {
          FLE_UNSUPPORTED_FILTER: [
            [{ $geoNear: { ...near('place'), query: { visits: { $gt: 1 } } } }],
          ],
        },
      },
    ],
    $redact: unlisted({ $redact: '$$KEEP' }),
    $search: unlisted({ $search: { text: { query: 'x', path: 'ssn' } } }),
    $setWindowFields: unlisted({ $setWindowFields: { output: {} } }),
    $fill: unlisted({ $fill: { output: { name: { value: 'x' } } } }),
    $densify: unlisted({ $densify: { field: 'visits', range: { step: 1, bounds: 'full' } } }),
  },
};

function near(key: string): object {
  return { near: { type: 'Point', coordinates: [8, 47] }, distanceField: 'far', key };
}

function stagesOf(pipeline: Stages): PipelineStage[] {
  return pipeline as PipelineStage[];
}

/** Whether a stage is for change streams, which an aggregate of the collection has not. */
function isOfStream(pipeline: Stages): boolean {
  return pipeline.some((stage) => '$changeStreamSplitLargeEvent' in stage);
}

/** What a change stream gives first, or that the database does not know its stage, which has been passed on to it then. */
async function firstChange(model: ClinicModel, pipeline: Stages): Promise<unknown> {
  try {
    const watching = await opened(model, pipeline);
    await model.create({ _id: idOf(20), ssn: secret('watched') });
    const changes = await nextChanges(watching, 1);
    await watching.close();
    return changes;
  } catch (error) {
    const { name, message } = error as Error;
    if (name === 'MongoServerError' && message.includes('not recognized')) return 'unknown there';
    throw error;
  }
}

/** Of one accumulator, over groups by name. */
const over = (operator: string, path: unknown): object => ({ [operator]: path });
const computing = (operator: string, path = '$visits'): Examples<object>[] => [
  { refused: [over(operator, path)] },
];

export const accumulators: OperationsTable<object> = {
  heading: 'Aggregation',
  columns: ['Over encrypted values'],
  ways: {
    $group: (model, accumulator) =>
      model.aggregate([
        { $sort: { _id: 1 } },
        { $group: { _id: '$name', made: accumulator } },
        { $sort: { _id: 1 } },
      ] as PipelineStage[]),
    $bucketAuto: (model, accumulator) =>
      model.aggregate([
        { $match: { name: 'Ada' } },
        { $bucketAuto: { groupBy: '$name', buckets: 1, output: { made: accumulator } } },
      ] as PipelineStage[]),
  },
  plain: ['yes'],
  code: 'FLE_UNSUPPORTED_STAGE',
  rows: {
    $first: [{ answered: [over('$first', '$ssn'), over('$first', '$address')] }],
    $last: [{ answered: [over('$last', '$birthDate')] }],
    $push: [{ answered: [over('$push', '$contacts'), over('$push', '$weight')] }],
    $firstN: [{ answered: [over('$firstN', { n: 2, input: '$ssn' })] }],
    $lastN: [{ answered: [over('$lastN', { n: 1, input: '$notes' })] }],
    $count: [{ answered: [over('$count', {})] }],
    $addToSet: [
      { answered: [over('$addToSet', '$ssn')], refused: [over('$addToSet', '$birthDate')] },
    ],
    $avg: computing('$avg'),
    $max: computing('$max', '$birthDate'),
    $mergeObjects: computing('$mergeObjects', '$doctor'),
    $min: computing('$min', '$ssn'),
    $stdDevPop: computing('$stdDevPop'),
    $stdDevSamp: computing('$stdDevSamp', '$weight'),
    $sum: computing('$sum'),
    'any other (nowhere)': [
      {
        refused: [
          over('$top', { sortBy: { name: 1 }, output: '$ssn' }),
          over('$maxN', { n: 1, input: '$name' }),
        ],
      },
    ],
  },
};
