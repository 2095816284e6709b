import type { Model } from 'mongoose';
import type { Patient } from '../../support/patient-model';
import { openRig, type Rig } from '../../support/rig';
import {
  expectSame,
  expectSealed,
  expectSameStored,
  secret,
  SENTINEL,
  type Twins,
} from './compare-twins';
import { ada, idOf, patientTwins, seed } from './seed-patients';

let rig: Rig;
let twins: Twins<Patient>;

beforeAll(async () => {
  rig = await openRig('replacements');
  twins = patientTwins(rig);
});

beforeEach(async () => {
  await seed(twins);
});

afterEach(() => {
  expect(rig.wire.text()).not.toContain(SENTINEL);
  rig.wire.clear();
});

afterAll(async () => {
  await rig.close();
});

type Attempt = (model: Model<Patient>) => unknown;

const replacement = (): object => {
  const { _id, ...others } = ada();
  expect(_id).toBeDefined();
  return { ...others, ssn: secret('replaced'), notes: [], details: null };
};

const REPLACEMENTS: readonly (readonly [string, Attempt])[] = [
  ['replaceOne', (model) => model.replaceOne({ ssn: secret('bea') }, replacement())],
  [
    'findOneAndReplace, old',
    (model) => model.findOneAndReplace({ ssn: secret('bea') }, replacement()),
  ],
  [
    'findOneAndReplace, new',
    (model) =>
      model
        .findOneAndReplace({ ssn: secret('bea') }, replacement(), { returnDocument: 'after' })
        .lean(),
  ],
  [
    'bulkWrite',
    (model) =>
      model.bulkWrite([
        { replaceOne: { filter: { ssn: secret('bea') }, replacement: replacement() } },
      ] as never),
  ],
  [
    'overwrite and save',
    async (model) => {
      const document = await model.findById(idOf(2)).orFail();
      document.overwrite(replacement());
      await document.save();
      return document;
    },
  ],
];

describe('replacing', () => {
  it.each(REPLACEMENTS)('a document by %s stores what its twin stores', async (_, replace) => {
    await expectSame(twins, replace);
    await expectSameStored(rig, twins);
    const stored = await twins.encrypted.findById(idOf(2)).lean();
    expect(stored).toMatchObject({ ssn: secret('replaced'), name: 'Ada', details: null });
  });

  it.each<readonly [string, Attempt]>([
    ['replaceOne', (model) => model.replaceOne({ name: 'none' }, { ssn: secret('x') })],
    ['findOneAndReplace', (model) => model.findOneAndReplace({ name: 'none' }, { name: 'x' })],
  ])('nothing by %s answers as its twin', async (_, replace) => {
    await expectSame(twins, replace);
    await expectSameStored(rig, twins);
  });
});

describe('deleting', () => {
  it.each<readonly [string, Attempt]>([
    ['deleteOne', (model) => model.deleteOne({ ssn: secret('bea') })],
    ['deleteMany', (model) => model.deleteMany({ visits: 3 })],
    ['deleteMany with $in', (model) => model.deleteMany({ ssn: { $in: [secret('bea'), null] } })],
    ['deleteOne that finds nothing', (model) => model.deleteOne({ ssn: secret('none') })],
    ['findOneAndDelete', (model) => model.findOneAndDelete({ ssn: secret('bea') })],
    ['findOneAndDelete, lean', (model) => model.findOneAndDelete({ visits: 0 }).lean()],
    [
      'findOneAndDelete that selects',
      (model) => model.findOneAndDelete({ visits: 0 }, { projection: { ssn: 1 } }),
    ],
    [
      'findOneAndDelete with metadata',
      async (model) => {
        const { ok, value } = await model.findOneAndDelete(
          { visits: 0 },
          { includeResultMetadata: true },
        );
        return [ok, value?.toObject()];
      },
    ],
    ['findByIdAndDelete', (model) => model.findByIdAndDelete(idOf(1))],
    [
      'bulkWrite',
      (model) =>
        model.bulkWrite([
          { deleteOne: { filter: { ssn: secret('bea') } } },
          { deleteMany: { filter: { 'contacts.phone': secret('cid') } } },
        ]),
    ],
    [
      'deleteOne of a document',
      async (model) => await (await model.findById(idOf(1)).orFail()).deleteOne(),
    ],
  ])('by %s takes away what its twin takes away', async (_, remove) => {
    await expectSame(twins, remove);
    await expectSameStored(rig, twins);
  });
});

describe('upserting', () => {
  const FRESH = { _id: idOf(9) };

  it.each<readonly [string, Attempt]>([
    [
      'updateOne, with the equality of the filter',
      (model) =>
        model.updateOne(
          { ...FRESH, ssn: secret('fresh'), 'insurance.number': secret('policy') },
          { $set: { name: 'Gus' } },
          { upsert: true },
        ),
    ],
    [
      'updateOne, with $eq, $and and $in of one',
      (model) =>
        model.updateOne(
          { ...FRESH, $and: [{ ssn: { $eq: secret('fresh') } }, { visits: { $in: [7] } }] },
          { $set: { name: 'Gus' } },
          { upsert: true },
        ),
    ],
    [
      'updateMany',
      (model) =>
        model.updateMany(
          { ...FRESH, ssn: secret('fresh') },
          { $push: { notes: secret('n') } },
          { upsert: true },
        ),
    ],
    [
      'findOneAndUpdate',
      (model) =>
        model
          .findOneAndUpdate(
            { ...FRESH, ssn: secret('fresh') },
            { $set: { visits: 1 }, $setOnInsert: { 'doctor.phone': secret('d') } },
            { upsert: true, returnDocument: 'after', projection: { 'doctor._id': 0 } },
          )
          .lean(),
    ],
    ['replaceOne', (model) => model.replaceOne(FRESH, { ssn: secret('fresh') }, { upsert: true })],
    [
      'findOneAndReplace',
      (model) =>
        model.findOneAndReplace(
          FRESH,
          { ssn: secret('fresh') },
          {
            upsert: true,
            returnDocument: 'after',
          },
        ),
    ],
    [
      'bulkWrite',
      (model) =>
        model.bulkWrite([
          {
            updateOne: {
              filter: { ...FRESH, ssn: secret('fresh') },
              update: { $set: { name: 'Gus' } },
              upsert: true,
            },
          },
        ]),
    ],
  ])('by %s stores ciphertext only', async (_, upsert) => {
    const outcome = await expectSame(twins, upsert);
    expect(outcome).not.toHaveProperty('error');
    await expectSealed(rig, twins.encrypted);
    const fresh = (model: Model<Patient>): unknown =>
      model.findById(idOf(9)).select('-doctor._id').lean();
    expect(await fresh(twins.encrypted)).toMatchObject({ ssn: secret('fresh') });
    expect(await fresh(twins.encrypted)).toStrictEqual(await fresh(twins.plain));
  });

  it('finds again what it upserted', async () => {
    const upsert: Attempt = (model) =>
      model.updateOne({ ssn: secret('once') }, { $set: { ...FRESH, visits: 1 } }, { upsert: true });
    await expectSame(twins, upsert);
    const again = await expectSame(twins, (model) =>
      model.updateOne({ ssn: secret('once') }, { $inc: { __v: 1 } }, { upsert: true }),
    );
    expect(again).toMatchObject({ result: { matchedCount: 1, upsertedCount: 0 } });
    await expectSameStored(rig, twins);
  });
});
