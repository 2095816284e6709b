import type { Model, QueryFilter } from 'mongoose';
import type { Patient } from '../../support/patient-model';
import { openRig, type Rig } from '../../support/rig';
import { expectSame, expectSameStored, secret, SENTINEL, type Twins } from './compare-twins';
import { idOf, patientTwins, seed } from './seed-patients';

let rig: Rig;
let twins: Twins<Patient>;

const more = (): object[] => [
  { _id: idOf(4), name: 'Ada', ssn: '', allergies: [null, secret('cats')], visits: -1 },
  { _id: idOf(5), doctor: null, insurance: {}, labels: {}, details: null, address: {} },
  {
    _id: idOf(6),
    ssn: secret('bea'),
    allergies: [secret('dust'), secret('nuts')],
    contacts: [{ _id: idOf(110), phone: secret('cid'), name: 'Bob' }],
  },
];

beforeAll(async () => {
  rig = await openRig('filters');
  twins = patientTwins(rig);
  await seed(twins);
  for (const model of [twins.encrypted, twins.plain]) {
    await (model as Model<unknown>).insertMany(more());
    await model.collection.updateOne({ _id: idOf(5) }, { $unset: { allergies: 1, contacts: 1 } });
  }
});

afterEach(() => {
  expect(rig.wire.text()).not.toContain(SENTINEL);
  rig.wire.clear();
});

afterAll(async () => {
  await rig.close();
});

const PHONE = { phone: secret('cid') };

const FILTERS: readonly object[] = [
  { ssn: secret('ssn') },
  { ssn: { $eq: secret('bea') } },
  { ssn: { $ne: secret('bea') } },
  { ssn: { $ne: null } },
  { ssn: null },
  { ssn: '' },
  { ssn: secret('nobody') },
  { ssn: { $in: [secret('ssn'), secret('bea'), secret('nobody')] } },
  { ssn: { $in: [null, secret('ssn')] } },
  { ssn: { $in: [] } },
  { ssn: [] },
  { ssn: { $nin: [secret('ssn'), ''] } },
  { ssn: { $nin: [null] } },
  { ssn: { $nin: [] } },
  { ssn: { $not: { $eq: secret('ssn') } } },
  { ssn: { $not: { $in: [secret('ssn'), null] } } },
  { ssn: { $exists: true } },
  { ssn: { $exists: false } },
  { ssn: { $exists: true, $ne: null, $nin: [''] } },
  { visits: 3 },
  { visits: '3' },
  { visits: { $in: [0, -1] } },
  { visits: { $ne: 0 } },
  { allergies: secret('dust') },
  { allergies: [secret('nuts'), secret('dust')] },
  { allergies: [secret('dust'), secret('nuts')] },
  { allergies: null },
  { allergies: [] },
  { allergies: { $ne: secret('dust') } },
  { allergies: { $in: [secret('cats'), secret('nuts')] } },
  { allergies: { $nin: [secret('dust')] } },
  { allergies: { $all: [secret('dust'), secret('nuts')] } },
  { allergies: { $all: [] } },
  { allergies: { $size: 2 } },
  { allergies: { $size: 0 } },
  { allergies: { $not: { $size: 2 } } },
  { allergies: { $elemMatch: { $eq: secret('nuts') } } },
  { allergies: { $elemMatch: { $in: [secret('cats')], $ne: null } } },
  { allergies: { $elemMatch: { $ne: secret('dust') } } },
  { allergies: { $exists: true } },
  { 'allergies.0': secret('dust') },
  { 'allergies.1': { $exists: true } },
  { 'allergies.1': { $ne: secret('dust') } },
  { 'doctor.phone': secret('eve') },
  { 'doctor.phone': null },
  { 'doctor.phone': { $ne: secret('eve') } },
  { doctor: null },
  { doctor: { $exists: true } },
  { doctor: { $ne: null } },
  { 'insurance.number': secret('number') },
  { 'insurance.number': { $exists: false } },
  { insurance: { company: 'ACME', number: secret('number') } },
  { insurance: { number: secret('number'), company: 'ACME' } },
  { 'contacts.phone': secret('cid') },
  { 'contacts.phone': { $in: [secret('bob'), null] } },
  { 'contacts.phone': { $all: [secret('bob'), secret('cid')] } },
  { 'contacts.0.phone': secret('cid') },
  { contacts: { $elemMatch: PHONE } },
  { contacts: { $elemMatch: { ...PHONE, name: 'Bob' } } },
  { contacts: { $elemMatch: { $or: [PHONE, { phone: null }] } } },
  { contacts: { $elemMatch: { $and: [PHONE, { name: 'Cid' }] } } },
  { contacts: { $elemMatch: { remark: { $exists: true } } } },
  { contacts: { $not: { $elemMatch: PHONE } } },
  { contacts: { $all: [{ $elemMatch: PHONE }, { $elemMatch: { name: 'Bob' } }] } },
  { contacts: { $size: 1 } },
  { 'labels.ward': secret('ward') },
  { 'labels.ward': { $in: [secret('ward'), secret('bed')] } },
  { 'labels.bed': { $exists: true } },
  { labels: {} },
  { $and: [{ ssn: secret('bea') }, { visits: 0 }] },
  { $or: [{ ssn: secret('ssn') }, { allergies: secret('cats') }, { name: 'Cas' }] },
  { $nor: [{ ssn: secret('ssn') }, { 'contacts.phone': secret('cid') }] },
  { $or: [{ $and: [{ $nor: [{ visits: 3 }] }, { ssn: { $exists: true } }] }, { ssn: null }] },
  { name: 'Ada', ssn: { $ne: secret('ssn') }, $or: [{ visits: -1 }, { visits: 9 }] },
  { $expr: { $eq: ['$name', 'Ada'] }, ssn: secret('ssn') },
  { birthDate: null },
  { birthDate: { $ne: null } },
  { birthDate: { $exists: true } },
  { birthDate: { $in: [null] } },
  { notes: { $size: 2 } },
  { notes: { $exists: false } },
  { notes: null },
  { notes: [] },
  { notes: { $ne: [] } },
  { notes: { $in: [[], null] } },
  { notes: [null] },
  { contacts: [] },
  { contacts: { $ne: [] } },
  { contacts: { $nin: [[]] } },
  { address: null },
  { address: { $exists: true } },
  { details: { $exists: true } },
  { 'contacts.remark': null },
  { 'contacts.remark': { $ne: null } },
];

