import type { Model } from 'mongoose';
import type { Account } from '../mongoose/tenant-model';
import { ACME, doneWith, type KeyRows, type Subject } from './accounts';
import type { OperationsTable } from './examples';
import { keysOfReading } from './keys-of-reading';
import { keysOfWriting } from './keys-of-writing';

const OF_ACME = [{ $match: ACME }, { $sort: { _id: 1 } }];

/** The rows of stages that store documents. */
const keysOfStoring: KeyRows = {
  $out: [
    {
      answered: [
        { pipeline: [{ $out: 'ledgers' }] },
        { pipeline: [...OF_ACME, { $out: 'ledgers' }] },
      ],
      refusedAs: {
        FLE_UNSUPPORTED_STAGE: [
          { pipeline: [{ $set: { tenantId: 'initech' } }, { $out: 'ledgers' }] },
          { pipeline: [{ $unwind: '$codes' }, { $out: 'ledgers' }] },
        ],
      },
    },
  ],
  $merge: [
    {
      answered: ['replace', 'keepExisting', 'fail'].map((whenMatched) => ({
        pipeline: [{ $merge: { into: 'ledgers', whenMatched } }],
      })),
      refusedAs: {
        FLE_UNSUPPORTED_STAGE: [
          { pipeline: [{ $merge: 'ledgers' }] },
          { pipeline: [{ $merge: { into: 'ledgers', whenMatched: 'merge' } }] },
          {
            pipeline: [
              { $set: { tenantId: 'initech' } },
              { $merge: { into: 'ledgers', whenMatched: 'replace' } },
            ],
          },
        ],
      },
    },
  ],
};

export const keysPerDocument: OperationsTable<Subject> = {
  heading: 'Keys per document',
  first: 'Operation',
  columns: ['Which key'],
  ways: {
    done: async (model, subject) =>
      await doneWith(model.db.model('Account') as Model<Account>, subject),
  },
  plain: ['none is needed'],
  code: 'FLE_KEY_UNRESOLVED',
  rows: { ...keysOfWriting, ...keysOfReading, ...keysOfStoring },
};
