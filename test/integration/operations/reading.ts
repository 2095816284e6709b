import { secret } from '../mongoose/compare-twins';
import { idOf } from '../mongoose/seed-patients';
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
  first: 'Option',
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
