import type { Model, QueryFilter } from 'mongoose';
import type { Patient } from '../../support/patient-model';
import { openRig, type Rig } from '../../support/rig';
import { refusalOf, type Refusal, secret, SENTINEL } from './compare-twins';
import { patientTwins, seed } from './seed-patients';

let rig: Rig;
let Patients: Model<Patient>;

beforeAll(async () => {
  rig = await openRig('refused_filters');
  const twins = patientTwins(rig);
  Patients = twins.encrypted;
  await seed(twins);
});

afterEach(() => {
  expect(rig.wire.text()).not.toContain(SENTINEL);
  rig.wire.clear();
});

afterAll(async () => {
  await rig.close();
});

const filter = (message: string): Refusal => ({
  name: 'UnsupportedFilterError',
  code: 'FLE_UNSUPPORTED_FILTER',
  message: `Patient${message}`,
});
const operation = (message: string): Refusal => ({
  name: 'UnsupportedOperationError',
  code: 'FLE_UNSUPPORTED_OPERATION',
  message: `Patient${message}`,
});

const PLAIN = 'Filter on a plain field, or compare after reading.';
const NO = (path: string, operator: string): Refusal =>
  filter(`.${path}: ${operator} cannot be answered on an encrypted field. ${PLAIN}`);
const RANDOM = (path: string): Refusal =>
  filter(
    `.${path}: a Random field can only be asked with $exists, or compared with null. Declare it as 'Deterministic' to filter by equality, or filter on a plain field.`,
  );
const WHOLE = (path: string): Refusal =>
  filter(
    `.${path}: it cannot be compared as a whole, because "contacts.remark" inside is Random. Filter on the fields inside it, by dotted paths or $elemMatch.`,
  );
const INSIDE = (path: string): Refusal =>
  filter(`.${path}: the path leads inside a value that is encrypted as one. ${PLAIN}`);
const EXPRESSION = filter(
  ': $expr reads an encrypted field, or something that may hold one. Compare encrypted fields outside of $expr, by their paths.',
);
const UNKNOWN = (operator: string): Refusal =>
  filter(
    `: ${operator} is not available in filters of a model with encrypted fields. Filter on paths, with listed operators.`,
  );

const REFUSED: readonly (readonly [object, Refusal])[] = [
  [{ ssn: { $gt: secret('a') } }, NO('ssn', '$gt')],
  [{ ssn: { $gte: secret('a'), $lt: secret('b') } }, NO('ssn', '$gte')],
  [{ visits: { $lt: 7 } }, NO('visits', '$lt')],
  [{ visits: { $lte: 7 } }, NO('visits', '$lte')],
  [{ visits: { $mod: [2, 1] } }, NO('visits', '$mod')],
  [{ visits: { $bitsAllSet: 1 } }, NO('visits', '$bitsAllSet')],
  [{ visits: { $not: { $gt: 7 } } }, NO('visits', '$gt')],
  [{ ssn: { $type: 'string' } }, NO('ssn', '$type')],
  [{ ssn: { $regex: SENTINEL } }, NO('ssn', '$regex')],
  [
    { ssn: new RegExp(SENTINEL) },
    filter(`.ssn: a regular expression cannot be answered on an encrypted field. ${PLAIN}`),
  ],
  [
    { ssn: { $in: [new RegExp(SENTINEL)] } },
    filter(`.ssn: a regular expression cannot be answered on an encrypted field. ${PLAIN}`),
  ],
  [
    { ssn: { $not: new RegExp(SENTINEL) } },
    filter(`.ssn: $not is given something else than an object of operators. ${PLAIN}`),
  ],
  [{ allergies: { $elemMatch: { $gt: secret('a') } } }, NO('allergies', '$gt')],
  [{ birthDate: new Date(0) }, RANDOM('birthDate')],
  [{ birthDate: { $ne: new Date(0) } }, RANDOM('birthDate')],
  [{ birthDate: { $in: [null, new Date(0)] } }, RANDOM('birthDate')],
  [{ birthDate: { $gt: new Date(0) } }, NO('birthDate', '$gt')],
  [{ notes: secret('first') }, RANDOM('notes')],
  [{ notes: { $all: [secret('first')] } }, RANDOM('notes')],
  [{ 'notes.0': secret('first') }, RANDOM('notes')],
  [{ address: { city: secret('city') } }, RANDOM('address')],
  [{ 'address.city': secret('city') }, INSIDE('address')],
  [{ 'address.city': null }, INSIDE('address')],
  [{ 'details.deep': secret('deep') }, INSIDE('details')],
  [
    { details: null },
    filter(
      '.details: a comparison with null would look inside an array that is encrypted as one value. Ask with $exists.',
    ),
  ],
  [{ 'contacts.remark': secret('kind') }, RANDOM('contacts.remark')],
  [{ contacts: { $elemMatch: { remark: secret('kind') } } }, RANDOM('contacts.remark')],
  [{ contacts: [{ name: 'Bob' }] }, WHOLE('contacts')],
  [
    { doctor: { name: 'Eve', phone: secret('eve') } },
    filter(
      '.doctor: it cannot be compared as a whole, because "doctor.remark" inside is Random. Filter on the fields inside it, by dotted paths or $elemMatch.',
    ),
  ],
  [{ $expr: { $eq: ['$ssn', secret('ssn')] } }, EXPRESSION],
  [{ $expr: { $gt: [{ $size: '$allergies' }, 1] } }, EXPRESSION],
  [{ $expr: { $eq: ['$$ROOT', {}] } }, EXPRESSION],
  [{ $where: 'this.ssn' }, UNKNOWN('$where')],
  [{ $jsonSchema: { required: ['ssn'] } }, UNKNOWN('$jsonSchema')],
  [{ $or: [{ name: 'Ada' }, { ssn: { $gt: secret('a') } }] }, NO('ssn', '$gt')],
  [{ $nor: [{ $and: [{ visits: { $gt: 1 } }] }] }, NO('visits', '$gt')],
];

