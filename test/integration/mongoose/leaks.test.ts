import { inspect } from 'node:util';
import type { Model } from 'mongoose';
import { isFleError } from '../../../src/index';
import type { Patient } from '../../support/patient-model';
import { DECRYPTED_HERE } from '../../support/connection-mode';
import { openRig, type Rig } from '../../support/rig';
import { expectLeaks } from '../../support/machines/wire-machine';
import { visibleText } from '../../support/wire-monitor';
import { secret, SENTINEL } from './compare-twins';
import { ada, idOf, patientTwins, seed } from './seed-patients';

const NUMBER = 735_912_684;

let rig: Rig;
let Patients: Model<Patient>;
/** Everything that Mongoose, the driver and the process said, as it was when they said it. */
const heard: string[] = [];

const hear = (...said: unknown[]): void => {
  heard.push(visibleText(said));
};

beforeAll(async () => {
  rig = await openRig('leaks', { connect: DECRYPTED_HERE });
  const twins = patientTwins(rig);
  Patients = twins.encrypted;
  await seed(twins);
  rig.mongoose.set('debug', hear);
  for (const event of ['operation-start', 'operation-end']) rig.connection.on(event, hear);
  const client = rig.connection.getClient();
  for (const event of ['commandSucceeded', 'commandFailed'] as const) client.on(event, hear);
  process.on('warning', hear);
});

afterAll(async () => {
  process.off('warning', hear);
  rig.mongoose.set('debug', false);
  await rig.close();
});

const isLeaking = (text: string): boolean =>
  text.includes(SENTINEL) || text.includes(String(NUMBER));

const full = (n: number): object => ({ ...ada(), _id: idOf(n), visits: NUMBER });
const sensitive = { $set: { ssn: secret('x'), visits: NUMBER, details: { a: secret('x') } } };
const pointed = {
  $set: { 'contacts.$[one].phone': secret('x'), 'labels.ward': secret('x') },
  $push: { allergies: { $each: [secret('x')], $position: 0 }, notes: secret('y') },
};

