import { type Model, Schema } from 'mongoose';
import leanDefaults from 'mongoose-lean-defaults';
import leanGetters from 'mongoose-lean-getters';
import leanVirtuals from 'mongoose-lean-virtuals';
import { openRig, type Rig } from '../../support/rig';
import { expectSame, secret, SENTINEL, type Twins } from './compare-twins';
import { idOf } from './seed-patients';

interface Guest {
  name?: string;
  email?: string;
  phones?: string[];
  level?: string;
  room?: { number?: string; wing?: string };
}

/** The plugin under test comes last, or first: the order must not matter. */
function guestSchema(fle: Rig['fle'] | undefined, isFirst: boolean): Schema<Guest> {
  const encrypted = (algorithm: string): object =>
    fle === undefined ? {} : { encrypted: { algorithm, keyAltName: 'guests' } };
  const schema = new Schema({
    name: String,
    email: {
      type: String,
      get: (email?: string) => email?.toUpperCase(),
      ...encrypted('Deterministic'),
    },
    phones: [{ type: String, ...encrypted('Random') }],
    level: { type: String, default: secret('level'), ...encrypted('Deterministic') },
    room: {
      number: {
        type: String,
        get: (number?: string) => `#${number ?? ''}`,
        ...encrypted('Random'),
      },
      wing: { type: String, default: 'west' },
    },
  });
  schema.virtual('address').get(function (this: Guest) {
    return `${this.name ?? ''} <${this.email ?? ''}>`;
  });
  if (fle !== undefined && isFirst) schema.plugin(fle);
  schema
    .plugin(leanVirtuals)
    .plugin(leanGetters as never)
    .plugin(leanDefaults as never);
  if (fle !== undefined && !isFirst) schema.plugin(fle);
  return schema as never;
}

let rig: Rig;

beforeAll(async () => {
  rig = await openRig('lean');
});

afterAll(async () => {
  expect(rig.wire.text()).not.toContain(SENTINEL);
  await rig.close();
});

describe.each([true, false])('with the plugin before those for lean: %s', (isFirst) => {
  let twins: Twins<Guest>;

  beforeAll(async () => {
    const name = `Guest${String(isFirst)}`;
    twins = {
      encrypted: rig.connection.model(name, guestSchema(rig.fle, isFirst)) as Model<Guest>,
      plain: rig.twinConnection.model(name, guestSchema(undefined, isFirst)) as Model<Guest>,
    };
    for (const model of [twins.encrypted, twins.plain]) {
      await model.create([
        {
          _id: idOf(1),
          name: 'Ada',
          email: secret('ada'),
          phones: [secret('1'), secret('2')],
          room: { number: secret('7') },
        },
        { _id: idOf(2), name: 'Bob' },
      ]);
      await model.collection.updateOne({ _id: idOf(2) }, { $unset: { level: 1 } });
    }
  });

  const options = [
    { virtuals: true },
    { getters: true },
    { defaults: true },
    { virtuals: true, getters: true, defaults: true },
    { virtuals: ['address'] },
  ];

  it.each(options)('%j gives what it gives the twin', async (lean) => {
    for (const read of [
      (model: Model<Guest>) => model.find().sort({ _id: 1 }).lean(lean),
      (model: Model<Guest>) => model.findOne({ email: secret('ada') }).lean(lean),
      (model: Model<Guest>) => model.find().select('name email').sort({ _id: 1 }).lean(lean),
      (model: Model<Guest>) => model.find().sort({ _id: 1 }).lean(lean).cursor().next(),
      (model: Model<Guest>) => model.findOneAndUpdate({ _id: idOf(1) }, { name: 'Ada' }).lean(lean),
    ]) {
      expect(await expectSame(twins, read)).not.toHaveProperty('error');
    }
  });
});
