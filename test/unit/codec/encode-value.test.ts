import { inspect } from 'node:util';
import { runInNewContext } from 'node:vm';
import * as bson from 'bson';
import { encodeValue } from '../../../src/codec/encode-value';
import type { AlgorithmName } from '../../../src/declaration/algorithm';
import { InvalidValueError } from '../../../src/errors';
import type { EncryptedField, FieldType } from '../../../src/plan/encryption-plan';
import { ENCODE, fieldOf, refusalOf } from './fixture';

const INVALID = 'InvalidValueError FLE_INVALID_VALUE Patient.p';
const GIVEN = 'CiphertextGivenError FLE_CIPHERTEXT_GIVEN Patient.p';
const WHOLE_NUMBER = `${INVALID}: the value is not an integer that a Deterministic Number can hold (a safe integer). Declare the path as 'Random', or store a String or BigInt.`;
const CIPHERTEXT = `${GIVEN}: the value given is ciphertext already. Give the plaintext; to read a stored document, use fle.decrypt(Model, document).`;
const notA = (type: string): string =>
  `${INVALID}: the value is not one that a ${type} path stores. Give a ${type}; what reaches an encrypted path is not cast any further.`;

const T = {
  double: 0x01,
  string: 0x02,
  object: 0x03,
  array: 0x04,
  binary: 0x05,
  objectId: 0x07,
  bool: 0x08,
  date: 0x09,
  int32: 0x10,
  int64: 0x12,
  decimal: 0x13,
} as const;

const BOTH: readonly AlgorithmName[] = ['Deterministic', 'Random'];
const RANDOM: readonly AlgorithmName[] = ['Random'];

const decoded = (bytes: Uint8Array | undefined): unknown =>
  bytes === undefined ? undefined : bson.deserialize(bytes, { promoteValues: false })['v'];

const anId = new bson.ObjectId();
const aUuid = new bson.UUID();
const aDate = new Date(0);

/** The type, the algorithms it has, and its values with their BSON type and what is stored. */
const ACCEPTED: readonly [
  FieldType,
  readonly AlgorithmName[],
  readonly [unknown, number, unknown][],
][] = [
  [
    'String',
    BOTH,
    [
      ['a', T.string, 'a'],
      ['', T.string, ''],
    ],
  ],
  [
    'Number',
    ['Deterministic'],
    [
      [5, T.int64, bson.Long.fromNumber(5)],
      [0, T.int64, bson.Long.ZERO],
      [-0, T.int64, bson.Long.ZERO],
      [2 ** 40, T.int64, bson.Long.fromNumber(2 ** 40)],
      [7n, T.int64, bson.Long.fromNumber(7)],
      [new bson.Int32(5), T.int64, bson.Long.fromNumber(5)],
      [new bson.Double(5), T.int64, bson.Long.fromNumber(5)],
      [bson.Long.fromNumber(5), T.int64, bson.Long.fromNumber(5)],
    ],
  ],
  [
    'Number',
    RANDOM,
    [
      [5, T.int32, new bson.Int32(5)],
      [5.5, T.double, new bson.Double(5.5)],
      [NaN, T.double, new bson.Double(NaN)],
      [-0, T.double, new bson.Double(-0)],
      [2 ** 60, T.double, new bson.Double(2 ** 60)],
      [new bson.Double(1), T.double, new bson.Double(1)],
      [bson.Long.ONE, T.int64, bson.Long.ONE],
      [1n, T.int64, bson.Long.ONE],
    ],
  ],
  [
    'Int32',
    BOTH,
    [
      [5, T.int32, new bson.Int32(5)],
      [-0, T.int32, new bson.Int32(0)],
      [new bson.Double(3), T.int32, new bson.Int32(3)],
    ],
  ],
  [
    'Double',
    RANDOM,
    [
      [5, T.double, new bson.Double(5)],
      [new bson.Int32(5), T.double, new bson.Double(5)],
      [new bson.Double(0.5), T.double, new bson.Double(0.5)],
    ],
  ],
  [
    'BigInt',
    BOTH,
    [
      [2n ** 62n, T.int64, bson.Long.fromBigInt(2n ** 62n)],
      [bson.Long.MAX_VALUE, T.int64, bson.Long.MAX_VALUE],
      [new bson.Int32(1), T.int64, bson.Long.ONE],
    ],
  ],
  [
    'Decimal128',
    RANDOM,
    [[bson.Decimal128.fromString('1.5'), T.decimal, bson.Decimal128.fromString('1.5')]],
  ],
  [
    'Boolean',
    RANDOM,
    [
      [true, T.bool, true],
      [false, T.bool, false],
    ],
  ],
  ['Date', BOTH, [[aDate, T.date, aDate]]],
  ['ObjectId', BOTH, [[anId, T.objectId, anId]]],
  ['UUID', BOTH, [[aUuid, T.binary, aUuid]]],
  [
    'Buffer',
    BOTH,
    [
      [Buffer.from('a'), T.binary, new bson.Binary(Buffer.from('a'))],
      [new Uint8Array([1]), T.binary, new bson.Binary(Buffer.from([1]))],
      [new bson.Binary(Buffer.from('b'), 5), T.binary, new bson.Binary(Buffer.from('b'), 5)],
    ],
  ],
  [
    'Mixed',
    RANDOM,
    [
      ['a', T.string, 'a'],
      [{ a: [1] }, T.object, { a: [new bson.Int32(1)] }],
      [[], T.array, []],
      [0, T.int32, new bson.Int32(0)],
    ],
  ],
  [
    'Union',
    RANDOM,
    [
      ['a', T.string, 'a'],
      [5, T.int32, new bson.Int32(5)],
    ],
  ],
  [
    'Object',
    RANDOM,
    [
      [{}, T.object, {}],
      [{ toBSON: (): object => ({ a: 'b' }) }, T.object, { a: 'b' }],
    ],
  ],
  [
    'Array',
    RANDOM,
    [
      [[], T.array, []],
      [[null, 'a'], T.array, [null, 'a']],
    ],
  ],
  [
    'Map',
    RANDOM,
    [
      [new Map([['a', 'b']]), T.object, { a: 'b' }],
      [{ a: 'b' }, T.object, { a: 'b' }],
    ],
  ],
];

