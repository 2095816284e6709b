import { type Model, Schema } from 'mongoose';
import { type Rig, openRig, storedAs } from '../../support/rig';
import { expectSame, expectSameStored, secret, SENTINEL, type Twins } from './compare-twins';
import { idOf } from './seed-patients';
import { twinsOf } from './twins-of';

interface Event {
  kind?: string;
  name?: string;
  pin?: string;
  ip?: string;
  from?: string;
}

let rig: Rig;
/** A base, and its discriminators: Login declares `ip`, Click declares nothing. */
let events: Twins<Event>;
let logins: Twins<Event>;
let clicks: Twins<Event>;

beforeAll(async () => {
  rig = await openRig('families');
  const options = { discriminatorKey: 'kind', collection: 'events' } as const;
  events = twinsOf(
    rig,
    'Event',
    (declare) => new Schema({ name: String, pin: { type: String, ...declare('Random') } }, options),
  );
  const discriminators = (name: string, build: (isEncrypted: boolean) => Schema): Twins<Event> => ({
    encrypted: events.encrypted.discriminator(name, build(true)) as unknown as Model<Event>,
    plain: events.plain.discriminator(name, build(false)) as unknown as Model<Event>,
  });
  const encrypted = { algorithm: 'Deterministic', keyAltName: 'logins' } as const;
  logins = discriminators(
    'Login',
    (isEncrypted) =>
      new Schema({ ip: { type: String, alias: 'from', ...(isEncrypted && { encrypted }) } }),
  );
  clicks = discriminators('Click', () => new Schema({ from: String }));
});

beforeEach(async () => {
  for (const [base, login, click] of [
    [events.encrypted, logins.encrypted, clicks.encrypted],
    [events.plain, logins.plain, clicks.plain],
  ] as const) {
    await base.deleteMany({});
    await login.create({ _id: idOf(1), name: 'l', ip: secret('ip'), pin: secret('pin') });
    await click.create({ _id: idOf(2), name: 'c', pin: secret('pin') });
  }
});

afterEach(async () => {
  for (const stored of await rig.raw('events')) {
    if (stored['ip'] !== undefined) expect(storedAs(stored['ip'])).toBe('Deterministic');
  }
  await expectSameStored(rig, events);
});

afterAll(async () => {
  expect(rig.wire.text()).not.toContain(SENTINEL);
  await rig.close();
});

const MOVE = { overwriteDiscriminatorKey: true } as const;
const LOOSE: object = { strict: false };
const TO_LOGIN = { kind: 'Login', ip: secret('new') };

describe('a discriminator', () => {
  it.each<readonly [string, (model: Model<Event>) => unknown]>([
    ['updateOne', (model) => model.updateOne({ _id: idOf(2) }, TO_LOGIN, MOVE)],
    ['updateMany', (model) => model.updateMany({ name: 'c' }, { $set: TO_LOGIN }, MOVE)],
    [
      'findOneAndUpdate',
      (model) =>
        model
          .findOneAndUpdate({ _id: idOf(2) }, TO_LOGIN, { ...MOVE, returnDocument: 'after' })
          .lean(),
    ],
    [
      'bulkWrite',
      async (model) => {
        const update = { filter: { _id: idOf(2) }, update: TO_LOGIN, ...MOVE };
        const { modifiedCount } = await model.bulkWrite([{ updateOne: update }]);
        return modifiedCount;
      },
    ],
    ['insertMany', (model) => model.insertMany([{ _id: idOf(3), ...TO_LOGIN }], { lean: true })],
  ])('encrypts what it makes of documents of another by %s', async (_, write) => {
    await expectSame(clicks, write);
  });

  it.each<readonly [string, (model: Model<Event>) => unknown]>([
    [
      'updateOne',
      (model) => model.updateOne({ name: 'c' }, { ip: secret('s') }, { strict: false }),
    ],
    [
      'insertMany',
      (model) => model.insertMany([{ _id: idOf(3), ip: secret('s') }], { lean: true, ...LOOSE }),
    ],
    [
      'save',
      async (model) => {
        const read = await model.findById(idOf(2)).orFail();
        read.set('ip', secret('s'), { strict: false });
        await read.save();
      },
    ],
  ])('encrypts a path that only another declares, by %s', async (_, write) => {
    await expectSame(clicks, write);
  });

  it('reads documents of another through its collection, as on the twin', async () => {
    await expectSame(clicks, async ({ collection }) => [
      await collection.find({}, { sort: { _id: 1 } }).toArray(),
      await collection.findOne({ ip: secret('ip') }),
      await collection.distinct('ip'),
      await collection.aggregate([{ $match: { kind: 'Login' } }]).toArray(),
    ]);
  });

  it('writes documents of another through its collection, as on the twin', async () => {
    await expectSame(clicks, async ({ collection }) => {
      await collection.insertOne({ _id: idOf(4), ...TO_LOGIN });
      await collection.updateOne({ _id: idOf(1) }, { $set: { ip: secret('other') } });
    });
  });

  it('has a path of the name that is an alias in another', async () => {
    await expectSame(clicks, async (model) => {
      await model.create({ _id: idOf(6), from: 'clear' });
      return await model.find({ from: 'clear' }).lean();
    });
  });

  it('needs no key that only another declares', async () => {
    await rig.loseKeys('logins');
    await clicks.encrypted.updateOne({ name: 'c' }, { pin: secret('again') });
    await clicks.encrypted.create({ _id: idOf(5), pin: secret('five') });
    const names = await rig.bare.collection('__keyVault').distinct('keyAltNames');
    expect(names).toEqual(['twins']);
    for (const model of [events.encrypted, events.plain]) await model.deleteMany({});
  });
});
