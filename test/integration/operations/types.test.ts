import { type Model, type mongo, Schema, Types } from 'mongoose';
import { operationsTables, type PageRow } from '../../repository/operations-page';
import { openRig, type Rig, storedAs } from '../../support/rig';
import { expectSame, valuesAt } from '../mongoose/compare-twins';

interface Holder {
  value?: unknown;
}

/** For each row of the table of types: paths of that type, with a value to store. A row without one fails. */
const EXAMPLES: Readonly<Record<string, readonly (readonly [type: unknown, value: unknown])[]>> = {
  String: [
    [String, 'text'],
    [[String], ['a', 'b']],
  ],
  Number: [[Number, 7]],
  Int32: [[Schema.Types.Int32, 7]],
  BigInt: [[BigInt, 7n]],
  Date: [[Date, new Date(7)]],
  ObjectId: [[Schema.Types.ObjectId, new Types.ObjectId('0123456789abcdef01234567')]],
  UUID: [[Schema.Types.UUID, '6ba7b810-9dad-11d1-80b4-00c04fd430c8']],
  Buffer: [[Buffer, Buffer.from('bytes')]],
  Boolean: [
    [Boolean, false],
    [[Boolean], [true]],
  ],
  Double: [[Schema.Types.Double, 7.5]],
  Decimal128: [[Schema.Types.Decimal128, '7.5']],
  Union: [[{ type: Schema.Types.Union, of: [String, Number] }, 'text']],
  Mixed: [[Schema.Types.Mixed, { any: ['thing'] }]],
  Object: [
    [new Schema({ inner: String }, { _id: false }), { inner: 'text' }],
    [
      { type: { inner: String } },
      { _id: new Types.ObjectId('0123456789abcdef01234567'), inner: 'text' },
    ],
  ],
  Array: [[[String], ['a', 'b']]],
  Map: [[{ type: Map, of: String }, new Map([['key', 'text']])]],
};

const [TABLE] = operationsTables().filter(({ heading }) => heading === 'Types');
const ROWS: readonly PageRow[] = TABLE?.rows ?? [];
const NAMES = ROWS.flatMap(({ names, cells }) => names.map((name) => [name, cells] as const));

let rig: Rig;
let models = 0;

beforeAll(async () => {
  rig = await openRig('operation_types');
});

afterAll(async () => {
  await rig.close();
});

/** Models of one path, with its declaration or without. */
function modelOf(type: unknown, declaration: object | undefined): Model<Holder> {
  const own = isOptions(type) ? type : { type };
  const encrypted = { encrypted: { keyAltName: 'types', ...declaration } };
  const schema = new Schema({ value: { ...own, ...(declaration && encrypted) } });
  if (declaration !== undefined) schema.plugin(rig.fle);
  const connection = declaration === undefined ? rig.twinConnection : rig.connection;
  return connection.model(`T${models}`, schema);
}

function isOptions(type: unknown): type is object {
  return typeof type === 'object' && type !== null && 'type' in type;
}

/** What a declaration on a path of `type` comes to: the code it is refused with, or how the value is stored. */
async function outcomeOf(type: unknown, value: unknown, declaration: object): Promise<unknown> {
  models += 1;
  let encrypted: Model<Holder>;
  try {
    encrypted = modelOf(type, declaration);
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
  const plain = modelOf(type, undefined);
  const outcome = await expectSame({ encrypted, plain }, async (model) => {
    const { _id } = await model.create({ value });
    const [hydrated, lean] = [await model.findById(_id), await model.findById(_id).lean()];
    return [hydrated?.get('value'), lean?.value];
  });
  expect(outcome).not.toHaveProperty('error');
  const raw: mongo.Document = await rig.rawOne(encrypted.collection.name);
  return [...new Set(valuesAt(raw, ['value']).map(storedAs))].join();
}

describe('the table of types', () => {
  it('has examples for every row, and no others', () => {
    expect(Object.keys(EXAMPLES).sort()).toEqual(NAMES.map(([name]) => name).sort());
  });

  it.each(NAMES)('keeps its word on %s', async (name, [deterministic, random, whole]) => {
    const needed = whole === 'needed';
    expect([random, whole]).toEqual(['yes', needed ? 'needed' : 'not needed']);
    const code = deterministic === 'yes' ? undefined : deterministic?.replaceAll('`', '');
    for (const [type, value] of EXAMPLES[name] ?? []) {
      const isList = Array.isArray(type) && !needed;
      const asked = async (algorithm: string, more: object = {}): Promise<unknown> =>
        await outcomeOf(type, value, { algorithm, ...more });
      const fit = needed ? { whole: true } : {};
      const unfit = needed ? {} : { whole: true };
      expect(await asked('Deterministic', fit)).toBe(code ?? 'Deterministic');
      expect(await asked('Random', fit)).toBe('Random');
      if (isList || (needed && name === 'Array')) continue; // of a list, elements and the whole may both be encrypted
      expect(await asked('Random', unfit)).toBe('FLE_INVALID_DECLARATION');
    }
  });
});
