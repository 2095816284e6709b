import { secret } from '../mongoose/compare-twins';
import { named, SORT, type StageRows } from './stage-examples';

const JOIN = { from: 'visits', localField: 'ssn', foreignField: 'patient', as: 'stays' };
const MATCH_WARD = { $match: { ward: 'B' } };

const WALK = {
  from: 'visits',
  startWith: '$ssn',
  connectFromField: 'patient',
  connectToField: 'patient',
  as: 'found',
};
const WARDS = {
  from: 'wards',
  startWith: '$name',
  connectFromField: 'name',
  connectToField: 'name',
  as: 'found',
};

/** A join by a variable that is bound to an encrypted field. */
const byVariable = (...pipeline: object[]): object => ({
  $lookup: { from: 'visits', as: 'stays', let: { number: '$ssn', who: '$name' }, pipeline },
});
const where = ($expr: object): object => ({ $match: { $expr } });
const SAME = { $eq: ['$patient', '$$number'] };

/** Stages that join documents of another collection. */
export const joinStages: StageRows = {
  $lookup: [
    {
      answered: [
        [SORT, { $lookup: { ...JOIN, pipeline: [MATCH_WARD] } }],
        [named('Bea'), { $lookup: JOIN }, { $unwind: '$stays' }],
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
        [SORT, byVariable(where(SAME), SORT)],
        [SORT, byVariable(where({ $and: [SAME, { $ne: ['$ward', '$$who'] }] }), SORT)],
      ],
      refused: [
        [{ $lookup: { ...JOIN, localField: 'birthDate' } }],
        [{ $lookup: { ...JOIN, localField: 'name' } }],
        [{ $lookup: { ...JOIN, pipeline: [{ $sort: { patient: 1 } }] } }],
        [byVariable(where({ $gt: ['$patient', '$$number'] }))],
        [byVariable(where({ $eq: ['$ward', '$$number'] }))],
        [byVariable(SORT, where(SAME))],
        [byVariable({ $project: { x: '$$number' } })],
      ],
      refusedAs: {
        FLE_UNSUPPORTED_FILTER: [[byVariable(where({ $eq: ['$patient', '$$who'] }))]],
      },
    },
  ],
  $graphLookup: [
    {
      answered: [
        [SORT, { $graphLookup: WARDS }],
        [SORT, { $graphLookup: WALK }, { $project: { ssn: 1, found: { patient: 1 } } }],
        [
          SORT,
          {
            $graphLookup: {
              ...WALK,
              depthField: 'depth',
              restrictSearchWithMatch: { patient: { $in: [secret('bea')] } },
            },
          },
        ],
      ],
      refused: [
        [{ $graphLookup: { ...WARDS, startWith: '$ssn' } }],
        [{ $graphLookup: { ...WALK, startWith: '$birthDate' } }],
        [{ $graphLookup: { ...WALK, connectToField: 'ward' } }],
        [{ $graphLookup: { ...WALK, depthField: 'patient' } }],
      ],
      refusedAs: {
        FLE_UNSUPPORTED_FILTER: [
          [{ $graphLookup: { ...WALK, restrictSearchWithMatch: { patient: /x/ } } }],
        ],
      },
    },
  ],
};
