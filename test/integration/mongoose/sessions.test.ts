import type { Model } from 'mongoose';
import type { Patient } from '../../support/patient-model';
import { openRig, type Rig } from '../../support/rig';
import {
  expectSame,
  expectSameStored,
  outcomeOf,
  secret,
  SENTINEL,
  type Twins,
} from './compare-twins';
import { ada, idOf, patientTwins, seed } from './seed-patients';

let rig: Rig;
let twins: Twins<Patient>;

beforeAll(async () => {
  rig = await openRig('sessions');
  twins = patientTwins(rig);
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

describe('a transaction', () => {
  it('that commits stores and reads what the twin does', async () => {
    await expectSame(twins, async (model: Model<Patient>) => {
      const read: unknown[] = [];
      await model.db.transaction(async (session) => {
        await model.create([{ ...ada(), _id: idOf(9), ssn: secret('in') }], { session });
        await model.updateOne({ ssn: secret('in') }, { visits: 8 }).session(session);
        read.push(
          await model
            .findOne({ ssn: secret('in') })
            .session(session)
            .lean(),
        );
        for await (const { ssn } of model.find({ visits: 8 }).session(session)) read.push(ssn);
        read.push(await model.aggregate([{ $match: { ssn: secret('in') } }]).session(session));
      });
      return read;
    });
    await expectSameStored(rig, twins);
  });

  it('that aborts leaves the database and the documents as the twin does', async () => {
    await expectSame(twins, async (model: Model<Patient>) => {
      const fresh = new model({ ...ada(), _id: idOf(9) });
      const known = await model.findById(idOf(1)).orFail();
      const failure = await outcomeOf(async () => {
        await model.db.transaction(async (session) => {
          known.set({ ssn: secret('gone'), 'doctor.phone': secret('gone') });
          await known.save({ session });
          await fresh.save({ session });
          throw new Error('aborted');
        });
      });
      const states = [fresh, known].map((each) => [
        each.isNew,
        each.modifiedPaths(),
        each.toObject(),
      ]);
      await known.save();
      await fresh.save();
      return [failure, states, known.toObject(), fresh.isNew];
    });
    await expectSameStored(rig, twins);
  });

  it('that is run again encrypts each time what is plaintext', async () => {
    await expectSame(twins, async (model: Model<Patient>) => {
      let attempts = 0;
      const known = await model.findById(idOf(1)).orFail();
      await model.db.transaction(async (session) => {
        attempts += 1;
        known.set('ssn', secret(`round-${attempts}`));
        await known.save({ session });
        if (attempts > 1) return;
        throw Object.assign(new model.base.mongo.MongoServerError({ message: 'again' }), {
          hasErrorLabel: (label: string) => label === 'TransientTransactionError',
        });
      });
      return [attempts, known.toObject(), known.isModified()];
    });
    await expectSameStored(rig, twins);
  });
});

describe('a connection that is not open yet', () => {
  it('lets commands wait until it is, as the twin does', async () => {
    const later = rig.mongoose.createConnection();
    const model = later.model<Patient>('Patient', twins.encrypted.schema);
    const waiting = Promise.all([
      model.findOne({ ssn: secret('ssn') }).lean(),
      model.create({ _id: idOf(9), ssn: secret('late') }),
      model.aggregate([{ $match: { ssn: secret('bea') } }]),
    ]);
    await later.openUri(rig.uri);
    const [found, created, aggregated] = await waiting;
    expect([found?.name, created.ssn, aggregated.length]).toEqual(['Ada', secret('late'), 1]);
    await rig.fle.close(later);
    await later.close();
    await rig.bare.collection('patients').deleteOne({ _id: idOf(9) });
  });

  it.each<readonly [string, (model: Model<Patient>) => unknown]>([
    ['find', (model) => model.find({ ssn: secret('x') })],
    ['findOne', (model) => model.findOne({ ssn: secret('x') })],
    ['updateOne', (model) => model.updateOne({ ssn: secret('x') }, { visits: 1 })],
    ['insertMany', (model) => model.insertMany([{ ssn: secret('x') }])],
    ['aggregate', (model) => model.aggregate([{ $match: { ssn: secret('x') } }])],
    ['countDocuments', (model) => model.countDocuments({ ssn: secret('x') })],
    ['deleteMany', (model) => model.deleteMany({ ssn: secret('x') })],
    ['bulkWrite', (model) => model.bulkWrite([{ deleteOne: { filter: { visits: 1 } } }])],
  ])('lets %s time out as the twin does', async (_, attempt) => {
    rig.mongoose.set('bufferTimeoutMS', 40);
    const never = rig.mongoose.createConnection();
    const other = rig.mongoose.createConnection();
    const outcome = await expectSame(
      {
        encrypted: never.model<Patient>('Patient', twins.encrypted.schema),
        plain: other.model<Patient>('Patient', twins.plain.schema),
      },
      attempt,
    );
    expect(outcome).toMatchObject({ error: { name: 'MongooseError' } });
    rig.mongoose.set('bufferTimeoutMS', 10_000);
  });
});

describe('a connection that was closed and opened again', () => {
  it('encrypts and decrypts as before', async () => {
    const connection = await rig.mongoose.createConnection(rig.uri).asPromise();
    const model = connection.model<Patient>('Patient', twins.encrypted.schema);
    expect(await model.findOne({ ssn: secret('ssn') }).lean()).toMatchObject({ name: 'Ada' });
    await connection.close();
    await connection.openUri(rig.uri);
    expect(await model.findOne({ ssn: secret('ssn') }).lean()).toMatchObject({ name: 'Ada' });
    await model.updateOne({ ssn: secret('ssn') }, { 'labels.new': secret('x') });
    await rig.fle.close(connection);
    expect(await model.countDocuments({ 'labels.new': secret('x') })).toBe(1);
    await rig.fle.close(connection);
    await connection.close();
  });
});
