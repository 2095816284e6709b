import { secret } from '../mongoose/compare-twins';
import { idOf } from '../mongoose/seed-patients';
import type { Examples, OperationsTable, Ways } from './examples';

type Filter = Record<string, unknown>;

const WAYS: Ways<Filter> = {
  find: (model, filter) => model.find(filter).sort({ _id: 1 }).lean(),
  countDocuments: (model, filter) => model.countDocuments(filter),
  $match: (model, filter) => model.aggregate([{ $match: filter }, { $sort: { _id: 1 } }]),
  'collection.deleteMany': (model, filter) => model.collection.deleteMany(filter),
};

const BOB = { name: 'Bob' };
const DAY = new Date('2020-05-06');
const BORN = new Date('1990-01-02');

/** What cannot be answered under either algorithm. */
const never = (deterministic: Filter[], random: Filter[]): Examples<Filter>[] => [
  { refused: deterministic },
  { refused: random },
];

const bits = (operator: string): Examples<Filter>[] =>
  never([{ visits: { [operator]: 1 } }], [{ weight: { [operator]: 1 } }]);

const POINT = { $geometry: { type: 'Point', coordinates: [8, 47] } };
const AREA = { $centerSphere: [[8, 47], 1] };

export const filters: OperationsTable<Filter> = {
  heading: 'Filters',
  first: 'Operator',
  columns: ['Deterministic', 'Random'],
  ways: WAYS,
  plain: ['yes'],
  code: 'FLE_UNSUPPORTED_FILTER',
  rows: {
    $eq: [
      {
        answered: [{ ssn: { $eq: secret('bea') } }, { visits: { $eq: 0 } }, { ssn: { $eq: null } }],
      },
      { answered: [{ birthDate: { $eq: null } }], refused: [{ birthDate: { $eq: BORN } }] },
    ],
    $ne: [
      { answered: [{ ssn: { $ne: secret('bea') } }, { admitted: { $ne: null } }] },
      { answered: [{ birthDate: { $ne: null } }], refused: [{ birthDate: { $ne: BORN } }] },
    ],
    $in: [
      {
        answered: [
          { ssn: { $in: [secret('bea'), null] } },
          { admitted: { $in: [DAY] } },
          { visits: { $in: [] } },
        ],
        refused: [{ ssn: { $in: [/bea/] } }],
      },
      {
        answered: [{ birthDate: { $in: [null] } }],
        refused: [{ birthDate: { $in: [null, BORN] } }],
      },
    ],
    $nin: [
      { answered: [{ visits: { $nin: [0, 9] } }, { allergies: { $nin: [secret('nuts')] } }] },
      { answered: [{ birthDate: { $nin: [null] } }], refused: [{ birthDate: { $nin: [BORN] } }] },
    ],
    $all: [
      {
        answered: [
          { allergies: { $all: [secret('dust'), secret('nuts')] } },
          { 'contacts.phone': { $all: [secret('bob')] } },
        ],
      },
      {
        answered: [{ contacts: { $all: [{ $elemMatch: BOB }] } }],
        refused: [{ notes: { $all: [secret('first')] } }],
      },
    ],
    $not: [
      {
        answered: [
          { ssn: { $not: { $eq: secret('bea') } } },
          { allergies: { $not: { $size: 1 } } },
        ],
      },
      {
        answered: [
          { birthDate: { $not: { $exists: true } } },
          { birthDate: { $not: { $eq: null } } },
        ],
        refused: [{ birthDate: { $not: { $eq: BORN } } }],
      },
    ],
    $exists: [
      { answered: [{ admitted: { $exists: true } }, { 'labels.ward': { $exists: false } }] },
      { answered: [{ address: { $exists: true } }, { 'contacts.remark': { $exists: false } }] },
    ],
    $elemMatch: [
      {
        answered: [
          { allergies: { $elemMatch: { $in: [secret('nuts')] } } },
          { contacts: { $elemMatch: { phone: secret('cid'), name: 'Cid' } } },
        ],
        refused: [{ ssn: { $elemMatch: { $eq: secret('bea') } } }],
      },
      {
        answered: [{ contacts: { $elemMatch: { remark: { $exists: true } } } }],
        refused: [
          { contacts: { $elemMatch: { remark: secret('kind') } } },
          { details: { $elemMatch: { deep: 1 } } },
        ],
      },
    ],
    $size: [
      {
        answered: [{ allergies: { $size: 2 } }, { contacts: { $size: 0 } }],
        refused: [{ ssn: { $size: 1 } }],
      },
      { answered: [{ notes: { $size: 2 } }], refused: [{ details: { $size: 1 } }] },
    ],
    $and: [
      { answered: [{ $and: [{ visits: 3 }, { ssn: secret('ssn') }] }] },
      { answered: [{ $and: [{ birthDate: null }, { name: 'Bea' }] }] },
    ],
    $or: [
      { answered: [{ $or: [{ visits: 0 }, { allergies: secret('nuts') }] }] },
      { answered: [{ $or: [{ address: { $exists: true } }, { name: 'Bea' }] }] },
    ],
    $nor: [
      { answered: [{ $nor: [{ visits: 0 }, { ssn: null }] }] },
      { answered: [{ $nor: [{ birthDate: null }] }] },
    ],
    $comment: [
      { answered: [{ ssn: secret('bea'), $comment: 'asked' }] },
      { answered: [{ birthDate: null, $comment: 'asked' }] },
    ],
    $sampleRate: [
      { answered: [{ ssn: secret('bea'), $sampleRate: 1 }] },
      { answered: [{ birthDate: null, $sampleRate: 1 }] },
    ],
    $text: [
      { answered: [{ ssn: secret('bea'), $text: { $search: 'Bea' } }] },
      { answered: [{ birthDate: null, $text: { $search: 'Bea' } }] },
    ],
    $expr: [
      {
        answered: [{ ssn: secret('bea'), $expr: { $eq: ['$name', 'Bea'] } }],
        refused: [{ $expr: { $eq: ['$ssn', secret('bea')] } }],
      },
      {
        answered: [{ birthDate: null, $expr: { $eq: ['$name', 'Bea'] } }],
        refused: [{ $expr: { $gt: ['$birthDate', BORN] } }],
      },
    ],
    $gt: never([{ visits: { $gt: 1 } }], [{ birthDate: { $gt: BORN } }]),
    $gte: never([{ ssn: { $gte: secret('a') } }], [{ weight: { $gte: 1 } }]),
    $lt: never([{ admitted: { $lt: DAY } }], [{ birthDate: { $lt: BORN } }]),
    $lte: never([{ visits: { $lte: 1 } }], [{ weight: { $lte: 1 } }]),
    $regex: never([{ ssn: { $regex: 'bea' } }], [{ nickname: { $regex: 'bea' } }]),
    $mod: never([{ visits: { $mod: [2, 1] } }], [{ weight: { $mod: [2, 1] } }]),
    $type: never([{ ssn: { $type: 'string' } }], [{ nickname: { $type: 'string' } }]),
    $bitsAllSet: bits('$bitsAllSet'),
    $bitsAnySet: bits('$bitsAnySet'),
    $bitsAllClear: bits('$bitsAllClear'),
    $bitsAnyClear: bits('$bitsAnyClear'),
    $geoWithin: never([{ insurance: { $geoWithin: AREA } }], [{ details: { $geoWithin: AREA } }]),
    $geoIntersects: never(
      [{ insurance: { $geoIntersects: POINT } }],
      [{ details: { $geoIntersects: POINT } }],
    ),
    $near: never([{ insurance: { $near: POINT } }], [{ details: { $near: POINT } }]),
    $nearSphere: never(
      [{ insurance: { $nearSphere: POINT } }],
      [{ details: { $nearSphere: POINT } }],
    ),
    $where: never([{ $where: 'this.ssn' }], [{ _id: idOf(1), $where: 'true' }]),
    $jsonSchema: never([{ $jsonSchema: { required: ['ssn'] } }], [{ $jsonSchema: {} }]),
  },
};