describe('the one form of a value', () => {
  const rows = ACCEPTED.flatMap(([type, algorithms, values]) =>
    algorithms.flatMap((algorithm) =>
      values.map((value): [FieldType, AlgorithmName, unknown, number, unknown] => [
        type,
        algorithm,
        ...value,
      ]),
    ),
  );

  it.each(rows)(
    'of a %s under %s, %p, has BSON type %i',
    (type, algorithm, value, bsonType, stored) => {
      const bytes = encodeValue(value, fieldOf(type, { algorithm }), ENCODE)?.();
      expect(bytes?.[4]).toBe(bsonType);
      expect(decoded(bytes)).toEqual(stored);
    },
  );

  const types = [...new Set(rows.map(([type]) => type))];

  it.each(types)('of a %s leaves null and undefined to the document', (type) => {
    for (const nothing of [null, undefined, { toBSON: () => null }, { toBSON: () => undefined }]) {
      expect(encodeValue(nothing, fieldOf(type, { algorithm: 'Random' }), ENCODE)).toBeUndefined();
    }
  });

  it.each<[FieldType, string, unknown]>([
    ['Map', 'new Map([["a", "b"]])', { a: 'b' }],
    ['Object', 'new Map([["a", new Map([["b", ["c"]]])]])', { a: { b: ['c'] } }],
    ['Date', 'new Date(0)', aDate],
    ['Buffer', 'new Uint8Array([1])', new bson.Binary(Buffer.from([1]))],
    ['Mixed', '({ a: new Date(0) })', { a: aDate }],
  ])('of a %s made in another realm, %s, is the same', (type, code, stored) => {
    const bytes = encodeValue(runInNewContext(code), fieldOf(type), ENCODE)?.();
    expect(decoded(bytes)).toEqual(stored);
  });

  it('of a value is what it was when it was taken', () => {
    const value = { a: 1 };
    const bytes = encodeValue(value, fieldOf('Object', { whole: true }), ENCODE)?.();
    value.a = 2;
    expect(decoded(bytes)).toEqual({ a: new bson.Int32(1) });
  });

  it('of a value drops what the connection drops', () => {
    const field = fieldOf('Object', { whole: true });
    const value = { a: undefined, f: (): number => 1 };
    const kept = { ...ENCODE, serializeOptions: { ignoreUndefined: true } };
    expect(
      [encodeValue(value, field, ENCODE), encodeValue(value, field, kept)].map((encoded) =>
        decoded(encoded?.()),
      ),
    ).toEqual([{ a: null }, {}]);
  });

  it('of a container whose toBSON gives another that gives null is null', () => {
    const value = { toBSON: (): object => ({ toBSON: (): null => null }) };
    expect(encodeValue(value, fieldOf('Mixed', { whole: true }), ENCODE)).toBeUndefined();
  });
});

