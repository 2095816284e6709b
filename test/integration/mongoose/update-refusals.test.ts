import type { Model, mongo, UpdateQuery } from 'mongoose';
import type { Patient } from '../../support/patient-model';
import { openRig, type Rig } from '../../support/rig';
import { refusalOf, type Refusal, secret, SENTINEL } from './compare-twins';
import { idOf, patientTwins, seed } from './seed-patients';

let rig: Rig;
let Patients: Model<Patient>;
let stored: mongo.Document[];

beforeAll(async () => {
  rig = await openRig('refused_updates');
  const twins = patientTwins(rig);
  Patients = twins.encrypted;
  await seed(twins);
  stored = await rig.raw('patients');
});

afterEach(async () => {
  expect(await rig.raw('patients')).toEqual(stored);
  expect(rig.wire.text()).not.toContain(SENTINEL);
  rig.wire.clear();
});

afterAll(async () => {
  await rig.close();
});

const SAVE = 'Change the document and save() it, which assigns the whole.';
const COMPUTE = (path: string, operator: string): string =>
  `Patient.${path}: ${operator} cannot compute with an encrypted value. Read the document, set the value computed, and save() it.`;
const ALIKE =
  '$rename would move a value to a path that is not declared alike. Declare both paths alike, or read the value and $set it at its new path.';
const INSIDE = `the path leads inside a value that is encrypted as one. ${SAVE}`;

const update = (message: string): Refusal => ({
  name: 'UnsupportedUpdateError',
  code: 'FLE_UNSUPPORTED_UPDATE',
  message,
});
const filter = (message: string): Refusal => ({
  name: 'UnsupportedFilterError',
  code: 'FLE_UNSUPPORTED_FILTER',
  message,
});
const value = (message: string): Refusal => ({
  name: 'InvalidValueError',
  code: 'FLE_INVALID_VALUE',
  message,
});

const REFUSED: readonly (readonly [UpdateQuery<Patient>, Refusal])[] = [
  [{ $inc: { visits: 1 } }, update(COMPUTE('visits', '$inc'))],
  [{ $mul: { visits: 2 } }, update(COMPUTE('visits', '$mul'))],
  [{ $min: { visits: 2 } }, update(COMPUTE('visits', '$min'))],
  [{ $max: { birthDate: new Date() } }, update(COMPUTE('birthDate', '$max'))],
  [{ $bit: { visits: { and: 1 } } }, update(COMPUTE('visits', '$bit'))],
  [{ $currentDate: { birthDate: true } }, update(COMPUTE('birthDate', '$currentDate'))],
  [{ $min: { ssn: secret('a') } }, update(COMPUTE('ssn', '$min'))],
  [{ $set: { 'address.city': secret('x') } }, update(`Patient.address: ${INSIDE}`)],
  [{ $unset: { 'address.city': 1 } }, update(`Patient.address: ${INSIDE}`)],
  [{ $set: { 'details.deep': secret('x') } }, update(`Patient.details: ${INSIDE}`)],
  [
    { $push: { details: secret('x') } },
    update(`Patient.details: $push needs an array that is not encrypted as one value. ${SAVE}`),
  ],
  [
    { $addToSet: { notes: secret('x') } },
    update(`Patient.notes: $addToSet cannot find equal elements among Random values. ${SAVE}`),
  ],
  [
    { $addToSet: { contacts: { phone: secret('x') } } },
    update(`Patient.contacts: $addToSet cannot find equal elements among Random values. ${SAVE}`),
  ],
  [
    { $pullAll: { notes: [secret('first')] } },
    update(`Patient.notes: $pullAll cannot find equal elements among Random values. ${SAVE}`),
  ],
  [
    { $pull: { notes: secret('first') } },
    filter(
      "Patient.notes: a Random field can only be asked with $exists, or compared with null. Declare it as 'Deterministic' to filter by equality, or filter on a plain field.",
    ),
  ],
  [
    { $pull: { contacts: { remark: secret('kind') } } },
    filter(
      "Patient.contacts.remark: a Random field can only be asked with $exists, or compared with null. Declare it as 'Deterministic' to filter by equality, or filter on a plain field.",
    ),
  ],
  [
    { $pull: { allergies: { $gt: secret('a') } } },
    filter(
      'Patient.allergies: $gt cannot be answered on an encrypted field. Filter on a plain field, or compare after reading.',
    ),
  ],
  [
    { $push: { allergies: { $each: [secret('a')], $sort: 1 } } },
    update(`Patient.allergies: $sort cannot order encrypted values. ${SAVE}`),
  ],
  [
    { $push: { contacts: { $each: [{ phone: secret('a') }], $sort: { phone: 1 } } } },
    update(`Patient.contacts: $sort cannot order encrypted values. ${SAVE}`),
  ],
  [{ $rename: { ssn: 'name' } }, update(`Patient.ssn: ${ALIKE}`)],
  [{ $rename: { name: 'ssn' } }, update(`Patient.ssn: ${ALIKE}`)],
  [{ $rename: { ssn: 'visits' } }, update(`Patient.ssn: ${ALIKE}`)],
  [{ $rename: { birthDate: 'born' } }, update(`Patient.birthDate: ${ALIKE}`)],
  [
    { $set: { visits: 1.5 } },
    value(
      "Patient.visits: the value is not an integer that a Deterministic Number can hold (a safe integer). Declare the path as 'Random', or store a String or BigInt.",
    ),
  ],
  [
    { $set: { visits: 2 ** 53 } },
    value(
      "Patient.visits: the value is not an integer that a Deterministic Number can hold (a safe integer). Declare the path as 'Random', or store a String or BigInt.",
    ),
  ],
];

