import { secret } from '../mongoose/compare-twins';
import { idOf } from '../mongoose/seed-patients';
import type { Examples, OperationsTable, Ways } from './examples';

type Update = Record<string, unknown>;

const ADA = { name: 'Ada' };

const WAYS: Ways<Update> = {
  updateOne: (model, update) => model.updateOne(ADA, update),
  findOneAndUpdate: (model, update) =>
    model.findOneAndUpdate(ADA, update, { returnDocument: 'after' }).lean(),
  bulkWrite: (model, update) =>
    model.bulkWrite([{ updateMany: { filter: { ...ADA }, update } }] as never),
  'updateOne of a document': (model, update) => model.hydrate({ _id: idOf(1) }).updateOne(update),
  'collection.updateMany': (model, update) => model.collection.updateMany(ADA, update),
};

const CONTACT = { _id: idOf(105), name: 'Fay', phone: secret('fay'), remark: secret('rude') };
const NOT_COMPARABLE = { contacts: { _id: idOf(102), name: 'Cid', phone: secret('cid') } };

const computing = (operator: string, operands: readonly [Update, Update]): Examples<Update>[] =>
  operands.map((operand) => ({ refused: [{ [operator]: operand }] }));

export const updates: OperationsTable<Update> = {
  heading: 'Updates',
  first: 'Operator',
  columns: ['Deterministic', 'Random'],
  ways: WAYS,
  plain: ['yes'],
  code: 'FLE_UNSUPPORTED_UPDATE',
  rows: {
    $set: [
      {
        answered: [
          { $set: { ssn: secret('new'), visits: 0, 'labels.ward': null } },
          { $set: { 'contacts.$[].phone': secret('new'), 'allergies.0': secret('new') } },
        ],
        refusedAs: { FLE_INVALID_VALUE: [{ $set: { visits: 0.5 } }] },
      },
      {
        answered: [
          { $set: { birthDate: new Date(0), address: { city: secret('new') }, weight: 0.5 } },
          { $set: { 'contacts.0.remark': secret('new') } },
          { $set: { contacts: [CONTACT] } },
        ],
        refused: [{ $set: { 'address.city': secret('new') } }],
      },
    ],
    $setOnInsert: [
      { answered: [{ $setOnInsert: { ssn: secret('new') }, $set: { visits: 1 } }] },
      { answered: [{ $setOnInsert: { birthDate: new Date(0) }, $set: { name: 'Ann' } }] },
    ],
    $unset: [
      { answered: [{ $unset: { ssn: 1, 'doctor.phone': 1, 'allergies.0': 1, 'labels.bed': 1 } }] },
      { answered: [{ $unset: { birthDate: 1, address: 1, notes: 1, 'contacts.$[].remark': 1 } }] },
    ],
    $rename: [
      {
        answered: [{ $rename: { 'doctor.phone': 'insurance.number' } }],
        refused: [{ $rename: { ssn: 'name' } }, { $rename: { ssn: 'nickname' } }],
      },
      {
        answered: [
          { $rename: { 'doctor.remark': 'nickname' } },
          { $rename: { nickname: 'doctor.remark' } },
        ],
        refused: [{ $rename: { nickname: 'ssn' } }, { $rename: { address: 'details' } }],
      },
    ],
    $push: [
      {
        answered: [{ $push: { allergies: secret('new') } }],
        refused: [{ $push: { ssn: secret('new') } }],
      },
      {
        answered: [{ $push: { notes: secret('new'), contacts: CONTACT } }],
        refused: [{ $push: { details: secret('new') } }],
      },
    ],
    $addToSet: [
      {
        answered: [
          { $addToSet: { allergies: secret('new') } },
          { $addToSet: { allergies: secret('dust') } },
        ],
        refused: [{ $addToSet: { ssn: secret('new') } }],
      },
      { refused: [{ $addToSet: { notes: secret('new') } }, { $addToSet: NOT_COMPARABLE }] },
    ],
    $pull: [
      {
        answered: [
          { $pull: { allergies: secret('dust') } },
          { $pull: { allergies: { $in: [secret('dust'), secret('nuts')] } } },
          { $pull: { contacts: { phone: secret('cid') } } },
        ],
        refused: [{ $pull: { ssn: secret('new') } }],
        refusedAs: { FLE_UNSUPPORTED_FILTER: [{ $pull: { allergies: { $gt: secret('a') } } }] },
      },
      {
        answered: [{ $pull: { notes: null } }, { $pull: { contacts: { remark: null } } }],
        refused: [{ $pull: { details: null } }],
        refusedAs: {
          FLE_UNSUPPORTED_FILTER: [
            { $pull: { notes: secret('first') } },
            { $pull: { contacts: { remark: secret('kind') } } },
          ],
        },
      },
    ],
    $pullAll: [
      {
        answered: [{ $pullAll: { allergies: [secret('dust'), secret('none')] } }],
        refused: [{ $pullAll: { ssn: [secret('new')] } }],
      },
      { refused: [{ $pullAll: { notes: [secret('first')] } }] },
    ],
    $pop: [
      { answered: [{ $pop: { allergies: 1 } }], refused: [{ $pop: { ssn: 1 } }] },
      { answered: [{ $pop: { notes: -1, contacts: 1 } }], refused: [{ $pop: { details: 1 } }] },
    ],
    $inc: computing('$inc', [{ visits: 1 }, { weight: 1 }]),
    $mul: computing('$mul', [{ visits: 2 }, { weight: 2 }]),
    $min: computing('$min', [{ ssn: secret('a') }, { birthDate: new Date(0) }]),
    $max: computing('$max', [{ admitted: new Date(0) }, { weight: 9 }]),
    $bit: computing('$bit', [{ visits: { or: 1 } }, { weight: { and: 1 } }]),
    $currentDate: computing('$currentDate', [{ admitted: true }, { birthDate: true }]),
  },
};

