import { mongo, Schema } from 'mongoose';
import type { Patient } from '../../support/patient-model';
import { DECRYPTED_HERE } from '../../support/connection-mode';
import { openRig, type Rig, storedAs } from '../../support/rig';
import { expectSame, expectSealed, secret, type Twins } from './compare-twins';
import { ada, idOf, patientTwins, seed } from './seed-patients';

describe.each<readonly [string, mongo.MongoClientOptions]>([
  ['promoteBuffers: true', { promoteBuffers: true }],
  ['promoteLongs: false', { promoteLongs: false }],
  ['useBigInt64: true', { useBigInt64: true }],
  ['ignoreUndefined: true', { ignoreUndefined: true }],
  ['retryWrites: false', { retryWrites: false }],
])('a connection with %s', (_, connect) => {
  let rig: Rig;
  let twins: Twins<Patient>;

  beforeAll(async () => {
    rig = await openRig('read_connection', { connect: { ...DECRYPTED_HERE, ...connect } });
    twins = patientTwins(rig);
    await seed(twins);
  });

  afterAll(async () => {
    await rig.close();
  });

  it('reads what the twin reads', async () => {
    await expectSame(twins, (model) => model.find().sort({ _id: 1 }).lean());
    await expectSame(twins, (model) => model.find({ ssn: secret('ssn') }));
    await expectSame(twins, (model) =>
      model.aggregate([{ $match: { visits: 3 } }, { $sort: { _id: 1 } }]),
    );
    await expectSame(twins, (model) => model.distinct('visits', { visits: 3 }));
    await expectSealed(rig, twins.encrypted);
  });

  it('stores what the twin stores', async () => {
    const details = { a: undefined, b: 1, c: Buffer.from('x'), d: 2 ** 40 };
    await expectSame(twins, async (model) => {
      await model.collection.insertOne({ ...ada(), _id: idOf(50), details });
      return await model.findById(idOf(50)).lean();
    });
  });
});

describe('a connection whose driver decrypts by itself', () => {
  it('reads and writes as any other', async () => {
    const first = await openRig('driver_decrypts');
    const { encrypted } = patientTwins(first);
    await encrypted.create(ada());
    const other = await first.mongoose
      .createConnection(first.uri, {
        autoEncryption: {
          bypassAutoEncryption: true,
          keyVaultNamespace: `${first.databaseName}.__keyVault`,
          kmsProviders: { local: { key: first.masterKey } },
        },
      })
      .asPromise();
    const model = other.model('Patient', encrypted.schema) as unknown as typeof encrypted;
    expect(await model.findOne({ ssn: secret('ssn') }).lean()).toStrictEqual(
      await encrypted.findOne().lean(),
    );
    const document = await model.findById(idOf(1)).orFail();
    document.set({ ssn: secret('new'), 'address.city': secret('new') });
    await document.save();
    expect(storedAs((await first.rawOne('patients'))['ssn'])).toBe('Deterministic');
    expect(await model.aggregate([{ $match: { ssn: secret('new') } }])).toMatchObject([
      { address: { street: secret('street'), city: secret('new') } },
    ]);
    await first.fle.close(other);
    await other.close();
    await first.close();
  });
});

describe('what the database holds', () => {
  let rig: Rig;
  let twins: Twins<Patient>;

  beforeAll(async () => {
    rig = await openRig('stored', { connect: DECRYPTED_HERE });
    twins = patientTwins(rig);
  });

  beforeEach(async () => {
    await seed(twins);
  });

  afterAll(async () => {
    await rig.close();
  });

  it('in plaintext on an encrypted path fails a read, whichever way', async () => {
    await rig.tamper('patients', { _id: idOf(1) }, { $set: { 'contacts.0.phone': 'clear' } });
    const refused = {
      name: 'PlaintextFoundError',
      code: 'FLE_PLAINTEXT_FOUND',
      model: 'Patient',
      path: 'contacts.phone',
      message:
        "Patient.contacts.phone: the database holds a value there that is not ciphertext. Encrypt what is stored, or allow it to be read with the option plaintext: 'read'.",
    };
    const { encrypted } = twins;
    for (const attempt of [
      () => encrypted.find(),
      () => encrypted.findById(idOf(1)).lean(),
      () => encrypted.find({ name: 'Ada' }).cursor().next(),
      () => encrypted.aggregate([{ $limit: 3 }]),
      () => encrypted.findOneAndUpdate({ _id: idOf(1) }, { visits: 1 }),
      () => encrypted.distinct('contacts.phone'),
    ]) {
      await expect(attempt()).rejects.toMatchObject(refused);
    }
    expect(await encrypted.find().select('ssn').lean()).toHaveLength(3);
  });

  it("in plaintext is read by a handle with plaintext: 'read'", async () => {
    const tolerant = await openRig('tolerant', { handle: { plaintext: 'read' } });
    const { encrypted } = patientTwins(tolerant);
    const stored = { ...ada(), visits: 3 };
    await tolerant.plant('patients', stored);
    expect(await encrypted.findOne().lean()).toEqual(stored);
    const document = await encrypted.findOne().orFail();
    document.set('ssn', secret('sealed'));
    await document.save();
    const raw = await tolerant.rawOne('patients');
    expect([raw['ssn'], raw['insurance']].map(storedAs)).toEqual(['Deterministic', 'clear']);
    await tolerant.close();
  });

  it('tampered with fails a read with the key and the cause', async () => {
    const raw = await rig.rawOne('patients', { _id: idOf(1) });
    const bytes = Buffer.from((raw['ssn'] as mongo.Binary).buffer);
    bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
    const keyId = new mongo.UUID(bytes.subarray(1, 17)).toString();
    const $set = { ssn: new mongo.Binary(bytes, 6) };
    await rig.tamper('patients', { _id: idOf(1) }, { $set });
    for (const attempt of [
      () => twins.encrypted.findById(idOf(1)),
      () => twins.encrypted.find().lean(),
      () => twins.encrypted.aggregate([{ $match: { name: 'Ada' } }]),
    ]) {
      await expect(attempt()).rejects.toMatchObject({
        name: 'DecryptionFailedError',
        code: 'FLE_DECRYPTION_FAILED',
        model: 'Patient',
        path: 'ssn',
        keyAltName: 'patients',
        keyId,
        cause: expect.any(Error) as Error,
        message:
          'Patient.ssn: the stored value cannot be decrypted. Check that the master key is the one that wrapped the data key; the cause says more.',
      });
    }
  });

  it('is decrypted by fle.decrypt, one or many, leaving what it was given as it was', async () => {
    const raw = await rig.raw('patients');
    const before = structuredClone(raw.map((each) => storedAs(each['ssn'])));
    const lean = await twins.plain.find().sort({ _id: 1 }).lean();
    expect(await rig.fle.decrypt(twins.encrypted, raw)).toEqual(lean);
    expect(await rig.fle.decrypt(twins.encrypted, raw[0] ?? {})).toEqual(lean[0]);
    expect(raw.map((each) => storedAs(each['ssn']))).toEqual(before);
    expect(raw).toEqual(await rig.raw('patients'));
    const Plain = rig.connection.model('Plain', new Schema({ name: String }));
    await expect(rig.fle.decrypt(Plain, {})).rejects.toMatchObject({
      message:
        'Plain: the model declares no encrypted field. Use the model whose schema the documents were written with.',
    });
  });
});
