import { bsonTypeOf } from './bson';

/** A document as the driver would write it. */
export type PlainRecord = Record<string, unknown>;

const NO_RECORDS: ReadonlySet<string> = new Set([
  '[object Array]',
  '[object ArrayBuffer]',
  '[object Date]',
  '[object RegExp]',
  '[object Set]',
  '[object SharedArrayBuffer]',
  '[object WeakMap]',
  '[object WeakSet]',
]);

/** Whether `value` is a Map, also one of another realm; the driver asks the same. */
export function isMap(value: unknown): value is ReadonlyMap<unknown, unknown> {
  return value instanceof Map || tagOf(value) === '[object Map]';
}

/** Whether `value` is a Date, also one of another realm. */
export function isDate(value: unknown): value is Date {
  return value instanceof Date || tagOf(value) === '[object Date]';
}

/** Whether `value` is a Uint8Array, also one of another realm. */
export function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && tagOf(value) === '[object Uint8Array]';
}

function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value);
}

/** What the driver would write for `value`: containers of Mongoose say so by `toBSON`; BSON values are what they are. */
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
  if (isMap(plain)) return Object.fromEntries(plain.entries()) as PlainRecord;
  if (ArrayBuffer.isView(plain)) return undefined;
  return NO_RECORDS.has(tagOf(plain)) ? undefined : (plain as PlainRecord);
}
