import { type Model, mongo } from 'mongoose';
import type { Patient } from '../../support/patient-model';
import { openRig, type Rig, storedAs } from '../../support/rig';
import {
  expectSame,
  expectSameStored,
  outcomeOf,
  refusalOf,
  secret,
  SENTINEL,
  type Twins,
} from './compare-twins';
import { ada, idOf, patientTwins, seed } from './seed-patients';

let rig: Rig;
let twins: Twins<Patient>;
let Patients: Model<Patient>;

beforeAll(async () => {
  rig = await openRig('doors');
  twins = patientTwins(rig);
  Patients = twins.encrypted;
});

beforeEach(async () => {
  await seed(twins);
});

afterEach(() => {
  expect(rig.wire.text()).not.toContain(SENTINEL);
});

afterAll(async () => {
  await rig.close();
});

const REMEDY = (method: string): string =>
  `Use a method of the model that is supported, or connection.collection(name).${method}() to work on what is stored.`;

describe('the collection of a model', () => {
  it('encrypts what is inserted, changed and asked through it', async () => {
    const { collection } = Patients;
    const inserted = { ...ada(), _id: idOf(20) };
    await collection.insertOne(inserted);
    await collection.insertMany([{ _id: idOf(21), ssn: secret('21') }] as never);
    await collection.updateOne({ ssn: secret('21') }, { $set: { ssn: secret('22') } });
    await collection.replaceOne({ _id: idOf(3) }, { ssn: secret('3') });
    await collection.deleteOne({ ssn: secret('bea') });
    const raw = await rig.raw('patients');
    expect(raw.map(({ ssn }) => storedAs(ssn))).toEqual(raw.map(() => 'Deterministic'));
    expect(raw).toHaveLength(4);
    expect(await collection.findOne({ ssn: secret('22') } as never)).toEqual({
      _id: idOf(21),
      ssn: secret('22'),
    });
    expect(await collection.find({ _id: idOf(20) }).toArray()).toEqual([inserted]);
    expect(await collection.countDocuments({ ssn: secret('3') })).toBe(1);
    expect(await Patients.collection.distinct('ssn', { _id: idOf(3) })).toEqual([secret('3')]);
  });

  it.each(['initializeOrderedBulkOp', 'initializeUnorderedBulkOp', 'findAndModify', 'count'])(
    'refuses %s before anything is sent',
    async (method) => {
      const collection = Patients.collection as unknown as Record<string, () => unknown>;
      if (!(method in mongo.Collection.prototype)) return;
      const refused = await refusalOf(rig, async () => await collection[method]?.());
      expect(refused).toEqual({
        name: 'UnsupportedOperationError',
        code: 'FLE_UNSUPPORTED_OPERATION',
        message: `Patient: ${method}() cannot be used on a model with encrypted fields. ${REMEDY(method)}`,
      });
    },
  );

  it('keeps every method of the driver that it does not know shut', () => {
    const collection = Patients.collection as unknown as Record<string, unknown>;
    const open = Object.getOwnPropertyNames(mongo.Collection.prototype)
      .filter((name) => typeof collection[name] === 'function' && name !== 'constructor')
      .filter((name) => {
        try {
          const made = (collection[name] as () => unknown)();
          if (made instanceof Promise) made.catch(() => undefined);
          return false;
        } catch (error) {
          return (error as { code?: string }).code !== 'FLE_UNSUPPORTED_OPERATION';
        }
      });
    expect(open).toEqual([]);
  });

  it('passes on what carries no values', async () => {
    expect(await Patients.estimatedDocumentCount()).toBeGreaterThanOrEqual(0);
    await Patients.collection.createIndex({ name: 1 }, {}, {});
    expect((await Patients.listIndexes()).map(({ name }) => name as string)).toEqual([
      '_id_',
      'name_1',
    ]);
    await Patients.collection.dropIndex('name_1');
  });
});

describe('a way past the model', () => {
  it('by Model.hydrate is refused for ciphertext, and names what decrypts it', async () => {
    const raw = await rig.rawOne('patients', { _id: idOf(1) });
    const refused = await refusalOf(rig, async () => {
      await Promise.resolve();
      return Patients.hydrate(raw);
    });
    expect(refused).toEqual({
      name: 'CiphertextGivenError',
      code: 'FLE_CIPHERTEXT_GIVEN',
      message:
        'Patient.ssn: a document cannot be made of ciphertext. Decrypt what was read outside Mongoose with fle.decrypt(Model, document) first.',
    });
    const decrypted = await rig.fle.decrypt(Patients, raw);
    const { plain } = twins;
    const twin = await plain.findById(idOf(1)).lean();
    expect(Patients.hydrate(decrypted).toObject()).toStrictEqual(plain.hydrate(twin).toObject());
  });

  it('by Model.hydrate is refused for ciphertext in a subdocument of a plain value', async () => {
    const raw = await rig.rawOne('patients', { _id: idOf(1) });
    expect(() => Patients.hydrate({ contacts: raw['contacts'] as unknown })).toThrow(
      'Patient.contacts.phone: a document cannot be made of ciphertext.',
    );
  });
});

describe('Patients.bulkWrite', () => {
  it('does what the twin does, in order, with every operation', async () => {
    await expectSame(twins, (model) =>
      model.bulkWrite([
        { insertOne: { document: { _id: idOf(30), ssn: secret('30') } } },
        { updateOne: { filter: { ssn: secret('30') }, update: { ssn: secret('31') } } },
        { updateMany: { filter: { visits: 3 }, update: { $set: { visits: 4 } } } },
        { replaceOne: { filter: { ssn: secret('31') }, replacement: { visits: 9 } } },
        { deleteOne: { filter: { visits: 9 } } },
        { deleteMany: { filter: { allergies: secret('dust') } } },
        {
          updateOne: {
            filter: { _id: idOf(31), ssn: secret('32') },
            update: { $push: { notes: secret('note') } },
            upsert: true,
          },
        },
      ] as never),
    );
    await expectSameStored(rig, twins);
  });

  it('refuses an operation it does not know as its twin does', async () => {
    const unknown = (model: Model<Patient>): unknown =>
      model.bulkWrite([{ insertTwo: { document: { ssn: secret('x') } } }] as never);
    rig.wire.clear();
    expect(await outcomeOf(() => unknown(Patients))).toEqual(
      await outcomeOf(() => unknown(twins.plain)),
    );
    expect(rig.wire.names()).toEqual([]);
  });

  it('reports duplicate keys without ciphertext, ordered and not', async () => {
    for (const ordered of [true, false]) {
      await expectSame(twins, (model) =>
        model
          .insertMany([{ _id: idOf(1), ssn: secret('1') }, { _id: idOf(40 + Number(ordered)) }], {
            ordered,
          })
          .catch((error: unknown) => (error as { code: number }).code),
      );
    }
    await expectSameStored(rig, twins);
  });
});