describe('a value that is not of the type is refused', () => {
  const random = { algorithm: 'Random' } as const;

  it.each<[FieldType, Partial<EncryptedField>, readonly unknown[], string]>([
    [
      'String',
      {},
      [5, true, new Date(), /a/, { a: 1 }, ['a'], Buffer.from('a'), new Map()],
      notA('String'),
    ],
    [
      'Number',
      {},
      [5.5, NaN, Infinity, 2 ** 53, 'a', 2n ** 60n, bson.Long.MAX_VALUE, new bson.Double(0.5)],
      WHOLE_NUMBER,
    ],
    ['Number', random, ['5', true, bson.Decimal128.fromString('1'), {}], notA('Number')],
    ['Int32', {}, [2 ** 31, 0.5, NaN, '5', 5n], notA('Int32')],
    ['Double', random, ['5', 5n, bson.Long.ONE], notA('Double')],
    ['BigInt', {}, [5, 2n ** 63n, '5', new bson.Double(0.5)], notA('BigInt')],
    ['Decimal128', random, [1.5, '1.5'], notA('Decimal128')],
    ['Boolean', random, [0, 'true'], notA('Boolean')],
    ['Date', {}, [new Date(NaN), 0, '1970-01-01'], notA('Date')],
    ['ObjectId', {}, [anId.toHexString(), {}], notA('ObjectId')],
    ['UUID', {}, [aUuid.toHexString(), new bson.Binary(Buffer.alloc(16))], notA('UUID')],
    ['Buffer', {}, ['a', [1], {}], notA('Buffer')],
    [
      'Object',
      random,
      ['a', [], new Date(), /a/, Buffer.from('a'), anId, new Set()],
      notA('Object'),
    ],
    ['Array', random, ['a', {}, new Set()], notA('Array')],
    ['Map', random, ['a', [], new Date(), new bson.Binary(Buffer.alloc(1))], notA('Map')],
    [
      'Mixed',
      random,
      [new bson.MinKey(), new bson.MaxKey(), (): number => 1, Symbol('a')],
      notA('Mixed'),
    ],
  ])('%s %j', async (type, more, values, message) => {
    for (const value of values) {
      expect(await refusalOf(() => encodeValue(value, fieldOf(type, more), ENCODE)?.())).toBe(
        message,
      );
    }
  });

  const NUL = '\0';
  const cycle: Record<string, unknown> = { SENTINEL: 1 };
  cycle['self'] = cycle;
  const fails = (): never => {
    throw new Error('SENTINEL');
  };
  const failsOddly = (): never => {
    // eslint-disable-next-line @typescript-eslint/only-throw-error
    throw { name: 'SENTINEL' };
  };

  it.each<[string, unknown, string]>([
    ['that contains itself', cycle, ': it contains itself'],
    ['with a null byte in a key', { 'SENTINEL\0': 1 }, ': a key in it contains a null byte'],
    [
      'with a line and a null byte in a key',
      { a: { 'SENTINEL\n\0': 1 } },
      ': a key in it contains a null byte',
    ],
    [
      'with a null byte in a pattern',
      { a: new RegExp(`SENTINEL${NUL}`) },
      ': a regular expression in it contains a null byte',
    ],
    [
      'that only claims to be BSON',
      { a: { _bsontype: 'SENTINEL' } },
      ': something in it has a _bsontype of another version',
    ],
    [
      'with BSON of an unknown type',
      { a: unknownBson() },
      ': something in it has an unknown _bsontype',
    ],
    [
      'that is too large',
      { SENTINEL: new bson.Binary(Buffer.alloc(2 ** 24 + 2 ** 20)) },
      ': it is too large or too deep',
    ],
    ['whose toBSON throws', { a: { toBSON: fails } }, ''],
    ['whose toBSON throws no error', { a: { toBSON: failsOddly } }, ''],
  ])('without a word of it, where it is one %s', (_, value, why) => {
    const error = errorOf(() => encodeValue(value, fieldOf('Object', { whole: true }), ENCODE));
    expect(error?.message).toBe(
      `Patient.p: the value cannot be written as BSON${why}. Give a value that MongoDB can store.`,
    );
    expect(error).toBeInstanceOf(InvalidValueError);
    expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain('SENTINEL');
  });
});

function unknownBson(): unknown {
  return { _bsontype: 'SENTINEL', [Symbol.for('@@mdb.bson.version')]: 7 };
}

function errorOf(call: () => unknown): Error | undefined {
  try {
    call();
  } catch (error) {
    return error as Error;
  }
  return undefined;
}

describe('ciphertext is refused', () => {
  const ciphertext = new bson.Binary(Buffer.alloc(18, 1), 6);
  const whole = { whole: true, algorithm: 'Random' } as const;

  it.each<[FieldType, Partial<EncryptedField>, unknown]>([
    ['String', {}, ciphertext],
    ['Buffer', {}, ciphertext],
    ['Buffer', {}, { toBSON: (): unknown => ciphertext }],
    ['Mixed', whole, { a: [{ b: ciphertext }] }],
    ['Map', whole, new Map([['a', ciphertext]])],
    ['Mixed', whole, runInNewContext('new Map([["a", [x]]])', { x: ciphertext })],
    ['Array', whole, [{ toBSON: (): unknown => [ciphertext] }]],
    ['Union', { algorithm: 'Random' }, [ciphertext]],
  ])('for a %s %j', async (type, more, value) => {
    expect(await refusalOf(() => encodeValue(value, fieldOf(type, more), ENCODE)?.())).toBe(
      CIPHERTEXT,
    );
  });

  it('but not what only claims to be BSON', () => {
    const claim = { _bsontype: 'Binary', sub_type: 6, buffer: 'a' };
    const field = fieldOf('Mixed', whole);
    expect(() => encodeValue(claim, field, ENCODE)).toThrow('the value cannot be written as BSON');
  });
});
