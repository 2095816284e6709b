import type { Document } from 'mongoose';
import { secret } from '../mongoose/compare-twins';
import { idOf } from '../mongoose/seed-patients';
import { ACME, BOTH, type Call, type KeyRows } from './accounts';

const ONE = { ssn: secret('1') };
const X = secret('x');
const IDS = { $project: { _id: 1, ssn: 1 } };
const SORT = { $sort: { _id: 1 } };

const JOIN = { from: 'accounts', localField: 'ssn', foreignField: 'ssn', as: 'same' };
const OF_ACME = [{ $match: ACME }, SORT];

/** Finds the accounts with the number of a letter. */
const populated =
  (match: object): Call =>
  async (accounts) => {
    const letter: Document<unknown> = accounts.db
      .model<object>('Letter')
      .hydrate({ _id: idOf(1), ...ONE });
    await letter.populate({ path: 'accounts', match, options: { sort: { _id: 1 } } });
    return (letter.get('accounts') as { toObject(): unknown }[]).map((each) => each.toObject());
  };

/** The rows of what reads, and of what filters ask for. */
export const keysOfReading: KeyRows = {
  'filters of what reads, deletes or updates': [
    {
      answered: [
        { filter: { ...ACME, ...ONE } },
        { filter: { ...BOTH, ...ONE } },
        { filter: { ...BOTH, ssn: { $in: [secret('1'), secret('2'), null] }, codes: X } },
        { filter: { $and: [ACME, { ssn: { $ne: secret('1') } }] } },
        {
          filter: {
            $or: [
              { ...ACME, ssn: secret('2') },
              { tenantId: 'globex', ...ONE },
            ],
          },
        },
        { filter: { tenantId: 'nobody', ...ONE } },
        (accounts) =>
          accounts
            .find(ACME, { contacts: { $elemMatch: { phone: secret('phone') } } })
            .sort({ _id: 1 })
            .lean(),
        (accounts) =>
          accounts.updateMany(
            ACME,
            { $set: { 'contacts.$[c].phone': secret('new') } },
            { arrayFilters: [{ 'c.phone': secret('phone') }] },
          ),
      ],
      refused: [
        { filter: ONE },
        { filter: { tenantId: { $ne: 'acme' }, ...ONE } },
        { filter: { $nor: [ACME], ...ONE } },
        { filter: { $or: [ACME, { name: 'Cyd' }], ...ONE } },
        { filter: { tenantId: /acme/, ...ONE } },
        (accounts) => accounts.find({}, { contacts: { $elemMatch: { phone: X } } }),
        (accounts) => accounts.deleteMany(ONE),
        (accounts) =>
          accounts.updateMany(
            {},
            { $set: { 'contacts.$[c].kind': 'work' } },
            { arrayFilters: [{ 'c.phone': X }] },
          ),
      ],
    },
  ],
  $exists: [
    {
      answered: [
        { filter: { ssn: { $exists: true } } },
        { filter: { ssn: null, codes: { $exists: true } } },
      ],
    },
  ],
  $size: [{ answered: [{ filter: { codes: { $size: 2 } } }] }],
  $all: [
    {
      answered: [{ filter: { ...ACME, codes: { $all: [X, secret('1')] } } }],
      refused: [
        { filter: { ...BOTH, codes: { $all: [X] } } },
        { filter: { codes: { $all: [X] } } },
      ],
    },
  ],
  ...besides('$eq', '$in'),
  ...besides('$in', '$eq'),
  ...besides('$ne', '$nin'),
  ...besides('$nin', '$ne'),
  populate: [
    {
      answered: [populated(ACME), populated({ ...ACME, name: 'Ada' })],
      refused: [populated({}), populated({ name: 'Ada' })],
    },
  ],
  'results of any read': [
    {
      answered: [
        (accounts) => accounts.find().sort({ _id: 1 }),
        (accounts) =>
          accounts
            .find({ name: { $ne: 'Ada' } })
            .sort({ _id: 1 })
            .lean(),
        (accounts) => accounts.findOneAndDelete({ name: 'Cyd' }),
        { pipeline: [SORT, { $project: { number: '$ssn', notes: 1 } }] },
        { pipeline: [SORT, { $group: { _id: null, all: { $push: '$ssn' } } }] },
      ],
    },
  ],
  $match: [
    {
      answered: [
        { pipeline: [{ $match: { ...ACME, ...ONE } }] },
        { pipeline: [{ $match: BOTH }, SORT, { $skip: 1 }, { $limit: 2 }, { $match: ONE }] },
        { pipeline: [{ $unwind: '$codes' }, { $match: { ...ACME, codes: X } }, SORT] },
        { pipeline: [{ $match: ACME }, { $sample: { size: 9 } }, { $match: ONE }] },
      ],
      refused: [
        { pipeline: [{ $match: ONE }] },
        { pipeline: [{ $addFields: ACME }, { $match: { ...ACME, ...ONE } }] },
      ],
    },
  ],
  distinct: [
    {
      answered: [async (accounts) => (await accounts.distinct('ssn', ACME)).sort()],
      refused: [
        (accounts) => accounts.distinct('ssn'),
        (accounts) => accounts.distinct('ssn', BOTH),
      ],
    },
  ],
  ...byOneKey(
    '$group',
    {},
    { $group: { _id: '$ssn', by: { $first: '$name' } } },
    { $sort: { by: 1 } },
  ),
  ...byOneKey('$addToSet', { name: 'Ada' }, { $group: { _id: null, all: { $addToSet: '$ssn' } } }),
  ...byOneKey('$sortByCount', { name: 'Ada' }, { $sortByCount: '$codes' }),
  $lookup: [
    {
      answered: [{ pipeline: [...OF_ACME, { $lookup: { ...JOIN, pipeline: OF_ACME } }] }],
      refusedAs: {
        FLE_UNSUPPORTED_STAGE: [
          { pipeline: [{ $lookup: JOIN }] },
          { pipeline: [...OF_ACME, { $lookup: JOIN }] },
          { pipeline: [{ $lookup: { ...JOIN, pipeline: OF_ACME } }] },
          {
            pipeline: [
              ...OF_ACME,
              { $lookup: { ...JOIN, pipeline: [{ $match: { tenantId: 'globex' } }] } },
            ],
          },
        ],
      },
    },
  ],
  $unionWith: [
    {
      answered: [{ pipeline: [...OF_ACME, { $unionWith: 'accounts' }, IDS, SORT] }],
      refused: [{ pipeline: [...OF_ACME, { $unionWith: 'accounts' }, { $match: ONE }] }],
    },
  ],
  $facet: [
    {
      answered: [
        { pipeline: [SORT, { $facet: { all: [{ $unionWith: 'accounts' }, IDS, SORT] } }] },
      ],
      refused: [
        {
          pipeline: [
            ...OF_ACME,
            { $facet: { all: [{ $unionWith: 'accounts' }, { $match: ONE }] } },
          ],
        },
        {
          pipeline: [
            ...OF_ACME,
            { $facet: { all: [{ $unionWith: 'accounts' }] } },
            { $match: { 'all.ssn': secret('1') } },
          ],
        },
      ],
    },
  ],
};

/** The row of an operator that takes one value beside its like that takes several, or the other way round. */
function besides(operator: string, other: string): KeyRows {
  const operand = (name: string): unknown =>
    name.endsWith('in') ? [secret('1'), null] : secret('1');
  const ssn = { [operator]: operand(operator), [other]: operand(other) };
  return {
    [operator]: [
      {
        answered: [{ filter: { ...ACME, ssn } }],
        refusedAs: { FLE_UNSUPPORTED_FILTER: [{ filter: { ...BOTH, ssn } }] },
      },
    ],
  };
}

/** The row of a stage that finds equal values, among the accounts of one key that `others` narrow down. */
function byOneKey(name: string, others: object, ...stages: object[]): KeyRows {
  return {
    [name]: [
      {
        answered: [{ pipeline: [{ $match: { ...ACME, ...others } }, ...stages] }],
        refused: [{ pipeline: stages }, { pipeline: [{ $match: BOTH }, ...stages] }],
      },
    ],
  };
}
