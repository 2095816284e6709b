import { inspect } from 'node:util';
import { type Model, mongo, Schema } from 'mongoose';
import { DECRYPTED_HERE } from '../../support/connection-mode';
import { openRig, type Rig } from '../../support/rig';
import { expectSame, secret, SENTINEL, type Twins } from './compare-twins';

interface Person {
  _id: number;
  ssn?: string | null;
  age?: number | null;
  photo?: Buffer;
  codes?: Map<string, string>;
  other?: unknown;
  whole?: unknown;
}

const { BSON } = mongo;

/** What may stand beside encrypted values, by its name. */
const BESIDE: Readonly<Record<string, unknown>> = {
  double: 1.5,
  'a double without a fraction': new BSON.Double(5),
  'minus zero': -0,
  'not a number': NaN,
  int32: 5,
  int64: BSON.Long.fromString('9007199254740993'),
  decimal: BSON.Decimal128.fromString('1.50'),
  boolean: false,
  date: new Date(5),
  timestamp: new BSON.Timestamp({ t: 1, i: 2 }),
  'an identifier': new BSON.ObjectId('64b000000000000000000001'),
  uuid: new BSON.UUID('7d6f2a39-0c5c-4b4f-9a52-0f7f4e3f0a11'),
  bytes: new BSON.Binary(Buffer.from('bytes')),
  'bytes of the old subtype': new BSON.Binary(Buffer.from('bytes'), 2),
  'bytes of a subtype of the user': new BSON.Binary(Buffer.from('bytes'), 0x80),
  'a regular expression': /a.b/i,
  'a regular expression of many options': new BSON.BSONRegExp('a', 'imsx'),
  code: new BSON.Code('return 1'),
  'code with scope': new BSON.Code('return a', { a: 1 }),
  symbol: new BSON.BSONSymbol('a'),
  minKey: new BSON.MinKey(),
  maxKey: new BSON.MaxKey(),
  'a reference': new BSON.DBRef('people', new BSON.ObjectId('64b000000000000000000002')),
  'a reference with more in it': new BSON.DBRef('people', 1 as never, undefined, {
    bytes: new BSON.Binary(Buffer.from('bytes')),
  }),
  'a text of many letters': 'é – 漢 😀'.repeat(50),
  'an object of odd keys': { '': 1, 'a.b': 2, é: 3, 0: 4 },
  'arrays in arrays': [[1, [2, []]], { a: [{ b: null }] }, null],
};

type Read = (model: Model<Person>, options: object) => unknown;

const READS: readonly (readonly [string, Read])[] = [
  ['find', (model, options) => model.find({}, null, options).sort({ _id: 1 }).lean()],
  [
    'a cursor',
    async (model, options) => {
      const read: unknown[] = [];
      const cursor = model.find({}, null, { ...options, batchSize: 3 }).sort({ _id: 1 });
      for await (const each of cursor.lean().cursor()) read.push(each);
      return read;
    },
  ],
  [
    'aggregate',
    (model, options) => model.aggregate([{ $match: {} }, { $sort: { _id: 1 } }]).option(options),
  ],
];

const OPTIONS: readonly object[] = [
  {},
  { promoteValues: false },
  { promoteLongs: false },
  { promoteBuffers: true },
  { useBigInt64: true },
  { bsonRegExp: true },
];

const text = (algorithm: 'Deterministic' | 'Random'): object => ({
  type: String,
  encrypted: { algorithm, keyAltName: 'people' },
});

function people(rig: Rig): Twins<Person> {
  const keyAltName = 'people';
  const declared = new Schema<Person>({
    _id: Number,
    ssn: text('Deterministic'),
    age: { type: Number, encrypted: { algorithm: 'Deterministic', keyAltName } },
    photo: { type: Buffer, encrypted: { algorithm: 'Random', keyAltName } },
    codes: { type: Map, of: text('Random') },
    other: {},
    whole: { type: {}, encrypted: { algorithm: 'Random', keyAltName, whole: true } },
  });
  declared.plugin(rig.fle);
  const plain = new Schema<Person>({
    _id: Number,
    ssn: String,
    age: Number,
    photo: Buffer,
    codes: { type: Map, of: String },
    other: {},
    whole: {},
  });
  return {
    encrypted: rig.connection.model<Person>('Person', declared),
    plain: rig.twinConnection.model<Person>('Person', plain),
  };
}

const typeOf = (value: unknown): string => Object.prototype.toString.call(value);

