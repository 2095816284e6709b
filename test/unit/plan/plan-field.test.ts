import type { Declaration } from '../../../src/declaration/declaration';
import type { ValueShape } from '../../../src/declaration/schema-shape';
import { InvalidDeclarationError, UnencryptableTypeError } from '../../../src/errors';
import { buildPlan } from '../../../src/plan/build-plan';
import type { EncryptedField } from '../../../src/plan/encryption-plan';
import { expectRefusal } from '../declaration/expect-refusal';
import { array, DETERMINISTIC, leaf, map, model, object, RANDOM, WHOLE } from './shapes';

const string = leaf('String');
const union = { ...leaf('Union'), members: [string, leaf('Number')] };
const mixedUnion = { ...leaf('Union'), members: [string, object({ a: string })] };

function fieldsOf(value: ValueShape, declared: Declaration): readonly EncryptedField[] {
  return buildPlan({ name: 'User', shapes: [model({ v: { ...value, declared } })] }).fields;
}

const SCALARS: readonly (readonly [string, ValueShape])[] = [
  'String',
  'Number',
  'Int32',
  'BigInt',
  'Date',
  'ObjectId',
  'UUID',
  'Buffer',
].map((type) => [type, leaf(type)]);

const RANDOM_SCALARS: readonly (readonly [string, ValueShape, string])[] = [
  [
    'Double',
    leaf('Double'),
    'a Double cannot be Deterministic: floating point numbers have no deterministic encryption.',
  ],
  [
    'Decimal128',
    leaf('Decimal128'),
    'a Decimal128 cannot be Deterministic: decimals have no deterministic encryption.',
  ],
  [
    'Boolean',
    leaf('Boolean'),
    'a Boolean cannot be Deterministic: booleans have no deterministic encryption.',
  ],
  ['Union', union, 'a Union cannot be Deterministic: equal values of a Union may differ in type.'],
];

const ALL_SCALARS: readonly (readonly [string, ValueShape])[] = [
  ...SCALARS,
  ...RANDOM_SCALARS.map(([type, value]) => [type, value] as const),
];

const NO_OBJECTS = 'objects and arrays have no deterministic encryption.';

interface Composite {
  readonly type: string;
  readonly value: ValueShape;
  readonly name: string;
  /** What the message offers in place of the whole. */
  readonly parts: string;
  readonly reason: string;
}

const COMPOSITES: readonly Composite[] = [
  { type: 'Mixed', value: leaf('Mixed'), name: 'a Mixed', parts: '', reason: NO_OBJECTS },
  { type: 'Mixed', value: leaf('Money'), name: 'a Money', parts: '', reason: NO_OBJECTS },
  {
    type: 'Object',
    value: object({ a: string }),
    name: 'a subdocument',
    parts: ', or declare the fields inside it',
    reason: NO_OBJECTS,
  },
  {
    type: 'Map',
    value: map(string),
    name: 'a Map',
    parts: ', or declare its values',
    reason: NO_OBJECTS,
  },
  {
    type: 'Union',
    value: mixedUnion,
    name: 'a Union',
    parts: '',
    reason: 'equal values of a Union may differ in type.',
  },
];

const ARRAY: Composite = {
  type: 'Array',
  value: array(string),
  name: 'an array',
  parts: ', or declare its elements',
  reason: NO_OBJECTS,
};