const each = [secret('x'), secret('y')];

export const modifiers: OperationsTable<Update> = {
  heading: 'Updates',
  first: 'Modifier',
  columns: ['On encrypted arrays'],
  ways: WAYS,
  plain: ['yes'],
  code: 'FLE_UNSUPPORTED_UPDATE',
  rows: {
    '$push: $each': [
      {
        answered: [
          {
            $push: {
              allergies: { $each: each },
              notes: { $each: each },
              contacts: { $each: [CONTACT] },
            },
          },
        ],
      },
    ],
    '$push: $position': [{ answered: [{ $push: { notes: { $each: each, $position: 0 } } }] }],
    '$push: $slice': [
      {
        answered: [
          { $push: { allergies: { $each: each, $slice: -3 }, notes: { $each: [], $slice: 1 } } },
        ],
      },
    ],
    '$push: $sort': [
      {
        answered: [{ $push: { contacts: { $each: [CONTACT], $sort: { name: -1 } } } }],
        refused: [
          { $push: { allergies: { $each: each, $sort: 1 } } },
          { $push: { contacts: { $each: [], $sort: { phone: 1 } } } },
        ],
      },
    ],
    '$addToSet: $each': [
      {
        answered: [{ $addToSet: { allergies: { $each: [...each, secret('x'), secret('dust')] } } }],
        refused: [{ $addToSet: { notes: { $each: each } } }],
      },
    ],
  },
};

type Stages = object[];

export const pipelineUpdates: OperationsTable<Stages> = {
  heading: 'Updates',
  first: 'Stage of a pipeline update',
  columns: ['On paths that are not encrypted'],
  ways: {
    updateOne: (model, stages) => model.updateOne(ADA, stages, { updatePipeline: true }),
    findOneAndUpdate: (model, stages) =>
      model
        .findOneAndUpdate({ ssn: secret('ssn') }, stages, {
          updatePipeline: true,
          returnDocument: 'after',
        })
        .lean(),
    bulkWrite: (model, stages) =>
      model.bulkWrite([
        { updateOne: { filter: { ...ADA }, update: stages, updatePipeline: true } },
      ] as never),
  },
  plain: ['yes'],
  code: 'FLE_UNSUPPORTED_UPDATE',
  rows: {
    $set: [
      {
        answered: [[{ $set: { name: { $concat: ['$name', '!'] } } }]],
        refused: [[{ $set: { ssn: secret('x') } }], [{ $set: { name: '$ssn' } }]],
      },
    ],
    $addFields: [
      {
        answered: [[{ $addFields: { 'insurance.company': '$name' } }]],
        refused: [[{ $addFields: { insurance: { company: '$ssn' } } }]],
      },
    ],
    $unset: [
      { answered: [[{ $unset: ['name', 'insurance.company'] }]], refused: [[{ $unset: 'ssn' }]] },
    ],
    'any other (nowhere)': [
      { refused: [[{ $replaceWith: { name: 'x' } }], [{ $project: { name: 1 } }]] },
    ],
  },
};
