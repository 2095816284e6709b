import fc from 'fast-check';
import { mongo, Types } from 'mongoose';
import { type Field, type Fields, type ScalarType, type Shape, type Traits } from './blueprint';

/** The n-th identifier. */
export const idOf = (n: number): Types.ObjectId =>
  new Types.ObjectId(n.toString(16).padStart(24, '0'));

const { Binary, Decimal128, Double, Int32, Long } = mongo;

const uuid = (digit: string): Types.UUID =>
  new Types.UUID(
    `${digit.repeat(8)}-${digit.repeat(4)}-4${digit.repeat(3)}-8${digit.repeat(3)}-${digit.repeat(12)}`,
  );

/** A few values of each type, so that equal ones meet. */
const POOLS: Readonly<Record<ScalarType, readonly unknown[]>> = {
  String: ['x', 'y', '', 'é'],
  Number: [1, 2, 0, -1, 2 ** 40],
  Boolean: [true, false],
  Date: [new Date(0), new Date(1_700_000_000_000)],
  ObjectId: [idOf(1), idOf(2)],
  Buffer: [Buffer.from('x'), Buffer.alloc(0)],
  UUID: [uuid('1'), uuid('2')],
  BigInt: [1n, 2n, 2n ** 60n],
  Int32: [1, 2, -1],
  Double: [0.5, 1, -2],
  Decimal128: [Decimal128.fromString('1.5'), Decimal128.fromString('2')],
};

/** What Mongoose casts to the type, in another form. */
const CASTABLE: Readonly<Record<ScalarType, readonly unknown[]>> = {
  String: [7, true],
  Number: ['1', new Int32(2), new Double(1), Long.fromNumber(2), true],
  Boolean: ['true', 0, 'no'],
  Date: [5, '2020-01-01'],
  ObjectId: [idOf(2).toHexString()],
  Buffer: ['x', new Binary(Buffer.from('y'), 0)],
  UUID: [uuid('2').toString()],
  BigInt: ['2', 1, Long.fromNumber(2)],
  Int32: ['2', new Int32(1)],
  Double: ['0.5', new Double(2)],
  Decimal128: ['1.5', 2],
};

/** Values of `type` to draw from. */
export const scalarPool = (type: ScalarType): readonly unknown[] => POOLS[type];

/** What a field has where nothing is given. */
export const defaultOf = (type: ScalarType): unknown => POOLS[type][0];

/** A value of exactly `type`, or null. */
export const exactScalar = (type: ScalarType): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...POOLS[type]) }, fc.constant(null));

/** A value as it is stored, for where Mongoose casts nothing. */
export const storedScalar = (type: ScalarType): fc.Arbitrary<unknown> =>
  exactScalar(type).map((value) =>
    type === 'Double' && value !== null ? new Double(value as number) : value,
  );

/** A value for a path of `type`: now and then one to be cast, seldom one that cannot be. */
export const scalarValue = (type: ScalarType): fc.Arbitrary<unknown> =>
  fc.oneof(
    { weight: 14, arbitrary: exactScalar(type) },
    { weight: 3, arbitrary: fc.constantFrom(...CASTABLE[type]) },
    fc.constant({ wrong: 1 }),
  );

const KEYS = ['x', 'y'] as const;

/** Anything that a Mixed path may hold. */
const anything: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown[]>('x', 1, 0.5, true, null, new Date(1), idOf(1), [], {}),
  fc.record({ deep: fc.array(fc.constantFrom('x', 1, null), { maxLength: 2 }) }),
  fc.array(fc.constantFrom('x', 'y', 2), { maxLength: 2 }),
);

/** A value for a field of `shape`. */
export function shapeValue(
  shape: Shape,
  item: typeof scalarValue = exactScalar,
): fc.Arbitrary<unknown> {
  switch (shape.kind) {
    case 'scalar':
      return item(shape.type);
    case 'mixed':
      return anything;
    case 'list':
      return fc.array(item(shape.type), { maxLength: 3 });
    case 'map':
      return fc.dictionary(fc.constantFrom(...KEYS), item(shape.type));
    case 'nested':
    case 'single':
      return fieldsValue(shape.fields, item);
    case 'documents':
      return fc.uniqueArray(elementValue(shape.fields, item), {
        maxLength: 3,
        selector: (element) => String((element as { readonly _id: unknown })._id),
      });
    case 'documentMap':
      return fc.dictionary(fc.constantFrom(...KEYS), fieldsValue(shape.fields, item));
  }
}

/** An element of an array of subdocuments; its `_id` is given, so that both twins have the same. */
export const elementValue = (fields: Fields, item = exactScalar): fc.Arbitrary<object> =>
  fc
    .tuple(fc.integer({ min: 101, max: 106 }), fieldsValue(fields, item))
    .map(([id, values]) => ({ _id: idOf(id), ...values }));

/** An object with values for some of `fields`, for all that are required. */
export function fieldsValue(fields: Fields, item = exactScalar): fc.Arbitrary<object> {
  const entries = Object.entries(fields).map(([name, { shape, traits }]) => [
    name,
    shape.kind === 'scalar' && traits !== undefined && item === exactScalar
      ? fc.constantFrom(...validScalars(shape.type, traits))
      : shapeValue(shape, item),
  ]);
  const requiredKeys = Object.keys(fields).filter((name) => isRequired(fields[name]));
  return fc.record(Object.fromEntries(entries) as Record<string, fc.Arbitrary<unknown>>, {
    requiredKeys: requiredKeys as never[],
    noNullPrototype: true,
  });
}

function validScalars(type: ScalarType, traits: Traits): readonly unknown[] {
  const { enum: allowed, min } = traits;
  return POOLS[type].filter(
    (value) =>
      (allowed === undefined || allowed.includes(value)) &&
      (min === undefined || (value as number) >= min) &&
      (traits.required === undefined || value !== ''),
  );
}

function isRequired(field: Field | undefined): boolean {
  if (field === undefined) return false;
  const { shape, traits } = field;
  if (shape.kind === 'nested') return Object.values(shape.fields).some(isRequired);
  return traits?.required === true;
}
