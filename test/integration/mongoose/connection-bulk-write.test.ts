import { type Connection, type Model, Schema } from 'mongoose';
import { DECRYPTED_HERE } from '../../support/connection-mode';
import { openRig, type Rig } from '../../support/rig';
import {
  expectSame,
  expectSameStored,
  refusalOf,
  secret,
  SENTINEL,
  type Twins,
} from './compare-twins';
import { idOf } from './seed-patients';
import { emptyTwins, twinsOf } from './twins-of';

interface Pet {
  name?: string;
  chip?: string;
  pin?: string;
  toys?: { label?: string }[];
}

let rig: Rig;
let pets: Twins<Pet>;
let people: Twins<Pet>;
let plains: Twins<Pet>;

beforeAll(async () => {
  // The driver has no bulkWrite of clients that decrypt by themselves.
  rig = await openRig('connection_bulk', { connect: DECRYPTED_HERE });
  const made = (name: string, algorithm: 'Deterministic' | 'Random'): Twins<Pet> =>
    twinsOf(
      rig,
      name,
      (declare) =>
        new Schema({
          name: { type: String, required: true, default: 'nobody' },
          chip: { type: String, ...declare('Deterministic'), unique: true, sparse: true },
          pin: { type: String, ...declare(algorithm), maxlength: 40 },
          toys: [{ _id: false, label: { type: String, ...declare('Deterministic') } }],
        }),
    );
  pets = made('Pet', 'Random');
  people = made('Person', 'Deterministic');
  plains = {
    encrypted: rig.connection.model('Plain', new Schema({ name: String })) as unknown as Model<Pet>,
    plain: rig.twinConnection.model('Plain', new Schema({ name: String })) as unknown as Model<Pet>,
  };
  for (const { encrypted, plain } of [pets, people]) {
    await encrypted.createIndexes();
    await plain.createIndexes();
  }
});

beforeEach(async () => {
  for (const twins of [pets, people, plains]) await emptyTwins(twins);
  for (const { encrypted, plain } of [pets, people]) {
    for (const model of [encrypted, plain]) {
      await model.create({ _id: idOf(1), chip: secret('1'), toys: [{ label: secret('ball') }] });
    }
  }
  rig.wire.clear();
});

afterEach(() => {
  expect(rig.wire.text()).not.toContain(SENTINEL);
});

afterAll(async () => {
  await rig.close();
});

type Operations = readonly Record<string, unknown>[];

const insert = (model: string, n: number, more: object = {}): Record<string, unknown> => ({
  model,
  name: 'insertOne',
  document: { _id: idOf(n), chip: secret(String(n)), pin: secret('pin'), ...more },
});

const OPERATIONS = (): Operations => [
  insert('Pet', 2),
  insert('Person', 2),
  { model: 'Plain', name: 'insertOne', document: { _id: idOf(2), name: 'plain' } },
  {
    model: 'Pet',
    name: 'updateOne',
    filter: { chip: secret('2') },
    update: { $set: { pin: secret('new') }, $push: { toys: { label: secret('rope') } } },
  },
  {
    model: 'Pet',
    name: 'updateMany',
    filter: { 'toys.label': secret('ball') },
    update: { $set: { 'toys.$[one].label': secret('stick') } },
    arrayFilters: [{ 'one.label': secret('ball') }],
  },
  {
    model: 'Person',
    name: 'replaceOne',
    filter: { chip: secret('1') },
    replacement: { name: 'other', chip: secret('other') },
  },
  {
    model: 'Person',
    name: 'updateOne',
    filter: { _id: idOf(9), pin: secret('upserted') },
    update: { $set: { name: 'upserted' } },
    upsert: true,
  },
  { model: 'Plain', name: 'deleteMany', filter: { name: 'none' } },
  { model: 'Person', name: 'deleteOne', filter: { chip: secret('2') } },
];

async function writtenBy(
  connection: Connection,
  operations: Operations,
  options: object,
): Promise<unknown> {
  try {
    const result = await connection.bulkWrite(operations as never, options);
    const { insertedCount, matchedCount, deletedCount, upsertedCount } = result;
    return { insertedCount, matchedCount, deletedCount, upsertedCount };
  } catch (error) {
    const { name, mongoose } = error as { name: string; mongoose?: { validationErrors?: Error[] } };
    return [name, mongoose?.validationErrors?.map(({ message }) => message)];
  }
}

describe('Connection#bulkWrite', () => {
  it.each<readonly [string, () => Operations, object]>([
    ['of every kind', OPERATIONS, {}],
    ['of every kind, out of order', OPERATIONS, { ordered: false }],
    [
      'with a duplicate',
      () => [insert('Pet', 2), insert('Pet', 3, { chip: secret('1') }), insert('Pet', 4)],
      {},
    ],
    [
      'with a duplicate, out of order',
      () => [insert('Pet', 2), insert('Pet', 3, { chip: secret('1') }), insert('Pet', 4)],
      { ordered: false },
    ],
    [
      'with an invalid document',
      () => [insert('Pet', 2), insert('Person', 3, { pin: secret('x').repeat(9) })],
      {},
    ],
    [
      'with an invalid document, out of order',
      () => [insert('Person', 3, { pin: secret('x').repeat(9) }), insert('Pet', 2)],
      { ordered: false },
    ],
    [
      'of what is not encrypted',
      () => [{ model: 'Plain', name: 'insertOne', document: { name: 'x', _id: idOf(5) } }],
      {},
    ],
  ])('%s stores what the twin stores', async (_, operations, options) => {
    await expectSame(pets, (model) => writtenBy(model.db, operations(), options));
    for (const twins of [pets, people, plains]) await expectSameStored(rig, twins);
  });

  it('takes models themselves, and leaves what it is given as it is', async () => {
    const document = Object.freeze({ chip: secret('7'), pin: secret('8') });
    await rig.connection.bulkWrite([
      { model: pets.encrypted, name: 'insertOne', document },
    ] as never);
    expect(await pets.encrypted.findOne({ chip: secret('7') }).lean()).toMatchObject(document);
  });

  it.each([true, false])(
    'sends nothing where one operation is refused, ordered: %s',
    async (ordered) => {
      const refused = {
        model: 'Pet',
        name: 'updateOne',
        filter: { pin: secret('x') },
        update: { name: 'x' },
      };
      const attempt = (): unknown =>
        rig.connection.bulkWrite([...OPERATIONS(), refused] as never, { ordered });
      expect(await refusalOf(rig, attempt)).toMatchObject({ code: 'FLE_UNSUPPORTED_FILTER' });
    },
  );
});
