import { bsonTypeOf } from '../codec/bson';
import { type PlainRecord, unwrapped } from '../codec/record-of';

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

/** `value` where it is a string, or an empty one: what the server refuses need not be read. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
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