describe('documents that are decrypted before they are read', () => {
  let rig: Rig;
  let twins: Twins<Person>;

  beforeAll(async () => {
    rig = await openRig('stored_documents', { connect: DECRYPTED_HERE });
    twins = people(rig);
  });
  beforeEach(async () => {
    for (const model of [twins.encrypted, twins.plain]) await model.deleteMany({});
  });
  afterAll(async () => {
    expect(rig.wire.text()).not.toContain(SENTINEL);
    await rig.close();
  });

  const person = (id: number, other?: unknown): Person => ({
    _id: id,
    ssn: secret(String(id)),
    age: id,
    codes: new Map([['a', secret(`code ${id}`)]]),
    other,
  });
  const store = async (stored: readonly Person[]): Promise<void> => {
    for (const model of [twins.encrypted, twins.plain]) {
      await model.insertMany(stored as Person[], { lean: true });
    }
  };

  it.each(Object.keys(BESIDE))('give %s beside encrypted values as the twin', async (name) => {
    await store([person(1), person(2, BESIDE[name]), person(3, [BESIDE[name]]), { _id: 4 }]);
    for (const [, read] of READS) {
      for (const options of OPTIONS) await expectSame(twins, (model) => read(model, options));
    }
    await expectSame(twins, async (model) => await model.find().sort({ _id: 1 }));
  });

  it('give bytes that were encrypted as the twin, under all options', async () => {
    await store([person(1), { ...person(2), photo: Buffer.from(SENTINEL) }, person(3)]);
    for (const [, read] of READS) {
      for (const options of OPTIONS) await expectSame(twins, (model) => read(model, options));
    }
  });

  it('leave ciphertext alone where none is declared', async () => {
    await store([person(1), person(2)]);
    const { name } = twins.encrypted.collection;
    const { ssn } = await rig.rawOne(name, { _id: 1 });
    await rig.tamper(name, { _id: 2 }, { $set: { other: { deep: [ssn] } } });
    const [, second] = await twins.encrypted.find().sort({ _id: 1 }).lean();
    expect(second).toMatchObject({ ssn: secret('2'), age: 2 });
    expect((second?.other as { deep: unknown[] }).deep).toEqual([ssn]);
  });

  it('fail where one cannot be decrypted, and tell which path', async () => {
    await store([person(1), person(2), person(3)]);
    const { name } = twins.encrypted.collection;
    const { ssn } = (await rig.rawOne(name, { _id: 2 })) as { ssn: mongo.Binary };
    const changed = Buffer.from(ssn.value());
    changed[40] = (changed[40] ?? 0) ^ 1;
    await rig.tamper(name, { _id: 2 }, { $set: { ssn: new BSON.Binary(changed, 6) } });
    for (const [, read] of READS) {
      await expect((async () => await read(twins.encrypted, {}))()).rejects.toMatchObject({
        code: 'FLE_DECRYPTION_FAILED',
        path: 'ssn',
      });
    }
  });

  it('show nothing of a value that was encrypted and cannot be read', async () => {
    const pattern = new BSON.BSONRegExp(`(?<${SENTINEL.slice(0, 8)}`, 'i'); // JavaScript has no such pattern
    await twins.encrypted.create({ ...person(1), whole: pattern });
    await twins.encrypted.findOne({}, { ssn: 1 }).lean(); // from now on the key is in memory
    for (const [, read] of READS) {
      const failing = (async () => await read(twins.encrypted, {}))();
      const error = await failing.catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'FLE_DECRYPTION_FAILED', path: 'whole' });
      expect(inspect(error, { depth: 10 })).not.toContain(SENTINEL.slice(0, 8));
    }
  });

  it("leave the driver's events as they are", async () => {
    await store([person(1), person(2)]);
    const replies: mongo.Document[] = [];
    const client = twins.encrypted.db.getClient();
    const keep = ({ commandName, reply }: mongo.CommandSucceededEvent): void => {
      if (['aggregate', 'find'].includes(commandName)) replies.push(reply as mongo.Document);
    };
    client.on('commandSucceeded', keep);
    await twins.encrypted.find().lean();
    await twins.encrypted.aggregate([{ $match: {} }]);
    client.off('commandSucceeded', keep);
    const ids = replies.map((reply) => {
      const { firstBatch } = (reply as { cursor: { firstBatch: Person[] } }).cursor;
      return firstBatch.map(({ _id }) => _id);
    });
    expect(ids).toEqual([
      [1, 2],
      [1, 2],
    ]);
  });

  it.each([true, false, 'queryPlanner'])(
    'are explained with explain: %s as the twin',
    async (how) => {
      await store([person(1)]);
      const options: object = { explain: how };
      const shapeOf = async (model: Model<Person>): Promise<unknown> => {
        const [found] = await model.aggregate<object>([{ $match: {} }]).option(options);
        return Object.entries(found ?? {}).map(([key, value]) => [key, typeOf(value)]);
      };
      expect(await shapeOf(twins.encrypted)).toEqual(await shapeOf(twins.plain));
    },
  );

  it('are read in the middle of a cursor that has been explained', async () => {
    await store([person(1), person(2), person(3), person(4)]);
    const open = twins.encrypted.collection as unknown as {
      find(filter: object, options: object): mongo.FindCursor<Person>;
    };
    const cursor = open.find({}, { batchSize: 2, sort: { _id: 1 } });
    expect((await cursor.next())?.ssn).toBe(secret('1'));
    expect(typeof (await cursor.explain())).toBe('object');
    const rest = await cursor.toArray();
    expect(rest.map(({ ssn }) => ssn)).toEqual([secret('2'), secret('3'), secret('4')]);
  });
});
