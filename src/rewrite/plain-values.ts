import { bsonTypeOf } from '../codec/bson';

/** A document as the driver would write it. */
export type PlainRecord = Record<string, unknown>;

const NO_RECORDS: ReadonlySet<string> = new Set([
  '[object Array]',
  '[object ArrayBuffer]',
  '[object Date]',
  '[object RegExp]',
  '[object SharedArrayBuffer]',
]);

/** What the driver would write for `value`: containers of Mongoose say so by `toBSON`. */
export function unwrapped(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || bsonTypeOf(value) !== undefined) return value;
  const { toBSON } = value as { toBSON?: unknown };
  return typeof toBSON === 'function' ? toBSON.call(value) : value;
}

/** The document that the driver would write for `value`, or undefined where it would write something else. */
export function recordOf(value: unknown): PlainRecord | undefined {
  const plain = unwrapped(value);
  if (typeof plain !== 'object' || plain === null || bsonTypeOf(plain) !== undefined) {
    return undefined;
  }
  if (plain instanceof Map) return Object.fromEntries(plain) as PlainRecord;
  if (Array.isArray(plain) || ArrayBuffer.isView(plain)) return undefined;
  return NO_RECORDS.has(Object.prototype.toString.call(plain)) ? undefined : (plain as PlainRecord);
}

/** The array that the driver would write for `value`, or undefined where it would write something else. */
export function listOf(value: unknown): readonly unknown[] | undefined {
  const plain = unwrapped(value);
  return Array.isArray(plain) ? (plain as unknown[]) : undefined;
}

/** Whether MongoDB reads `record` as operators; `$ref`, `$id` and `$db` are the parts of a DBRef, a value. */
export function holdsOperators(record: PlainRecord): boolean {
  const keys = Object.keys(record);
  return keys[0] !== '$ref' && keys[0] !== '$id' && keys.some(isOperator);
}

/** Whether `key` is an operator's place. */
export function isOperator(key: string): boolean {
  return key.startsWith('$');
}

/** How a message names `key`, which may be anything that stood where an operator belongs. */
export function nameOf(key: string): string {
  return /^\$[A-Za-z]+$/.test(key) ? key : 'this operator';
}

/** Whether `value` is a regular expression, of JavaScript or BSON. */
export function isPattern(value: unknown): boolean {
  return (
    bsonTypeOf(value) === 'BSONRegExp' ||
    Object.prototype.toString.call(value) === '[object RegExp]'
  );
}

const NUMBERS: ReadonlySet<string | undefined> = new Set(['Int32', 'Double', 'Long', 'Decimal128']);

/** Whether `value` is written as a BSON number. */
export function isNumeric(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'bigint' || NUMBERS.has(bsonTypeOf(value));
}

/** Whether `value` is written as a BSON number or boolean: a flag, as 1 or true. */
export function isFlag(value: unknown): boolean {
  return typeof value === 'boolean' || isNumeric(value);
}

/** The row of `table` for `key`, undefined where it has none. */
export function rowOf<Row>(table: Readonly<Record<string, Row>>, key: string): Row | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
