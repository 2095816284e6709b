import type { PipelineStage } from 'mongoose';
import { secret } from '../mongoose/compare-twins';
import type { Examples, OperationsTable } from './examples';

/** Of one accumulator, over groups by name. */
const over = (operator: string, path: unknown): object => ({ [operator]: path });
const computing = (operator: string, path: unknown = '$visits'): Examples<object>[] => [
  { refused: [over(operator, path)] },
];

const BIRTH_AND_CONTACTS = { birth: '$birthDate', contacts: '$contacts' };

/** What `$top` and its like give of an output, in an order. */
const ordered = (operator: string, more: object): Examples<object>[] => [
  {
    answered: [
      over(operator, { ...more, sortBy: { name: 1, _id: -1 }, output: '$ssn' }),
      over(operator, { ...more, sortBy: { _id: 1 }, output: BIRTH_AND_CONTACTS }),
    ],
    refused: [
      over(operator, { ...more, sortBy: { _id: 1 }, output: Object.values(BIRTH_AND_CONTACTS) }),
      over(operator, { ...more, sortBy: { ssn: 1 }, output: '$name' }),
      over(operator, { ...more, sortBy: { name: 1 }, output: { $toLower: '$ssn' } }),
    ],
  },
];

export const accumulators: OperationsTable<object> = {
  heading: 'Aggregation',
  first: 'Accumulator',
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
    $push: [
      {
        answered: [
          over('$push', '$contacts'),
          over('$push', '$weight'),
          over('$push', { number: '$ssn', name: '$name' }),
        ],
        refused: [over('$push', ['$ssn', '$name'])],
      },
    ],
    $firstN: [{ answered: [over('$firstN', { n: 2, input: '$ssn' })] }],
    $lastN: [{ answered: [over('$lastN', { n: 1, input: '$notes' })] }],
    $count: [{ answered: [over('$count', {})] }],
    $top: ordered('$top', {}),
    $topN: ordered('$topN', { n: 2 }),
    $bottom: ordered('$bottom', {}),
    $bottomN: ordered('$bottomN', { n: 2 }),
    $addToSet: [
      { answered: [over('$addToSet', '$ssn')], refused: [over('$addToSet', '$birthDate')] },
    ],
    $avg: computing('$avg'),
    $max: computing('$max', '$birthDate'),
    $maxN: computing('$maxN', { n: 1, input: '$ssn' }),
    $median: computing('$median', { input: '$visits', method: 'approximate' }),
    $mergeObjects: computing('$mergeObjects', '$doctor'),
    $min: computing('$min', '$ssn'),
    $minN: computing('$minN', { n: 1, input: '$birthDate' }),
    $percentile: computing('$percentile', { input: '$weight', p: [0.5], method: 'approximate' }),
    $stdDevPop: computing('$stdDevPop'),
    $stdDevSamp: computing('$stdDevSamp', '$weight'),
    $sum: computing('$sum'),
    'any other (nowhere)': [
      {
        refused: [
          over('$setUnion', '$allergies'),
          over('$concatArrays', { $literal: ['x'] }),
          over('$accumulator', { lang: 'js', init: '', accumulate: '', merge: '' }),
        ],
      },
    ],
  },
};

/** An operator over a window, and what of `$setWindowFields` stands beside its `output`. */
interface Windowed {
  readonly operator: object;
  readonly sortBy?: object;
}

const refused = (operator: string, ...operands: unknown[]): Examples<Windowed>[] => [
  { refused: operands.map((operand) => ({ operator: over(operator, operand) })) },
];

/** What numbers documents reads nothing of them but their order. */
const numbering = (operator: string): Examples<Windowed>[] => [
  {
    refused: [
      { operator: over(operator, {}), sortBy: { ssn: 1 } },
      { operator: over(operator, {}), sortBy: { birthDate: -1 } },
    ],
  },
];

export const windowOperators: OperationsTable<Windowed> = {
  heading: 'Aggregation',
  first: 'Only in $setWindowFields',
  columns: ['Over encrypted values'],
  ways: {
    aggregate: (model, { operator, sortBy = { _id: 1 } }) =>
      model.aggregate([
        { $setWindowFields: { partitionBy: '$visits', sortBy, output: { made: operator } } },
        { $sort: { _id: 1 } },
      ] as PipelineStage[]),
    $facet: (model, { operator, sortBy = { _id: 1 } }) =>
      model.aggregate([
        { $facet: { all: [{ $setWindowFields: { sortBy, output: { made: operator } } }] } },
      ] as PipelineStage[]),
  },
  plain: ['yes'],
  code: 'FLE_UNSUPPORTED_STAGE',
  rows: {
    $locf: [
      { answered: ['$ssn', '$address', '$contacts'].map((p) => ({ operator: over('$locf', p) })) },
    ],
    $shift: [
      {
        answered: [
          { operator: over('$shift', { output: '$ssn', by: 1 }) },
          { operator: over('$shift', { output: '$notes', by: -1, default: null }) },
        ],
        refused: [
          { operator: over('$shift', { output: '$ssn', by: 1, default: secret('x') }) },
          { operator: over('$shift', { output: '$name', by: 1, default: '$ssn' }) },
        ],
      },
    ],
    $covariancePop: refused('$covariancePop', ['$visits', '$weight']),
    $covarianceSamp: refused('$covarianceSamp', ['$visits', 1]),
    $denseRank: numbering('$denseRank'),
    $derivative: refused('$derivative', { input: '$visits' }),
    $documentNumber: numbering('$documentNumber'),
    $expMovingAvg: refused('$expMovingAvg', { input: '$weight', N: 2 }),
    $integral: refused('$integral', { input: '$visits' }),
    $linearFill: refused('$linearFill', '$visits', '$weight'),
    $rank: numbering('$rank'),
  },
};
