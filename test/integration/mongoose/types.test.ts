import { type Model, type mongo, Schema, Types } from 'mongoose';
import { openRig, type Rig, storedAs } from '../../support/rig';
import { valuesAt } from './compare-twins';

interface Holder {
  value?: unknown;
}

interface Case {
  readonly says: string;
  readonly type: unknown;
  readonly value: unknown;
  /** The BSON type of what is encrypted, byte 17 of the ciphertext; that of null where nothing is. */
  readonly byte: number;
  readonly only?: 'Random';
  readonly whole?: true;
}

const NOTHING = 0;

const CASES: readonly Case[] = [
  { says: 'a String', type: String, value: 'é\u0000😀', byte: 2 },
  { says: 'an empty String', type: String, value: '', byte: 2 },
  { says: 'a BigInt', type: BigInt, value: 2n ** 60n, byte: 18 },
  { says: 'a negative BigInt', type: BigInt, value: -1n, byte: 18 },
  { says: 'an Int32', type: Schema.Types.Int32, value: -7, byte: 16 },
  { says: 'an Int32 zero', type: Schema.Types.Int32, value: 0, byte: 16 },
  { says: 'a Double', type: Schema.Types.Double, value: 1.5, byte: 1, only: 'Random' },
  { says: 'a Double integer', type: Schema.Types.Double, value: 3, byte: 1, only: 'Random' },
  { says: 'a Decimal128', type: Schema.Types.Decimal128, value: '1.10', byte: 19, only: 'Random' },
  { says: 'true', type: Boolean, value: true, byte: 8, only: 'Random' },
  { says: 'false', type: Boolean, value: false, byte: 8, only: 'Random' },
  { says: 'a Date', type: Date, value: new Date('1969-07-20T20:17:40.123Z'), byte: 9 },
  { says: 'an ObjectId', type: Schema.Types.ObjectId, value: '0123456789abcdef01234567', byte: 7 },
  {
    says: 'a UUID',
    type: Schema.Types.UUID,
    value: '6ba7b810-9dad-11d1-80b4-00c04fd430c8',
    byte: 5,
  },
  { says: 'a Buffer', type: Buffer, value: Buffer.from([0, 1, 255]), byte: 5 },
  { says: 'an empty Buffer', type: Buffer, value: Buffer.alloc(0), byte: 5 },
  { says: 'a Buffer of subtype 6 length', type: Buffer, value: Buffer.alloc(64, 1), byte: 5 },
  { says: 'a fraction', type: Number, value: 0.1, byte: 1, only: 'Random' },
  { says: 'null', type: String, value: null, byte: NOTHING },
  { says: 'undefined', type: String, value: undefined, byte: NOTHING },
  { says: 'a list of Strings', type: [String], value: ['a', '', 'a'], byte: 2 },
  { says: 'a list of Dates', type: [Date], value: [new Date(0)], byte: 9 },
  { says: 'an empty list', type: [String], value: [], byte: NOTHING },
  { says: 'a list with null', type: [String], value: ['a', null], byte: 2 },
  { says: 'a matrix', type: [[String]], value: [['a', 'b'], []], byte: 2 },
  {
    says: 'a Mixed object',
    type: Schema.Types.Mixed,
    value: { a: [1, { b: null }] },
    byte: 3,
    whole: true,
  },
  {
    says: 'an empty Mixed',
    type: new Schema({}, { strict: false, _id: false }),
    value: {},
    byte: 3,
    whole: true,
  },
  { says: 'a Mixed array', type: Schema.Types.Mixed, value: [1, 'a'], byte: 4, whole: true },
  { says: 'a Mixed String', type: Schema.Types.Mixed, value: '', byte: 2, whole: true },
  { says: 'a Mixed zero', type: Schema.Types.Mixed, value: 0, byte: 16, whole: true },
  { says: 'a Mixed false', type: Schema.Types.Mixed, value: false, byte: 8, whole: true },
  { says: 'a Mixed Date', type: Schema.Types.Mixed, value: new Date(5), byte: 9, whole: true },
  {
    says: 'a Mixed with BSON values',
    type: Schema.Types.Mixed,
    value: {
      i: new Types.ObjectId('0123456789abcdef01234567'),
      d: Types.Decimal128.fromString('1'),
      b: Buffer.from('x'),
    },
    byte: 3,
    whole: true,
  },
  { says: 'a list as a whole', type: [String], value: ['a', 'b'], byte: 4, whole: true },
  { says: 'an empty list as a whole', type: [String], value: [], byte: 4, whole: true },
  { says: 'a Map as a whole', type: Map, value: new Map([['a', 1]]), byte: 3, whole: true },
  { says: 'an empty Map as a whole', type: Map, value: new Map(), byte: 3, whole: true },
  {
    says: 'a subdocument',
    type: new Schema({ a: Number, b: Date }, { _id: false }),
    value: { a: 0, b: new Date(1) },
    byte: 3,
    whole: true,
  },
  {
    says: 'subdocuments',
    type: [new Schema({ a: String }, { _id: false })],
    value: [{ a: 'x' }, {}],
    byte: 4,
    whole: true,
  },
];

