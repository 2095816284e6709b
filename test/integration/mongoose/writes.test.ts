import type { Model } from 'mongoose';
import { type Patient, patientModels } from '../../support/patient-model';
import { openRig, type Rig, storedAs } from '../../support/rig';

const SENTINEL = 'sentinel-7f3a';
const secret = (name: string): string => `${SENTINEL}-${name}`;

let rig: Rig;
let Patients: Model<Patient>;

beforeAll(async () => {
  rig = await openRig('writes');
  ({ Patients } = patientModels(rig));
});

afterEach(async () => {
  expect(rig.wire.text()).not.toContain(SENTINEL);
  await rig.bare.collection('patients').deleteMany({});
});

afterAll(async () => {
  await rig.close();
});

const full = (): object => ({
  name: 'Ada',
  ssn: secret('ssn'),
  visits: 3,
  birthDate: new Date('1990-01-02'),
  allergies: [secret('nuts'), secret('dust')],
  notes: [secret('note')],
  address: { street: secret('street'), city: secret('city') },
  details: { deep: [secret('deep')] },
  contacts: [{ name: 'Bob', phone: secret('phone'), remark: secret('remark') }],
  doctor: { name: 'Eve', phone: secret('doctor') },
  insurance: { company: 'ACME', number: secret('number') },
  labels: { ward: secret('ward') },
});

const at = (document: unknown, path: string): unknown =>
  path
    .split('.')
    .reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], document);

/** How each path of a full patient must be stored. */
const STORED = [
  ['name', 'clear'],
  ['ssn', 'Deterministic'],
  ['visits', 'Deterministic'],
  ['birthDate', 'Random'],
  ['allergies.0', 'Deterministic'],
  ['allergies.1', 'Deterministic'],
  ['notes.0', 'Random'],
  ['address', 'Random'],
  ['details', 'Random'],
  ['contacts.0.name', 'clear'],
  ['contacts.0.phone', 'Deterministic'],
  ['contacts.0.remark', 'Random'],
  ['doctor.name', 'clear'],
  ['doctor.phone', 'Deterministic'],
  ['insurance.company', 'clear'],
  ['insurance.number', 'Deterministic'],
  ['labels.ward', 'Deterministic'],
] as const;

async function expectAllEncrypted(): Promise<void> {
  const stored = await rig.rawOne('patients');
  expect(STORED.map(([path]) => [path, storedAs(at(stored, path))])).toEqual(STORED);
}

describe('inserting', () => {
  it.each([
    ['save', async () => await new Patients(full()).save()],
    ['create', async () => await Patients.create(full())],
    ['insertMany', async () => await Patients.insertMany([full()])],
    ['insertMany with lean', async () => await Patients.insertMany([full()], { lean: true })],
    [
      'bulkWrite with insertOne',
      async () => await Patients.bulkWrite([{ insertOne: { document: full() as Patient } }]),
    ],
    ['bulkSave', async () => await Patients.bulkSave([new Patients(full())])],
    [
      'an upserting replaceOne',
      async () => await Patients.replaceOne({ name: 'Ada' }, full(), { upsert: true }),
    ],
    [
      'an upserting updateOne',
      async () => await Patients.updateOne({ name: 'Ada' }, { $set: full() }, { upsert: true }),
    ],
    [
      'an upserting findOneAndUpdate with $setOnInsert',
      async () =>
        await Patients.findOneAndUpdate(
          { name: 'Ada' },
          { $setOnInsert: full() },
          { upsert: true },
        ),
    ],
  ])('by %s stores ciphertext on every encrypted path', async (_, insert) => {
    await insert();
    await expectAllEncrypted();
    const [read] = await Patients.find();
    expect(read?.toObject({ flattenMaps: true })).toMatchObject(full());
  });
});
