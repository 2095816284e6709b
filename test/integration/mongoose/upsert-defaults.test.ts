import { type Model, Schema } from 'mongoose';
import { Encrypted } from '../../../src/index';
import { openRig, type Rig, storedAs } from '../../support/rig';

class Visit {
  name?: string;
  @Encrypted({ algorithm: 'Random', keyAltName: 'visits', whole: true })
  findings?: { blood?: { values?: number[] }; notes?: string[]; state?: string };
}

const definition = {
  name: String,
  findings: {
    blood: { values: [Number] },
    notes: [String],
    state: { type: String, default: 'open' },
  },
};

describe('the defaults of an upsert inside a nested path that is encrypted as a whole', () => {
  let rig: Rig;
  let Visits: Model<Visit>;
  let Twins: Model<Visit>;

  beforeAll(async () => {
    rig = await openRig('upserts');
    const schema = new Schema<Visit>(definition);
    schema.plugin(rig.fle, { class: Visit });
    Visits = rig.connection.model<Visit>('Visit', schema);
    Twins = rig.twinConnection.model<Visit>('Visit', new Schema<Visit>(definition));
  });
  afterAll(() => rig.close());

  const upsert = async (model: Model<Visit>, update: object): Promise<unknown> => {
    await model.deleteMany({});
    await model.updateOne({ name: 'first' }, update, { upsert: true });
    return await model.findOne({}, { _id: 0 }).lean();
  };

  it.each<readonly [string, object]>([
    ['beside plain paths', { $set: { name: 'first' } }],
    ['where the value is unset', { $unset: { findings: 1 } }],
    ['where the value is assigned', { $set: { findings: { state: 'closed' } } }],
    ['where one is given', { $setOnInsert: { 'findings.state': 'new' } }],
  ])('become one value, as in the twin: %s', async (_, update) => {
    expect(await upsert(Visits, update)).toStrictEqual(await upsert(Twins, update));
  });

  it('are stored as one ciphertext', async () => {
    await upsert(Visits, { $set: { name: 'first' } });
    expect(storedAs((await rig.rawOne('visits'))['findings'])).toBe('Random');
  });

  it('are refused as parts where another operator changes a part', async () => {
    const update = { $push: { 'findings.notes': 'fever' } };
    await expect(upsert(Visits, update)).rejects.toMatchObject({ code: 'FLE_UNSUPPORTED_UPDATE' });
  });
});