/** What is special: a Deterministic Number is always int64, a Random one is what the driver would choose. */
const NUMBERS: readonly (readonly [number, 'Deterministic' | 'Random', number])[] = [
  [5, 'Deterministic', 18],
  [0, 'Deterministic', 18],
  [-(2 ** 40), 'Deterministic', 18],
  [Number.MAX_SAFE_INTEGER, 'Deterministic', 18],
  [5, 'Random', 16],
  [-0, 'Random', 1],
  [2 ** 40, 'Random', 1],
  [Number.MAX_VALUE, 'Random', 1],
  [Infinity, 'Random', 1],
];

let rig: Rig;

beforeAll(async () => {
  rig = await openRig('types');
});

afterAll(async () => {
  await rig.close();
});

interface RoundTrip extends Omit<Case, 'says'> {
  readonly algorithm: 'Deterministic' | 'Random';
}

let models = 0;

/** Stores the value in a model and its twin; reads it back hydrated, lean, after an update and from an aggregate. */
async function expectRoundTrip({ type, value, byte, algorithm, whole }: RoundTrip): Promise<void> {
  models += 1;
  const encrypted = { algorithm, keyAltName: 'types', ...(whole && { whole }) };
  const schemaOf = (more: object): Schema<Holder> =>
    new Schema(
      { value: { type, ...more } },
      {
        minimize: false,
        collection: `t${String(models)}`,
      },
    ) as never;
  const model = rig.connection.model(
    `T${String(models)}`,
    schemaOf({ encrypted }).plugin(rig.fle),
  ) as Model<Holder>;
  const twin = rig.twinConnection.model(`T${String(models)}`, schemaOf({})) as Model<Holder>;
  const seen = async (each: Model<Holder>): Promise<unknown[]> => {
    const { _id } = await each.create({ value });
    const lean = await each.findById(_id).select('-_id').lean();
    const hydrated = (await each.findById(_id).orFail()).toObject().value;
    await each.updateOne({ _id }, { $set: { value } });
    const updated = await each.aggregate([{ $project: { _id: 0, value: 1 } }]);
    return [lean, hydrated, updated];
  };
  expect(await seen(model)).toStrictEqual(await seen(twin));
  const raw = await rig.rawOne(`t${String(models)}`);
  const ciphertexts = valuesAt(raw, ['value']) as mongo.Binary[];
  if (byte !== NOTHING) expect(ciphertexts.length).toBeGreaterThan(0);
  for (const ciphertext of ciphertexts) {
    expect(storedAs(ciphertext)).toBe(algorithm);
    expect(ciphertext.buffer[17]).toBe(byte);
  }
}

describe('a round trip gives what it gives the twin', () => {
  it.each(CASES.filter(({ only, whole }) => only === undefined && whole === undefined))(
    'for $says, Deterministic',
    async (each) => {
      await expectRoundTrip({ ...each, algorithm: 'Deterministic' });
    },
  );

  it.each(CASES)('for $says, Random', async (each) => {
    await expectRoundTrip({ ...each, algorithm: 'Random' });
  });

  it.each(NUMBERS)('for the Number %d, %s', async (value, algorithm, byte) => {
    await expectRoundTrip({ type: Number, value, algorithm, byte });
  });
});
