import { secret } from '../mongoose/compare-twins';
import { named, SORT, type StageRows } from './stage-examples';

/** Stages that keep documents, or make others of their paths. */
export const pathStages: StageRows = {
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
      answered: [[named('Ada'), { $replaceRoot: { newRoot: '$doctor' } }]],
      refused: [[{ $replaceRoot: { newRoot: { $mergeObjects: ['$doctor', { x: 1 }] } } }]],
    },
  ],
  $replaceWith: [
    {
      answered: [[SORT, { $replaceWith: { number: '$ssn', name: '$name' } }]],
      refused: [[{ $replaceWith: { $arrayElemAt: ['$contacts', 0] } }]],
    },
  ],
  $count: [{ answered: [[{ $match: { visits: 3 } }, { $count: 'n' }]] }],
  $limit: [{ answered: [[SORT, { $limit: 2 }]] }],
  $sample: [{ answered: [[{ $match: { ssn: secret('bea') } }, { $sample: { size: 3 } }]] }],
  $skip: [{ answered: [[SORT, { $skip: 1 }]] }],
  $sort: [{ answered: [[{ $sort: { name: -1, _id: 1 } }]], refused: [[{ $sort: { ssn: 1 } }]] }],
  $redact: [
    {
      answered: [
        [SORT, { $redact: '$$KEEP' }],
        [{ $redact: { $cond: [{ $eq: ['$name', 'Ada'] }, '$$KEEP', '$$PRUNE'] } }],
      ],
      refused: [
        [{ $redact: '$$DESCEND' }],
        [{ $redact: { $cond: [{ $eq: ['$name', 'Ada'] }, '$$DESCEND', '$$PRUNE'] } }],
        [{ $redact: { $cond: [{ $eq: ['$ssn', 'x'] }, '$$KEEP', '$$PRUNE'] } }],
        [{ $redact: { $cond: [{ $gt: ['$birthDate', null] }, '$$KEEP', '$$PRUNE'] } }],
      ],
    },
  ],
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
};

function near(key: string): object {
  return { near: { type: 'Point', coordinates: [8, 47] }, distanceField: 'far', key };
}