describe('a field of a type', () => {
  it.each(ALL_SCALARS)('may be Random: %s', (type, value) => {
    expect(fieldsOf(value, RANDOM)).toEqual([{ path: 'v', ...RANDOM, type }]);
  });

  it.each(SCALARS)('may be Deterministic: %s', (type, value) => {
    expect(fieldsOf(value, DETERMINISTIC)).toEqual([{ path: 'v', ...DETERMINISTIC, type }]);
  });

  it.each(RANDOM_SCALARS)('may not be Deterministic: %s', (_, value, wrong) => {
    expectRefusal(() => fieldsOf(value, DETERMINISTIC), {
      type: UnencryptableTypeError,
      code: 'FLE_UNENCRYPTABLE_TYPE',
      message: `User.v: ${wrong} Declare it 'Random', or store it as a type that can be.`,
    });
  });

  it.each([...COMPOSITES, ARRAY])('may be Random as a whole: $name', ({ type, value }) => {
    expect(fieldsOf(value, WHOLE)).toEqual([{ path: 'v', ...WHOLE, type }]);
  });

  it.each(COMPOSITES)('may not be Random but as a whole: $name', ({ value, name, parts }) => {
    expectRefusal(() => fieldsOf(value, RANDOM), {
      type: InvalidDeclarationError,
      code: 'FLE_INVALID_DECLARATION',
      message: `User.v: ${name} is encrypted only as a whole. Add whole: true${parts}.`,
    });
  });

  it.each([...COMPOSITES, ARRAY])(
    'may not be Deterministic as a whole: $name',
    ({ value, name, parts, reason }) => {
      expectRefusal(() => fieldsOf(value, { ...WHOLE, algorithm: 'Deterministic' }), {
        type: UnencryptableTypeError,
        code: 'FLE_UNENCRYPTABLE_TYPE',
        message: `User.v: ${name} cannot be Deterministic: ${reason} Declare it 'Random' with whole: true${parts}.`,
      });
    },
  );

  it.each(COMPOSITES)('may not be Deterministic without whole either: $name', ({ value }) => {
    expect(() => fieldsOf(value, DETERMINISTIC)).toThrow(UnencryptableTypeError);
  });

  it.each(ALL_SCALARS)('needs no whole: %s', (type, value) => {
    const article = type === 'ObjectId' || type === 'Int32';
    expectRefusal(() => fieldsOf(value, WHOLE), {
      type: InvalidDeclarationError,
      code: 'FLE_INVALID_DECLARATION',
      message: `User.v: ${article ? 'an' : 'a'} ${type} is one value already, and needs no whole: true. Leave whole out.`,
    });
  });
});

describe('the elements of an array', () => {
  it.each(ALL_SCALARS)('may be Random: %s', (type, value) => {
    expect(fieldsOf(array(value), RANDOM)).toEqual([{ path: 'v', ...RANDOM, type }]);
  });

  it.each(RANDOM_SCALARS)('may not be Deterministic: %s', (_, value) => {
    expect(() => fieldsOf(array(value), DETERMINISTIC)).toThrow(UnencryptableTypeError);
  });

  it.each(COMPOSITES.flatMap((each) => [RANDOM, WHOLE].map((declared) => ({ ...each, declared }))))(
    'may not be $name, whole: $declared.whole',
    ({ value, name, parts, declared }) => {
      const element = { ...value, declared };
      expectRefusal(() => buildPlan({ name: 'User', shapes: [model({ v: array(element) })] }), {
        type: InvalidDeclarationError,
        code: 'FLE_INVALID_DECLARATION',
        message: `User.v: the elements of an array cannot be encrypted one by one where each is ${name}. Declare the array itself with whole: true${parts}.`,
      });
    },
  );

  it('may not be arrays that are wholes', () => {
    const element = array(string, WHOLE);
    expectRefusal(() => buildPlan({ name: 'User', shapes: [model({ v: array(element) })] }), {
      type: InvalidDeclarationError,
      code: 'FLE_INVALID_DECLARATION',
      message:
        'User.v: the elements of an array cannot be encrypted one by one where each is an array. Declare the array itself with whole: true, or declare its elements.',
    });
  });

  it.each(ALL_SCALARS)('need no whole: %s', (_, value) => {
    const element = { ...value, declared: WHOLE };
    expect(() => buildPlan({ name: 'User', shapes: [model({ v: array(element) })] })).toThrow(
      'is one value already, and needs no whole: true. Leave whole out.',
    );
  });
});

describe('the values of a Map', () => {
  it.each(COMPOSITES)('may be wholes: $name', ({ type, value }) => {
    const values = { ...value, declared: WHOLE };
    expect(buildPlan({ name: 'User', shapes: [model({ v: map(values) })] }).fields).toEqual([
      { path: 'v.$*', ...WHOLE, type },
    ]);
  });
});
