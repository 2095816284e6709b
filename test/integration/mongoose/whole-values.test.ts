import type { HydratedDocument } from 'mongoose';
import { type Patient, patientModels } from '../../support/patient-model';
import { openRig, type Rig, storedAs } from '../../support/rig';
import { type DocumentArrayMethods, refusalOf, secret, SENTINEL } from './compare-twins';
import { ada, idOf } from './seed-patients';

let rig: Rig;
let Patients: ReturnType<typeof patientModels>['Patients'];

beforeAll(async () => {
  rig = await openRig('wholes');
  ({ Patients } = patientModels(rig));
});

beforeEach(async () => {
  await Patients.deleteMany({});
  await Patients.create(ada());
});

afterEach(() => {
  expect(rig.wire.text()).not.toContain(SENTINEL);
  rig.wire.clear();
});

afterAll(async () => {
  await rig.close();
});

const loaded = async (): Promise<HydratedDocument<Patient>> =>
  await Patients.findById(idOf(1)).orFail();

interface SentUpdate {
  readonly q: object;
  readonly u: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** The filter and update of the last command. */
function lastUpdate(): SentUpdate | undefined {
  const { updates } = rig.wire.commands.at(-1)?.command as { updates: SentUpdate[] };
  return updates[0];
}

describe('a partial change of a value that is encrypted as a whole', () => {
  it('is saved as one $set of the whole, guarded by the version', async () => {
    const document = await loaded();
    document.set('address.city', secret('elsewhere'));
    expect(document.modifiedPaths()).toEqual(['address', 'address.city']);
    await document.save();
    const { q, u = {} } = lastUpdate() ?? {};
    expect(q).toEqual({ _id: idOf(1), __v: 0 });
    expect(Object.keys(u)).toEqual(['$set', '$inc']);
    expect(storedAs(u['$set']?.['address'])).toBe('Random');
    expect(u['$inc']).toEqual({ __v: 1 });
    expect(document).toMatchObject({ __v: 1, address: { city: secret('elsewhere') } });
    expect(document.isModified()).toBe(false);
    expect(await Patients.findById(idOf(1)).lean()).toMatchObject({
      __v: 1,
      address: { street: secret('street'), city: secret('elsewhere') },
    });
  });

  it('is saved when a path inside is unset', async () => {
    const document = await loaded();
    document.set('address.city', undefined);
    await document.save();
    const { address } = (await Patients.findById(idOf(1)).lean()) ?? {};
    expect(address).toEqual({ street: secret('street') });
  });

  it('is saved again and again', async () => {
    const document = await loaded();
    for (const round of ['a', 'b', 'c']) {
      document.set('address.city', secret(round));
      await document.save();
    }
    expect(await Patients.findById(idOf(1)).lean()).toMatchObject({
      __v: 3,
      address: { street: secret('street'), city: secret('c') },
    });
  });

  it('fails with a VersionError where another has changed it meanwhile', async () => {
    const [first, second] = [await loaded(), await loaded()];
    first.set('address.city', secret('first'));
    second.set('address.street', secret('second'));
    await first.save();
    await expect(second.save()).rejects.toMatchObject({ name: 'VersionError' });
    expect(second.modifiedPaths()).toEqual(['address', 'address.street']);
    expect(second.toObject().address).toEqual({ street: secret('second'), city: secret('city') });
    expect((await loaded()).toObject().address).toEqual({
      street: secret('street'),
      city: secret('first'),
    });
  });

  it('beside other changes sends all in one command', async () => {
    const document = await loaded();
    document.set({ 'address.city': secret('elsewhere'), ssn: secret('other'), name: 'Ann' });
    rig.wire.clear();
    await document.save();
    expect(rig.wire.names()).toEqual(['update']);
    expect(await Patients.findById(idOf(1)).lean()).toMatchObject({
      name: 'Ann',
      ssn: secret('other'),
      address: { street: secret('street'), city: secret('elsewhere') },
    });
  });

  it('is refused where the version was not selected', async () => {
    const partial = await Patients.findById(idOf(1)).select('-__v').orFail();
    partial.set('address.city', secret('elsewhere'));
    expect(await refusalOf(rig, () => partial.save())).toEqual({
      name: 'UnsupportedUpdateError',
      code: 'FLE_UNSUPPORTED_UPDATE',
      message:
        'Patient: part of a value that is encrypted as a whole has changed, and the document carries no version to guard the rest by. Keep the versionKey of the schema and select it, or assign the value as a whole.',
    });
    expect(partial.isModified('address.city')).toBe(true);
  });
});

describe('an assignment of a whole value', () => {
  it('carries no guard', async () => {
    const document = await loaded();
    await Patients.updateOne({ _id: idOf(1) }, { $inc: { __v: 1 } });
    document.set('address', { city: secret('elsewhere') });
    document.set('details', { other: secret('x') });
    await document.save();
    expect(lastUpdate()?.q).toEqual({ _id: idOf(1) });
    expect(await Patients.findById(idOf(1)).lean()).toMatchObject({
      address: { city: secret('elsewhere') },
      details: { other: secret('x') },
    });
  });
});

describe('a comparing change of an array of Random values', () => {
  it.each<readonly [string, (notes: DocumentArrayMethods) => unknown, string[]]>([
    ['pull', (notes) => notes.pull(secret('first')), ['second']],
    ['addToSet of a new value', (notes) => notes.addToSet(secret('x')), ['first', 'second', 'x']],
    ['addToSet of a known value', (notes) => notes.addToSet(secret('first')), ['first', 'second']],
  ])('by %s is saved as an assignment of the array', async (_, change, expected) => {
    const document = await loaded();
    change(document.notes as unknown as DocumentArrayMethods);
    await document.save();
    expect(document.notes?.map(String)).toEqual(expected.map(secret));
    const { notes } = (await Patients.findById(idOf(1)).lean()) ?? {};
    expect(notes).toEqual(expected.map(secret));
    const raw = await rig.rawOne('patients');
    expect((raw['notes'] as unknown[]).map(storedAs)).toEqual(expected.map(() => 'Random'));
  });
});
