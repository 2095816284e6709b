import type { HydratedDocument, Model } from 'mongoose';
import type { Patient } from '../../support/patient-model';
import { openRig, type Rig } from '../../support/rig';
import {
  type DocumentArrayMethods,
  expectSame,
  expectSameStored,
  secret,
  SENTINEL,
  type Twins,
} from './compare-twins';
import { idOf, patientTwins, seed } from './seed-patients';

type PatientDocument = HydratedDocument<Patient>;

let rig: Rig;
let twins: Twins<Patient>;

beforeAll(async () => {
  rig = await openRig('saves');
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

const mongooseArray = (array: unknown): DocumentArrayMethods => array as DocumentArrayMethods;

const CHANGES: readonly (readonly [string, (document: PatientDocument) => unknown])[] = [
  ['nothing', () => undefined],
  ['a value', (document) => document.set('ssn', secret('new'))],
  ['a value to what it was', (document) => document.set('ssn', secret('ssn'))],
  ['a value to null', (document) => document.set('ssn', null)],
  ['a value to undefined', (document) => document.set('ssn', undefined)],
  [
    'a Date in place',
    (document) => {
      document.birthDate?.setFullYear(2000);
      document.markModified('birthDate');
    },
  ],
  ['a nested path', (document) => document.set('insurance.number', secret('new'))],
  ['a field of a subdocument', (document) => document.set('doctor.phone', secret('new'))],
  ['a subdocument', (document) => document.set('doctor', { phone: secret('x'), _id: idOf(120) })],
  ['a subdocument away', (document) => document.set('doctor', undefined)],
  ['a field in an array', (document) => document.set('contacts.1.remark', secret('new'))],
  ['an array by push', (document) => document.allergies?.push(secret('a'), secret('b'))],
  ['a Random array by push', (document) => document.notes?.push(secret('a'))],
  ['an array by pull', (document) => mongooseArray(document.allergies).pull(secret('dust'))],
  [
    'an array by addToSet',
    (document) => mongooseArray(document.allergies).addToSet(secret('dust'), secret('x')),
  ],
  ['an array by position', (document) => document.set('allergies.0', secret('new'))],
  ['an array by splice', (document) => document.allergies?.splice(0, 1, secret('a'), secret('b'))],
  ['an array by shift', (document) => document.allergies?.shift()],
  ['an array by pop', (document) => document.notes?.pop()],
  ['an array by sort', (document) => document.notes?.sort()],
  ['an array by assignment', (document) => document.set('notes', [secret('only')])],
  ['an array to nothing', (document) => document.set('allergies', [])],
  [
    'subdocuments by push',
    (document) => document.contacts?.push({ phone: secret('p'), _id: idOf(121) } as never),
  ],
  ['subdocuments by pull', (document) => mongooseArray(document.contacts).pull(idOf(101))],
  ['subdocuments by splice', (document) => document.contacts?.splice(0, 1)],
  ['a Map by set', (document) => document.labels?.set('ward', secret('new'))],
  ['a Map by a new key', (document) => document.labels?.set('new', secret('new'))],
  ['a Map by delete', (document) => document.labels?.delete('ward')],
  ['a Map by assignment', (document) => document.set('labels', { only: secret('new') })],
  ['a whole by assignment', (document) => document.set('address', { city: secret('new') })],
  ['a Mixed by assignment', (document) => document.set('details', secret('new'))],
  [
    'a Mixed in place',
    (document) => {
      (document.details as { deep: unknown[] }).deep.push(secret('more'));
      document.markModified('details');
    },
  ],
  [
    'everything',
    (document) =>
      document.set({
        ssn: secret('1'),
        visits: 0,
        birthDate: new Date(1),
        allergies: [secret('2')],
        notes: [],
        address: { street: secret('3') },
        details: [secret('4')],
        contacts: [],
        insurance: {},
      }),
  ],
];

/** The documents as they were after loading, changing and saving, and what was dirty. */
async function changed(
  model: Model<Patient>,
  change: (document: PatientDocument) => unknown,
): Promise<unknown[]> {
  const document = await model.findById(idOf(1)).orFail();
  const loaded = [document.modifiedPaths(), document.isModified()];
  change(document);
  const dirty = [document.modifiedPaths(), document.directModifiedPaths(), document.toObject()];
  await document.save();
  return [loaded, dirty, document.modifiedPaths(), document.isModified(), document.toObject()];
}

describe('saving a document that was loaded', () => {
  it.each(CHANGES)('with %s changed stores what its twin stores', async (_, change) => {
    const outcome = await expectSame(twins, (model) => changed(model, change));
    expect(outcome).not.toHaveProperty('error');
    await expectSameStored(rig, twins);
  });

  it('sends no value that was not touched, so that Random ciphertext stays as it is', async () => {
    const before = await rig.rawOne('patients', { _id: idOf(1) });
    rig.wire.clear();
    await changed(twins.encrypted, (document) => document.set('name', 'Ann'));
    const after = await rig.rawOne('patients', { _id: idOf(1) });
    expect(after).toEqual({ ...before, name: 'Ann' });
    const { updates } = rig.wire.commands.at(-1)?.command as { updates: { u: object }[] };
    expect(updates.map(({ u }) => u)).toEqual([{ $set: { name: 'Ann' } }]);
    await changed(twins.encrypted, (document) => document.set('contacts.0.name', 'Bo'));
    const [contact] = after['contacts'] as object[];
    expect(await rig.rawOne('patients', { 'contacts.name': 'Bo' })).toMatchObject({
      contacts: [{ ...contact, name: 'Bo' }, {}],
    });
  });

  it('sends no update where nothing has changed', async () => {
    const document = await twins.encrypted.findById(idOf(1)).orFail();
    rig.wire.clear();
    await document.save();
    expect(rig.wire.count('update')).toBe(0);
  });

  it('again and again encrypts each value once', async () => {
    await expectSame(twins, async (model) => {
      const document = await model.findById(idOf(1)).orFail();
      for (const round of ['a', 'b', 'c']) {
        document.set({ ssn: secret(round), 'contacts.0.phone': secret(round) });
        document.notes?.push(secret(round));
        await document.save();
      }
      const again = await model.findById(idOf(1)).orFail();
      again.set('doctor.phone', secret('d'));
      await again.save();
      return [document.toObject(), again.toObject()];
    });
    await expectSameStored(rig, twins);
  });

  it('by bulkSave stores what the twin stores', async () => {
    await expectSame(twins, async (model) => {
      const documents = await model.find().sort({ _id: 1 });
      documents[0]?.set({ ssn: secret('a'), 'doctor.phone': secret('b') });
      documents[1]?.set({ address: { city: secret('c') } });
      const fresh = new model({ _id: idOf(8), ssn: secret('d'), notes: [secret('e')] });
      const all = [...documents, fresh];
      const { insertedCount, modifiedCount } = await model.bulkSave(all);
      const states = all.map((each) => [each.isNew, each.modifiedPaths(), each.toObject()]);
      return [insertedCount, modifiedCount, states];
    });
    await expectSameStored(rig, twins);
  });
});

describe('a document that is changed while it is saved', () => {
  it.each<readonly [string, (document: PatientDocument) => unknown]>([
    ['at another path', (document) => document.set('visits', 99)],
    ['at the same path', (document) => document.set('ssn', secret('later'))],
    ['inside a whole', (document) => document.set('address.city', secret('later'))],
    ['by a push', (document) => document.allergies?.push(secret('later'))],
  ])('%s keeps the change for the next save, as its twin does', async (_, change) => {
    await expectSame(twins, async (model) => {
      const document = await model.findById(idOf(1)).orFail();
      document.set('ssn', secret('first'));
      document.allergies?.push(secret('first'));
      const saving = document.save();
      change(document);
      await saving;
      const left = document.modifiedPaths();
      await document.save();
      return [left, document.modifiedPaths(), document.toObject()];
    });
    const stored = await twins.plain.find().select('-__v').sort({ _id: 1 }).lean();
    expect(await twins.encrypted.find().select('-__v').sort({ _id: 1 }).lean()).toEqual(stored);
  });

  it('twice at once fails once, as its twin does', async () => {
    await expectSame(twins, async (model) => {
      const document = await model.findById(idOf(1)).orFail();
      document.set('ssn', secret('once'));
      const saved = await Promise.allSettled([document.save(), document.save()]);
      return [saved.map(({ status }) => status), document.toObject()];
    });
    await expectSameStored(rig, twins);
  });

  it('by bulkSave, in part of a whole and of a Random array, stores both', async () => {
    await expectSame(twins, async (model) => {
      const document = await model.findById(idOf(1)).orFail();
      document.set('address.city', secret('bulk'));
      mongooseArray(document.notes).pull(secret('first'));
      await model.bulkSave([document]);
      const { address, notes } = document.toObject();
      return [document.modifiedPaths(), address, notes];
    });
    const { address, notes } = (await twins.encrypted.findById(idOf(1)).lean()) ?? {};
    expect(address).toEqual({ street: secret('street'), city: secret('bulk') });
    expect(notes).toEqual([secret('second')]);
  });
});