const OPERATIONS: readonly (readonly [string, () => unknown])[] = [
  ['create', () => Patients.create(full(10))],
  ['insertMany', () => Patients.insertMany([full(11), full(12)])],
  ['insertMany, lean', () => Patients.insertMany([full(13)], { lean: true })],
  ['a duplicate _id', () => Patients.create(full(10))],
  ['duplicates in insertMany', () => Patients.insertMany([full(10), full(14)], { ordered: false })],
  ['find', () => Patients.find({ ssn: secret('ssn'), visits: { $ne: NUMBER } })],
  ['find, explained', () => Patients.find({ ssn: secret('ssn') }).explain()],
  [
    'find with a projection',
    () => Patients.find({}, { contacts: { $elemMatch: { phone: secret('bob') } } } as never),
  ],
  [
    'a cursor',
    () =>
      Patients.find({ visits: NUMBER })
        .cursor({ batchSize: 1 })
        .eachAsync(() => undefined),
  ],
  ['a cursor that is not read', () => Patients.find({ visits: NUMBER }).cursor()],
  ['countDocuments', () => Patients.countDocuments({ allergies: { $in: [secret('dust')] } })],
  ['distinct', () => Patients.distinct('ssn', { ssn: secret('ssn') })],
  ['exists', () => Patients.exists({ $or: [{ ssn: secret('ssn') }, { visits: NUMBER }] })],
  ['aggregate', () => Patients.aggregate([{ $match: { ssn: secret('ssn') } }])],
  [
    'aggregate, facets',
    () => Patients.aggregate([{ $facet: { a: [{ $match: { visits: NUMBER } }] } }]),
  ],
  [
    'aggregate, explained',
    () => Patients.aggregate([{ $match: { ssn: secret('ssn') } }]).explain(),
  ],
  ['updateOne', () => Patients.updateOne({ ssn: secret('ssn') }, sensitive)],
  ['updateMany', () => Patients.updateMany({ visits: NUMBER }, sensitive)],
  [
    'arrayFilters',
    () => Patients.updateMany({}, pointed, { arrayFilters: [{ 'one.phone': secret('bob') }] }),
  ],
  ['an upsert', () => Patients.updateOne({ ssn: secret('up') }, sensitive, { upsert: true })],
  ['findOneAndUpdate', () => Patients.findOneAndUpdate({ ssn: secret('ssn') }, sensitive)],
  [
    'findOneAndReplace',
    () => Patients.findOneAndReplace({ ssn: secret('up') }, { ssn: secret('z') }),
  ],
  ['findOneAndDelete', () => Patients.findOneAndDelete({ ssn: secret('nobody') })],
  ['replaceOne', () => Patients.replaceOne({ ssn: secret('z') }, { notes: [secret('z')] })],
  ['deleteMany', () => Patients.deleteMany({ 'contacts.phone': secret('nobody') })],
  [
    'bulkWrite',
    () =>
      Patients.bulkWrite([
        { insertOne: { document: full(15) as Patient } },
        { updateOne: { filter: { ssn: secret('x') }, update: sensitive } },
        { replaceOne: { filter: { visits: NUMBER }, replacement: { ssn: secret('r') } } },
        { deleteMany: { filter: { 'insurance.number': secret('nobody') } } },
      ] as never),
  ],
  [
    'save',
    async () => {
      const document = await Patients.findById(idOf(1)).orFail();
      document.set({
        ssn: secret('s'),
        'address.city': secret('s'),
        'contacts.0.remark': secret('s'),
      });
      document.labels?.set('new', secret('s'));
      document.notes?.push(secret('s'));
      await document.save();
    },
  ],
  [
    'a VersionError',
    async () => {
      const document = await Patients.findById(idOf(1)).orFail();
      await Patients.updateOne({ _id: idOf(1) }, { $inc: { __v: 5 } });
      document.set('address.city', secret('late'));
      await document.save();
    },
  ],
  ['bulkSave', () => Patients.bulkSave([new Patients(full(16))])],
  [
    'populate',
    () => Patients.find({ ssn: secret('s') }).populate({ path: 'doctor', strictPopulate: false }),
  ],
  ['a refused range', () => Patients.find({ ssn: { $gt: secret('a') } })],
  ['a refused pattern', () => Patients.find({ ssn: new RegExp(SENTINEL) })],
  ['a refused Random filter', () => Patients.find({ notes: secret('first') })],
  ['a refused expression', () => Patients.find({ $expr: { $eq: ['$ssn', secret('x')] } })],
  ['a refused key', () => Patients.find({ ssn: { [`$${SENTINEL}`]: 1 } } as never)],
  ['a refused path', () => Patients.find({ [`details.${SENTINEL}`]: 1 })],
  ['a refused Map key', () => Patients.updateOne({}, { $inc: { [`labels.${SENTINEL}`]: 1 } })],
  ['a refused clause', () => Patients.find({ $where: `this.ssn === '${SENTINEL}'` })],
  ['a refused $inc', () => Patients.updateOne({}, { $inc: { visits: NUMBER } })],
  ['a refused fraction', () => Patients.updateOne({}, { visits: NUMBER + 0.5 })],
  ['a refused fraction in a filter', () => Patients.find({ visits: NUMBER + 0.5 })],
  ['a refused $pull', () => Patients.updateOne({}, { $pull: { notes: secret('first') } })],
  [
    'a refused sort',
    () => Patients.updateOne({}, { $push: { allergies: { $each: [secret('x')], $sort: 1 } } }),
  ],
  ['a refused replacement', () => Patients.collection.insertOne({ contacts: secret('x') })],
  ['a refused number', () => Patients.collection.insertOne({ visits: secret('x') })],
  ['a refused element', () => Patients.collection.insertOne({ allergies: { [SENTINEL]: 1 } })],
  [
    'a refused literal',
    () => Patients.aggregate([{ $addFields: { ssn: { $literal: secret('x') } } }]),
  ],
  ['a refused stage', () => Patients.aggregate([{ [`$${SENTINEL}`]: 1 } as never])],
  ['a refused projection', () => Patients.find({}, { ssn: { $literal: secret('x') } } as never)],
  [
    'a refused dotted key',
    () => Patients.collection.insertOne({ 'insurance.number': secret('x') }),
  ],
  [
    'a refused bulk write',
    () =>
      rig.connection.bulkWrite([
        { model: Patients, name: 'insertOne', document: { ssn: secret('x') } },
      ] as never),
  ],
  [
    'an array filter',
    () =>
      Patients.updateOne(
        {},
        { $set: { 'contacts.$[a].name': 'x' } },
        { arrayFilters: [{ 'a.remark': secret('x') }] },
      ),
  ],
  [
    'an unknown identifier',
    () => Patients.updateOne({}, { name: 'x' }, { arrayFilters: [{ [SENTINEL]: secret('x') }] }),
  ],
  [
    'a cycle',
    () => {
      const cycle: Record<string, unknown> = { [SENTINEL]: secret('x') };
      cycle['again'] = cycle;
      return Patients.collection.insertOne({ details: cycle });
    },
  ],
];

describe('a secret', () => {
  it.each(OPERATIONS)('is not shown by %s', async (_, operate) => {
    heard.length = 0;
    rig.wire.clear();
    const failure: unknown = await Promise.resolve()
      .then(operate)
      .then(
        () => undefined,
        (error: unknown) => error,
      );
    expect(isLeaking(rig.wire.text())).toBe(false);
    expect(heard.filter(isLeaking)).toEqual([]);
    if (!isFleError(failure)) return;
    const shown = [
      failure.message,
      failure.stack ?? '',
      inspect(failure, { depth: Infinity, showHidden: true }),
      JSON.stringify(failure),
      JSON.stringify(Object.getOwnPropertyDescriptors(failure)),
    ];
    expect(shown.filter(isLeaking)).toEqual([]);
  });

  it('is neither in the database', async () => {
    expect(isLeaking(visibleText(await rig.raw('patients')))).toBe(false);
  });

  it('was really looked for', async () => {
    expectLeaks('it is the value of a field that nobody declared');
    const { length } = heard;
    await rig.connection.collection('others').findOne({ name: secret('clear') });
    expect(heard.length).toBeGreaterThan(length);
    expect(isLeaking(rig.wire.text())).toBe(true);
    expect(heard.some(isLeaking)).toBe(true);
  });
});