describe.each<readonly [string, (change: UpdateQuery<Patient>) => unknown]>([
  ['updateOne', (change) => Patients.updateOne({ name: 'Ada' }, change)],
  ['updateMany', (change) => Patients.updateMany({}, change)],
  ['findOneAndUpdate', (change) => Patients.findOneAndUpdate({ name: 'Ada' }, change)],
  [
    'bulkWrite',
    (change) =>
      Patients.bulkWrite([
        { updateOne: { filter: { name: 'Bea' }, update: { $set: { name: 'X' } } } },
        { updateOne: { filter: { name: 'Ada' }, update: change } },
      ]),
  ],
])('%s', (_, apply) => {
  it.each(REFUSED)('refuses %j before anything is sent', async (change, refusal) => {
    expect(await refusalOf(rig, () => apply(structuredClone(change)))).toEqual(refusal);
  });
});

describe('an update by a pipeline', () => {
  const WITH = 'Update encrypted fields with $set, outside of a pipeline.';

  it.each<readonly [object[], string]>([
    [
      [{ $set: { ssn: secret('x') } }],
      `Patient.ssn: a pipeline cannot change an encrypted path. ${WITH}`,
    ],
    [
      [{ $set: { 'contacts.phone': '$name' } }],
      `Patient.contacts.phone: a pipeline cannot change an encrypted path. ${WITH}`,
    ],
    [
      [{ $set: { name: '$ssn' } }],
      `Patient: "name" is computed from an encrypted field, or something that may hold one. ${WITH}`,
    ],
    [
      [{ $set: { name: '$$ROOT' } }],
      `Patient: "name" is computed from an encrypted field, or something that may hold one. ${WITH}`,
    ],
    [[{ $unset: ['ssn'] }], `Patient.ssn: a pipeline cannot change an encrypted path. ${WITH}`],
    [
      [{ $replaceWith: { name: 'x' } }],
      `Patient: $replaceWith is not available in an update of a model with encrypted fields. ${WITH}`,
    ],
  ])('refuses %j', async (pipeline, message) => {
    const attempt = (): unknown => Patients.updateOne({}, pipeline, { updatePipeline: true });
    expect(await refusalOf(rig, attempt)).toEqual(update(message));
  });
});

describe('arrayFilters', () => {
  it('refuse to compare Random fields', async () => {
    const attempt = (): unknown =>
      Patients.updateOne(
        { _id: idOf(1) },
        { $set: { 'contacts.$[one].name': 'x' } },
        { arrayFilters: [{ 'one.remark': secret('kind') }] },
      );
    expect(await refusalOf(rig, attempt)).toEqual(
      filter(
        "Patient.contacts.remark: a Random field can only be asked with $exists, or compared with null. Declare it as 'Deterministic' to filter by equality, or filter on a plain field.",
      ),
    );
  });

  it('refuse ranges of encrypted elements', async () => {
    const attempt = (): unknown =>
      Patients.updateOne(
        { _id: idOf(1) },
        { $set: { 'allergies.$[one]': secret('x') } },
        { arrayFilters: [{ one: { $gt: secret('a') } }] },
      );
    expect(await refusalOf(rig, attempt)).toEqual(
      filter(
        'Patient.allergies: $gt cannot be answered on an encrypted field. Filter on a plain field, or compare after reading.',
      ),
    );
  });
});

describe('a replacement or insert', () => {
  it('refuses a value that is ciphertext already', async () => {
    const ciphertext = stored[0]?.['ssn'] as unknown;
    const attempt = (): unknown => Patients.collection.insertOne({ name: 'x', ssn: ciphertext });
    expect(await refusalOf(rig, attempt)).toEqual({
      name: 'CiphertextGivenError',
      code: 'FLE_CIPHERTEXT_GIVEN',
      message:
        'Patient.ssn: the value given is ciphertext already. Give the plaintext; to read a stored document, use fle.decrypt(Model, document).',
    });
  });

  it('refuses a bulk write as a whole for one value', async () => {
    const attempt = (): unknown =>
      Patients.insertMany([{ name: 'x', visits: 1 }, { visits: 0.5 }], { ordered: false });
    expect(await refusalOf(rig, attempt)).toMatchObject({ code: 'FLE_INVALID_VALUE' });
  });
});
