import type { AnyBulkWriteOperation, Model } from 'mongoose';
import { secret } from '../mongoose/compare-twins';
import { idOf } from '../mongoose/seed-patients';
import type { Account } from '../mongoose/tenant-model';
import { account, ACME, BOTH, type KeyRows } from './accounts';

const SSN = secret('changed');
const CHANGE = { $set: { ssn: SSN, 'contacts.0.phone': secret('new') } };
const ADA = { ...ACME, name: 'Ada' };
const UPSERT = { upsert: true };

/** An account that the model takes to be stored, with no more than this. */
const stored = (accounts: Model<Account>, more: object): InstanceType<Model<Account>> =>
  accounts.hydrate({ _id: idOf(1), ...more });

const MOVED = {
  $set: { tenantId: 'initech', ssn: SSN, notes: [secret('n')] },
  $unset: { codes: 1, contacts: 1, labels: 1, address: 1 },
};

/** The rows of what writes. */
export const keysOfWriting: KeyRows = {
  create: [
    {
      answered: [(accounts) => accounts.create([account(20, 'acme'), account(21, 'initech')])],
      refused: [(accounts) => accounts.create({ ssn: SSN })],
    },
  ],
  insertMany: [
    {
      answered: [
        (accounts) => accounts.insertMany([account(20, 'globex'), account(21, 'initech')]),
      ],
      refused: [(accounts) => accounts.insertMany([account(20, 'acme'), { ssn: SSN }])],
    },
  ],
  insertOne: [
    {
      answered: [
        (accounts) => accounts.insertOne(account(20, 'acme')),
        (accounts) => accounts.collection.insertOne(account(20, 'initech')),
      ],
      refused: [(accounts) => accounts.collection.insertOne({ tenantId: null, ssn: SSN })],
    },
  ],
  replaceOne: [
    {
      answered: [
        (accounts) => accounts.replaceOne({ _id: idOf(1) }, account(1, 'globex')),
        (accounts) => accounts.replaceOne({ ...ACME, ssn: secret('1') }, account(1, 'acme')),
      ],
      refused: [(accounts) => accounts.replaceOne(ACME, { ssn: SSN })],
    },
  ],
  save: [
    {
      answered: [
        async (accounts) => {
          const read = await accounts.findById(idOf(1)).orFail();
          await read.set({ ssn: SSN, notes: [secret('n')] }).save();
        },
        async (accounts) => {
          await stored(accounts, { tenantId: 'acme' }).set({ ssn: SSN }).save();
        },
      ],
      refused: [(accounts) => stored(accounts, { name: 'Ada' }).set({ ssn: SSN }).save()],
      refusedAs: {
        FLE_UNSUPPORTED_UPDATE: [
          (accounts) =>
            stored(accounts, { ...ACME, ssn: secret('1') })
              .set({ tenantId: 'globex' })
              .save(),
        ],
      },
    },
  ],
  bulkSave: [
    {
      answered: [
        async (accounts) => {
          const read = await accounts.find();
          for (const each of read) each.ssn = SSN;
          await accounts.bulkSave(read);
        },
      ],
      refused: [
        (accounts) => accounts.bulkSave([stored(accounts, { name: 'Ada' }).set({ ssn: SSN })]),
      ],
    },
  ],
  updateOne: [
    {
      answered: [
        (accounts) => accounts.updateOne(ADA, CHANGE),
        (accounts) => accounts.updateOne({ _id: idOf(1) }, MOVED),
      ],
      refused: [(accounts) => accounts.updateOne({ _id: idOf(1) }, CHANGE)],
    },
  ],
  updateMany: [
    {
      answered: [
        (accounts) => accounts.updateMany({ $and: [ACME, { name: 'Ada' }] }, CHANGE),
        (accounts) => accounts.updateMany(ACME, { $set: { ssn: null, tag: secret('t') } }),
      ],
      refused: [
        (accounts) => accounts.updateMany({}, CHANGE),
        (accounts) => accounts.updateMany(BOTH, CHANGE),
        (accounts) => accounts.updateMany({ $or: [ACME] }, CHANGE),
      ],
    },
  ],
  findOneAndUpdate: [
    {
      answered: [(accounts) => accounts.findOneAndUpdate(ADA, CHANGE, { new: true }).lean()],
      refused: [(accounts) => accounts.findOneAndUpdate(BOTH, CHANGE)],
    },
  ],
  $push: [
    {
      answered: [
        (accounts) => accounts.updateMany(ACME, { $push: { codes: SSN, notes: SSN } }),
        (accounts) => accounts.updateOne(ADA, { $push: { contacts: { phone: SSN } } }),
      ],
      refused: [(accounts) => accounts.updateOne(BOTH, { $push: { notes: SSN } })],
    },
  ],
  $pull: [
    {
      answered: [
        (accounts) => accounts.updateMany(ACME, { $pull: { codes: secret('x') } }),
        (accounts) => accounts.updateMany(BOTH, { $pull: { codes: secret('x') } }),
        (accounts) => accounts.updateMany({}, { $pull: { contacts: { kind: 'home' } } }),
      ],
      refused: [(accounts) => accounts.updateMany({}, { $pull: { codes: secret('x') } })],
    },
  ],
  $setOnInsert: [
    {
      answered: [
        (accounts) =>
          accounts.updateOne(
            { _id: idOf(20) },
            { $setOnInsert: { tenantId: 'acme', ssn: SSN } },
            UPSERT,
          ),
        (accounts) =>
          accounts.updateOne({ _id: idOf(20), ...ACME }, { $setOnInsert: { ssn: SSN } }, UPSERT),
        (accounts) =>
          accounts.updateOne(
            { _id: idOf(20) },
            { ...MOVED, $setOnInsert: { name: 'New' } },
            UPSERT,
          ),
        (accounts) =>
          accounts.bulkWrite([
            {
              updateOne: {
                filter: { _id: idOf(20), ...ACME, ssn: SSN },
                update: { $setOnInsert: { notes: [secret('n')] } },
                ...UPSERT,
              },
            },
          ] as AnyBulkWriteOperation[]),
      ],
      refused: [
        (accounts) => accounts.updateOne({ _id: idOf(20) }, { $setOnInsert: { ssn: SSN } }, UPSERT),
        (accounts) => accounts.updateOne(BOTH, { $setOnInsert: { ssn: SSN } }, UPSERT),
      ],
      refusedAs: {
        FLE_UNSUPPORTED_UPDATE: [
          (accounts) =>
            accounts.updateOne(
              { ...ACME, ssn: secret('9') },
              { $set: { notes: [SSN] }, $setOnInsert: { tenantId: 'globex' } },
              UPSERT,
            ),
        ],
      },
    },
  ],
  'change of the value': [
    {
      answered: [
        (accounts) => accounts.updateOne({ _id: idOf(1) }, MOVED),
        (accounts) => accounts.updateMany(BOTH, MOVED),
      ],
      refusedAs: {
        FLE_UNSUPPORTED_UPDATE: [
          (accounts) => accounts.updateOne(ACME, { $set: { tenantId: 'initech' } }),
          (accounts) => accounts.updateOne(ACME, { $set: { tenantId: 'initech', ssn: SSN } }),
          (accounts) => accounts.updateOne(ACME, { $unset: { tenantId: 1 } }),
          (accounts) => accounts.updateOne(ACME, { $rename: { name: 'tenantId' } }),
          (accounts) =>
            accounts.updateOne(ACME, [{ $set: { tenantId: 'initech' } }], {
              updatePipeline: true,
            }),
        ],
      },
    },
  ],
};
