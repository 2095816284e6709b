import { type Model, Schema } from 'mongoose';
import { type Rig, openRig, storedAs } from '../../support/rig';
import { secret, SENTINEL } from './compare-twins';

interface Event {
  kind?: string;
  pin?: string;
  code?: string;
  items?: { kind?: string; pin?: string }[];
}

let rig: Rig;

beforeAll(async () => {
  rig = await openRig('discriminators');
});

afterEach(async () => {
  for (const name of Object.keys(rig.connection.models)) rig.connection.deleteModel(name);
  expect(rig.wire.text()).not.toContain(SENTINEL);
  await rig.bare.collection('events').deleteMany({});
});

afterAll(async () => {
  await rig.close();
});

const field = (algorithm: 'Deterministic' | 'Random', type: unknown = String): object => ({
  type,
  encrypted: { algorithm, keyAltName: 'events' },
});

const baseSchema = (paths: object = {}): Schema<Event> =>
  new Schema(
    { name: String, ...paths },
    { discriminatorKey: 'kind', collection: 'events' },
  ) as never;

async function expectRoundTrip(base: Model<Event>, child: Model<Event>): Promise<void> {
  const { _id } = await child.create({ pin: secret('pin'), code: secret('code') });
  await base.create({ code: secret('base') });
  const raw = await rig.rawOne('events', { _id });
  expect(storedAs(raw['pin'])).toBe('Deterministic');
  for (const model of [base, child]) {
    expect(await model.findOne({ _id })).toMatchObject({ pin: secret('pin') });
    expect(await model.findById(_id).lean()).toMatchObject({ pin: secret('pin') });
    expect(await model.findOne({ kind: 'Child', pin: secret('pin') }).lean()).toMatchObject({
      _id,
    });
    expect(await model.aggregate([{ $match: { _id } }])).toMatchObject([{ pin: secret('pin') }]);
    await model.updateOne({ _id, kind: 'Child' }, { $set: { pin: secret('pin') } });
    await model.bulkWrite([
      { updateOne: { filter: { _id, kind: 'Child' }, update: { pin: secret('pin') } } },
    ] as never);
  }
  expect(storedAs((await rig.rawOne('events', { _id }))['pin'])).toBe('Deterministic');
}

describe('a discriminator with an encrypted path that its base lacks', () => {
  it('is encrypted where base and child are plugged', async () => {
    const base = rig.connection.model('Event', baseSchema().plugin(rig.fle)) as Model<Event>;
    const child = new Schema({ pin: field('Deterministic') }).plugin(rig.fle);
    await expectRoundTrip(base, base.discriminator('Child', child) as unknown as Model<Event>);
  });

  it('is encrypted where only the child is plugged', async () => {
    const base = rig.connection.model('Event', baseSchema()) as Model<Event>;
    const child = new Schema({ pin: field('Deterministic') }).plugin(rig.fle);
    await expectRoundTrip(base, base.discriminator('Child', child) as unknown as Model<Event>);
  });

  it('is encrypted where only the base is plugged', async () => {
    const schema = baseSchema({ code: field('Random') }).plugin(rig.fle);
    const base = rig.connection.model('Event', schema) as Model<Event>;
    const child = new Schema({ pin: field('Deterministic') });
    await expectRoundTrip(base, base.discriminator('Child', child) as unknown as Model<Event>);
  });

  it('is encrypted where it hangs on the schema before the model is compiled', async () => {
    const schema = baseSchema().plugin(rig.fle);
    schema.discriminator('Child', new Schema({ pin: field('Deterministic') }).plugin(rig.fle));
    const base = rig.connection.model('Event', schema) as Model<Event>;
    await expectRoundTrip(base, base.discriminators?.['Child'] as unknown as Model<Event>);
  });

  it('is encrypted where it is added after the base was used', async () => {
    const schema = baseSchema({ code: field('Random') }).plugin(rig.fle);
    const base = rig.connection.model('Event', schema) as Model<Event>;
    await base.create({ code: secret('before') });
    const child = base.discriminator('Child', new Schema({ pin: field('Deterministic') }));
    await expectRoundTrip(base, child as unknown as Model<Event>);
  });

  it('casts what is asked of its own path as its twin does', async () => {
    const base = rig.connection.model('Event', baseSchema().plugin(rig.fle)) as Model<Event>;
    base.discriminator('Child', new Schema({ pin: field('Deterministic', Number) }));
    await base.create({ kind: 'Child', pin: '42' });
    expect(await base.countDocuments({ kind: 'Child', pin: '42' })).toBe(1);
    expect(await base.find({ kind: 'Child', pin: 42 as never }).lean()).toMatchObject([
      { pin: 42 },
    ]);
  });
});

describe('discriminators that declare a path differently', () => {
  it('are refused, in Random and Deterministic', () => {
    const base = rig.connection.model('Event', baseSchema().plugin(rig.fle));
    base.discriminator('One', new Schema({ pin: field('Deterministic') }).plugin(rig.fle));
    expect(() =>
      base.discriminator('Two', new Schema({ pin: field('Random') }).plugin(rig.fle)),
    ).toThrow(expect.objectContaining({ code: 'FLE_INVALID_DECLARATION' }) as Error);
  });

  it('are refused, encrypted and plain', () => {
    const base = rig.connection.model('Event', baseSchema().plugin(rig.fle));
    base.discriminator('One', new Schema({ pin: field('Deterministic') }).plugin(rig.fle));
    expect(() => base.discriminator('Two', new Schema({ pin: String }).plugin(rig.fle))).toThrow(
      expect.objectContaining({
        code: 'FLE_INVALID_DECLARATION',
        message: expect.stringContaining('its discriminators do not declare it alike.') as string,
      }) as Error,
    );
  });
});

describe('discriminators of subdocuments', () => {
  it('in an array are encrypted, each by its own declaration', async () => {
    const item = new Schema({ name: String }, { discriminatorKey: 'kind' });
    const schema = baseSchema({ items: [item] });
    const items = schema.path('items') as unknown as Schema.Types.DocumentArray;
    items.discriminator('Locked', new Schema({ pin: field('Deterministic') }));
    items.discriminator('Open', new Schema({ hint: String }));
    schema.plugin(rig.fle);
    const Events = rig.connection.model('Event', schema) as Model<Event>;
    await Events.create({
      items: [{ kind: 'Locked', pin: secret('pin') }, { kind: 'Open' }],
    });
    const raw = await rig.rawOne('events');
    expect(storedAs((raw['items'] as { pin: unknown }[])[0]?.pin)).toBe('Deterministic');
    expect(await Events.findOne({ 'items.pin': secret('pin') })).toMatchObject({
      items: [{ kind: 'Locked', pin: secret('pin') }, { kind: 'Open' }],
    });
  });
});
