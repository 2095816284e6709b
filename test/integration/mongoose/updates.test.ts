import type { Model } from 'mongoose';
import type { Patient } from '../../support/patient-model';
import { openRig, type Rig } from '../../support/rig';
import { expectSame, expectSameStored, secret, SENTINEL, type Twins } from './compare-twins';
import { idOf, patientTwins, seed } from './seed-patients';

let rig: Rig;
let twins: Twins<Patient>;

beforeAll(async () => {
  rig = await openRig('updates');
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

interface Change {
  readonly says: string;
  readonly update: Record<string, unknown>;
  readonly filter?: Record<string, unknown>;
  readonly options?: { readonly arrayFilters: Record<string, unknown>[] };
}

const CONTACT = { name: 'Fay', phone: secret('fay'), remark: secret('rude'), _id: idOf(105) };

const CHANGES: readonly Change[] = [
  { says: 'a value without an operator', update: { ssn: secret('new'), name: 'Ann' } },
  { says: '$set at the top', update: { $set: { ssn: secret('new'), visits: 0, name: 'Ann' } } },
  { says: '$set of a Random field', update: { $set: { birthDate: new Date(0) } } },
  { says: '$set of falsy values', update: { $set: { ssn: '', visits: 0, allergies: [] } } },
  { says: '$set of null', update: { $set: { ssn: null, birthDate: null, address: null } } },
  { says: '$set of undefined', update: { $set: { ssn: undefined, name: 'Ann' } } },
  { says: '$set on a nested path', update: { $set: { 'insurance.number': secret('new') } } },
  {
    says: '$set of a nested path as a whole',
    update: { $set: { insurance: { number: secret('n') } } },
  },
  { says: '$set in a subdocument', update: { $set: { 'doctor.phone': secret('new') } } },
  { says: '$set of a subdocument', update: { $set: { doctor: CONTACT } } },
  { says: '$set of a whole', update: { $set: { address: { city: secret('new') } } } },
  { says: '$set of a Mixed whole', update: { $set: { details: [secret('new'), { a: 1 }] } } },
  { says: '$set of falsy Mixed wholes', update: { $set: { details: '' } } },
  { says: '$set of an array', update: { $set: { allergies: [secret('a'), secret('b')] } } },
  { says: '$set of subdocuments', update: { $set: { contacts: [CONTACT] } } },
  { says: '$set of an element', update: { $set: { 'allergies.1': secret('new') } } },
  { says: '$set of a Random element', update: { $set: { 'notes.0': secret('new') } } },
  {
    says: '$set in a subdocument by position',
    update: { $set: { 'contacts.0.phone': secret('n') } },
  },
  { says: '$set by $[]', update: { $set: { 'contacts.$[].remark': secret('all') } } },
  { says: '$set of elements by $[]', update: { $set: { 'allergies.$[]': secret('all') } } },
  {
    says: '$set by $, found by an encrypted field',
    filter: { 'contacts.phone': secret('cid') },
    update: { $set: { 'contacts.$.phone': secret('new') } },
  },
  {
    says: '$set of an element by $',
    filter: { name: 'Ada', allergies: secret('dust') },
    update: { $set: { 'allergies.$': secret('new') } },
  },
  {
    says: '$set by $[id] with an encrypted condition',
    update: { $set: { 'contacts.$[one].remark': secret('new') } },
    options: { arrayFilters: [{ 'one.phone': secret('cid') }] },
  },
  {
    says: '$set by $[id] with a plain condition',
    update: { $set: { 'contacts.$[one].phone': secret('new') } },
    options: { arrayFilters: [{ 'one.name': 'Bob' }] },
  },
  {
    says: '$set by $[id] of elements',
    update: { $set: { 'allergies.$[one]': secret('new') } },
    options: { arrayFilters: [{ one: { $in: [secret('dust'), secret('none')] } }] },
  },
  { says: '$set of a Map value', update: { $set: { 'labels.ward': secret('new') } } },
  { says: '$set of a Map', update: { $set: { labels: { other: secret('new') } } } },
  { says: '$unset', update: { $unset: { ssn: 1, birthDate: '', 'labels.bed': true } } },
  { says: '$unset inside', update: { $unset: { 'contacts.0.phone': 1, 'doctor.phone': 1 } } },
  { says: '$unset of wholes', update: { $unset: { address: 1, details: 1, contacts: 1 } } },
  { says: '$push of an element', update: { $push: { allergies: secret('new') } } },
  { says: '$push of a Random element', update: { $push: { notes: secret('new') } } },
  { says: '$push of a subdocument', update: { $push: { contacts: CONTACT } } },
  {
    says: '$push with $each, $position and $slice',
    update: {
      $push: { notes: { $each: [secret('a'), secret('b')], $position: 0, $slice: 3 } },
    },
  },
  {
    says: '$push of subdocuments, sorted by a plain field',
    update: { $push: { contacts: { $each: [CONTACT], $sort: { name: -1 } } } },
  },
  { says: '$addToSet of a new element', update: { $addToSet: { allergies: secret('new') } } },
  { says: '$addToSet of a known element', update: { $addToSet: { allergies: secret('dust') } } },
  {
    says: '$addToSet with $each',
    update: { $addToSet: { allergies: { $each: [secret('dust'), secret('x'), secret('x')] } } },
  },
  { says: '$pull of an element', update: { $pull: { allergies: secret('dust') } } },
  { says: '$pull by $in', update: { $pull: { allergies: { $in: [secret('dust')] } } } },
  {
    says: '$pull by an encrypted field',
    update: { $pull: { contacts: { phone: secret('bob') } } },
  },
  { says: '$pull by a plain field', update: { $pull: { contacts: { name: 'Bob' } } } },
  { says: '$pullAll', update: { $pullAll: { allergies: [secret('dust'), secret('none')] } } },
  { says: '$pop', update: { $pop: { allergies: 1, notes: -1, contacts: 1 } } },
  { says: '$rename of what is declared alike', update: { $rename: { name: 'surname' } } },
  {
    says: '$inc beside an encrypted field',
    update: { $inc: { __v: 1 }, $set: { ssn: secret('x') } },
  },
];

type Apply = (model: Model<Patient>, change: Required<Change>) => unknown;

const METHODS: readonly (readonly [string, Apply])[] = [
  ['updateOne', (model, { filter, update, options }) => model.updateOne(filter, update, options)],
  [
    'findOneAndUpdate, new and lean',
    (model, { filter, update, options }) =>
      model.findOneAndUpdate(filter, update, { ...options, returnDocument: 'after' }).lean(),
  ],
  [
    'bulkWrite',
    (model, { filter, update, options }) =>
      model.bulkWrite([
        { updateOne: { filter, update, ...options } },
        { updateMany: { filter: { ...filter, _id: idOf(2) }, update, ...options } },
      ] as never),
  ],
];

describe.each(METHODS)('%s', (_, apply) => {
  it.each(CHANGES)('changes what its twin changes by $says', async (change) => {
    await expectSame(twins, (model) => apply(model, freshCopyOf(change)));
    await expectSameStored(rig, twins);
  });
});

describe('updateOne of a document', () => {
  it.each(CHANGES.filter(({ filter, options }) => filter === undefined && options === undefined))(
    'changes what its twin changes by $says',
    async (change) => {
      await expectSame(twins, async (model) => {
        const document = await model.findById(idOf(1)).orFail();
        return await document.updateOne(freshCopyOf(change).update);
      });
      await expectSameStored(rig, twins);
    },
  );
});

describe('an update of many documents', () => {
  it('changes them all, with one ciphertext for a Random value', async () => {
    await expectSame(twins, (model) =>
      model.updateMany({}, { $set: { ssn: secret('all'), birthDate: new Date(1) } }),
    );
    await expectSameStored(rig, twins);
    const [first, second] = await rig.raw('patients');
    expect(second?.['birthDate']).toEqual(first?.['birthDate']);
  });

  it('changes those that an encrypted field finds', async () => {
    const outcome = await expectSame(twins, (model) =>
      model.updateMany({ visits: 3 }, { $push: { allergies: secret('cats') } }),
    );
    expect(outcome).toMatchObject({ result: { matchedCount: 2, modifiedCount: 2 } });
    await expectSameStored(rig, twins);
  });
});

describe('findOneAndUpdate', () => {
  it.each([{}, { projection: { ssn: 1, contacts: 1 } }, { includeResultMetadata: true as const }])(
    'gives the document as it was under %j',
    async (options) => {
      await expectSame(twins, (model) =>
        model
          .findOneAndUpdate({ ssn: secret('ssn') }, { $set: { ssn: secret('new') } }, options)
          .lean(),
      );
      await expectSameStored(rig, twins);
    },
  );
});

describe('a position in an array that is not there', () => {
  it.each(['contacts.0.phone', 'allergies.0', 'notes.1'])(
    '%s is read as the twin reads it',
    async (path) => {
      const head = path.split('.')[0] ?? path;
      await expectSame(twins, async (model) => {
        await model.updateOne({ _id: idOf(1) }, { $unset: { [head]: 1 } });
        await model.updateOne({ _id: idOf(1) }, { $set: { [path]: secret('placed') } });
        return [
          await model.findById(idOf(1)).lean(),
          await model.aggregate([{ $match: { _id: idOf(1) } }, { $project: { [head]: 1 } }]),
        ];
      });
    },
  );
});

describe('an update by a pipeline', () => {
  it('changes plain fields from plain fields', async () => {
    await expectSame(twins, (model) =>
      model.updateOne({ ssn: secret('bea') }, [{ $set: { name: { $toUpper: '$name' } } }], {
        updatePipeline: true,
      }),
    );
    await expectSameStored(rig, twins);
  });
});

/** Mongoose casts what it is given in place, so each of the twins is given its own. */
function freshCopyOf(change: Change): Required<Change> {
  const { says, filter = { name: 'Ada' }, update, options } = change;
  const copy = copyOf({ filter, update, options }) as Omit<Required<Change>, 'says'>;
  return { says, ...copy };
}

function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyOf);
  if (typeof value !== 'object' || value === null) return value;
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, copyOf(inner)]));
}