describe.each<readonly [string, (asked: QueryFilter<Patient>) => unknown]>([
  ['find', (asked) => Patients.find(asked)],
  ['findOne, lean', (asked) => Patients.findOne(asked).lean()],
  ['cursor', (asked) => Patients.find(asked).cursor().next()],
  ['countDocuments', (asked) => Patients.countDocuments(asked)],
  ['distinct', (asked) => Patients.distinct('name', asked)],
  ['updateOne', (asked) => Patients.updateOne(asked, { name: 'x' })],
  ['deleteMany', (asked) => Patients.deleteMany(asked)],
  ['findOneAndDelete', (asked) => Patients.findOneAndDelete(asked)],
  ['bulkWrite', (asked) => Patients.bulkWrite([{ deleteOne: { filter: asked } }] as never)],
  ['aggregate', (asked) => Patients.aggregate([{ $match: asked }])],
])('%s', (_, ask) => {
  it.each(REFUSED)('refuses the filter %j', async (asked, refusal) => {
    const filterOnce = structuredClone(asked) as QueryFilter<Patient>;
    expect(await refusalOf(rig, () => ask(filterOnce))).toEqual(refusal);
  });
});

describe('options of a read', () => {
  const ORDER =
    ': sort cannot order documents by an encrypted field. Sort by a plain field, or sort after reading.';
  const SELECT = 'Select or deselect the path, and compute after reading.';

  it.each<readonly [string, () => unknown, Refusal]>([
    ['sort', () => Patients.find().sort('ssn'), operation(`.ssn${ORDER}`)],
    [
      'sort inside',
      () => Patients.find().sort({ 'contacts.phone': -1 }),
      operation(`.contacts.phone${ORDER}`),
    ],
    [
      'sort of an update',
      () => Patients.findOneAndUpdate({}, { name: 'x' }, { sort: { visits: 1 } }),
      operation(`.visits${ORDER}`),
    ],
    [
      'a projection that computes',
      () => Patients.find({}, { name: '$ssn' } as never),
      operation(
        `: "name" is computed from an encrypted field, or something that may hold one. ${SELECT}`,
      ),
    ],
    [
      'a projection that writes',
      () => Patients.find({}, { ssn: { $literal: secret('x') } } as never),
      operation(
        `.ssn: a projection cannot compute with an encrypted path, nor write onto one. ${SELECT}`,
      ),
    ],
    [
      'a projection inside a whole',
      () => Patients.find({}, { 'address.city': 1 }),
      operation(`.address: the path leads inside a value that is encrypted as one. ${SELECT}`),
    ],
    [
      'a projection by $elemMatch on Random',
      () => Patients.find({}, { contacts: { $elemMatch: { remark: secret('kind') } } } as never),
      RANDOM('contacts.remark'),
    ],
    [
      'collation',
      () => Patients.find({ ssn: secret('SSN') }).collation({ locale: 'en', strength: 2 }),
      filter(
        '.ssn: encrypted strings cannot be compared under a collation. Leave the collation out, or compare with a plain field.',
      ),
    ],
    [
      'min',
      () => Patients.find({}, null, { min: { ssn: secret('a') }, hint: { ssn: 1 } } as never),
      operation(
        '.ssn: min cannot bound an encrypted field, whose order is lost. Filter by equality, or bound a plain field.',
      ),
    ],
    [
      'returnKey',
      () => Patients.find({}, null, { returnKey: true } as never),
      operation(
        ': the option returnKey gives the keys of an index, which may be encrypted. Select the paths with a projection.',
      ),
    ],
    [
      'raw',
      () => Patients.find({}, null, { raw: true } as never),
      operation(
        ': the options raw and fieldsAsRaw give undecoded BSON, in which nothing can be decrypted. Leave them out; lean() gives plain objects.',
      ),
    ],
    [
      'distinct on Random',
      () => Patients.distinct('notes'),
      operation(
        '.notes: distinct cannot find equal values among Random ones. Read the documents and compare the decrypted values.',
      ),
    ],
    [
      'distinct inside a whole',
      () => Patients.distinct('address.city'),
      operation(
        '.address: the path leads inside a value that is encrypted as one. Read the documents and compare the decrypted values.',
      ),
    ],
  ])('refuse %s', async (_, attempt, refusal) => {
    expect(await refusalOf(rig, attempt)).toEqual(refusal);
  });
});