const asked = (filter: object): QueryFilter<Patient> => structuredClone(filter);

describe('finding', () => {
  it.each(FILTERS)('by %j finds what the twin finds', async (filter) => {
    const found = await expectSame(twins, (model) =>
      model.find(asked(filter)).sort({ _id: 1 }).lean(),
    );
    expect(found).not.toHaveProperty('error');
    await expectSame(twins, (model) => model.countDocuments(asked(filter)));
    await expectSame(twins, async (model) => (await model.exists(asked(filter))) !== null);
  });

  it('by an identifier, with findById and findOne, gives equal documents', async () => {
    await expectSame(twins, (model) => model.findById(idOf(1)));
    await expectSame(twins, (model) => model.findById(idOf(77)));
    await expectSame(twins, (model) => model.findOne({ ssn: secret('ssn') }));
    await expectSame(twins, (model) => model.findOne({ ssn: secret('nobody') }));
    await expectSame(twins, (model) => model.exists({ ssn: secret('ssn') }));
  });

  it('by conditions of the query builder finds what the twin finds', async () => {
    await expectSame(twins, (model) =>
      model
        .find()
        .where('ssn')
        .in([secret('ssn'), secret('bea')])
        .where('visits')
        .ne(0)
        .sort('_id')
        .lean(),
    );
  });

  it('skips, limits and sorts by plain fields as the twin does', async () => {
    await expectSame(twins, (model) =>
      model
        .find({ visits: { $exists: true } })
        .sort({ name: -1, _id: 1 })
        .skip(1)
        .limit(2)
        .lean(),
    );
  });

  it('gives the same CastError for what cannot be cast', async () => {
    const outcome = await expectSame(twins, (model) => model.find({ visits: 'many' as never }));
    expect(outcome).toMatchObject({ error: { name: 'CastError' } });
  });
});

describe('distinct', () => {
  it.each<readonly [string, object]>([
    ['ssn', {}],
    ['visits', {}],
    ['allergies', {}],
    ['allergies', { ssn: secret('ssn') }],
    ['contacts.phone', {}],
    ['doctor.phone', {}],
    ['insurance.number', {}],
    ['labels.ward', {}],
    ['name', { ssn: secret('bea') }],
  ])('on %s under %j gives what the twin gives', async (path, filter) => {
    const outcome = await expectSame(twins, async (model) =>
      (await model.distinct(path, asked(filter))).sort(),
    );
    expect(outcome).not.toHaveProperty('error');
  });
});

describe('deleteMany', () => {
  it('deletes by an encrypted field what the twin deletes', async () => {
    await expectSame(twins, (model) => model.deleteMany({ allergies: { $all: [secret('cats')] } }));
    await expectSameStored(rig, twins);
    expect(await twins.encrypted.countDocuments()).toBe(5);
  });
});
