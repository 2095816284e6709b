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
  if (plain instanceof Map) return Object.fromEntries(plain) as PlainRecord;
  if (ArrayBuffer.isView(plain)) return undefined;
  return NO_RECORDS.has(Object.prototype.toString.call(plain)) ? undefined : (plain as PlainRecord);
}
