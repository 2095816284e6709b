import { secret } from '../mongoose/compare-twins';
import { named, SORT, type StageRows } from './stage-examples';

const WINDOW = { partitionBy: '$visits', sortBy: { _id: 1 } };
const LAST = { method: 'locf' };
const STEPS = { step: 1, bounds: [3, 5] };

/** The length of each name and its number, which `$densify` can go on with. */
const LENGTHS = [
  { $set: { n: { $strLenCP: '$name' } } },
  { $project: { n: 1, ssn: 1, visits: 1, _id: 0 } },
];

/** Stages that put documents together, or look from one at others. */
export const groupStages: StageRows = {
  $group: [
    {
      answered: [
        [{ $group: { _id: '$visits', n: { $sum: 1 } } }, { $sort: { n: 1 } }],
        [{ $group: { _id: { v: '$visits', name: '$name' } } }, { $sort: { '_id.name': 1 } }],
        [SORT, { $group: { _id: null, all: { $push: '$$ROOT' } } }],
      ],
      refused: [
        [{ $group: { _id: '$birthDate' } }],
        [{ $group: { _id: { $toLower: '$ssn' } } }],
        [{ $group: { _id: { v: '$visits', b: '$birthDate' } } }],
      ],
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
        [named('Ada'), { $bucketAuto: { groupBy: '$name', buckets: 1 } }],
        [
          named('Bea'),
          { $bucketAuto: { groupBy: '$name', buckets: 1, output: { all: { $push: '$ssn' } } } },
        ],
      ],
      refused: [[{ $bucketAuto: { groupBy: '$visits', buckets: 2 } }]],
    },
  ],
  $setWindowFields: [
    {
      answered: [
        [{ $setWindowFields: { ...WINDOW, output: { all: { $push: '$ssn' } } } }, SORT],
        [
          {
            $setWindowFields: {
              partitionBy: { v: '$visits', n: '$insurance.number' },
              sortBy: { name: -1 },
              output: {
                births: { $push: '$birthDate', window: { documents: ['unbounded', 'current'] } },
                rank: { $rank: {} },
              },
            },
          },
          SORT,
        ],
      ],
      refused: [
        [{ $setWindowFields: { partitionBy: '$birthDate', output: {} } }],
        [{ $setWindowFields: { partitionBy: { $toUpper: '$ssn' }, output: {} } }],
        [{ $setWindowFields: { sortBy: { visits: 1 }, output: {} } }],
        [{ $setWindowFields: { ...WINDOW, output: { sum: { $sum: '$visits' } } } }],
        [{ $setWindowFields: { ...WINDOW, output: { ssn: { $first: '$name' } } } }],
        [{ $setWindowFields: { ...WINDOW, output: { x: { $accumulator: {} } } } }],
      ],
    },
  ],
  $fill: [
    {
      answered: [
        [{ $fill: { sortBy: { _id: 1 }, output: { ssn: LAST, nickname: LAST } } }, SORT],
        [
          {
            $fill: {
              partitionByFields: ['visits'],
              sortBy: { _id: 1 },
              output: { address: LAST, weight: LAST },
            },
          },
          SORT,
        ],
        [SORT, { $fill: { partitionBy: '$ssn', output: { ward: { value: 'none' } } } }, SORT],
      ],
      refused: [
        [{ $fill: { output: { ssn: { value: secret('x') } } } }],
        [{ $fill: { output: { ward: { value: '$ssn' } } } }],
        [{ $fill: { sortBy: { _id: 1 }, output: { visits: { method: 'linear' } } } }],
        [{ $fill: { sortBy: { ssn: 1 }, output: { ward: LAST } } }],
        [{ $fill: { partitionByFields: ['birthDate'], output: { ward: { value: 'x' } } } }],
        [{ $fill: { sortBy: { _id: 1 }, output: { 'insurance.number': LAST } } }],
      ],
    },
  ],
  $densify: [
    {
      answered: [
        [named('Ada'), ...LENGTHS, { $densify: { field: 'n', range: STEPS } }, { $sort: { n: 1 } }],
        [
          { $match: { ssn: secret('bea') } },
          ...LENGTHS,
          { $densify: { field: 'n', partitionByFields: ['visits', 'ssn'], range: STEPS } },
          { $sort: { n: 1 } },
        ],
      ],
      refused: [
        [{ $densify: { field: 'visits', range: { step: 1, bounds: 'full' } } }],
        [{ $densify: { field: 'n', partitionByFields: ['birthDate'], range: STEPS } }],
      ],
    },
  ],
};
