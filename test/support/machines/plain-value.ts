import { mongo } from 'mongoose';

/** An object with values by name, as BSON knows it. */
export type PlainObject = Record<string, unknown>;

/** What the driver would write for `value`: containers of Mongoose say so by `toBSON`, a Map becomes an object. */
export function plainValue(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || isScalar(value)) return value;
  const { toBSON } = value as { toBSON?: unknown };
  const plain: unknown = typeof toBSON === 'function' ? toBSON.call(value) : value;
  return plain instanceof Map ? Object.fromEntries(plain) : plain;
}

/** Whether `value` has values by name: neither an array nor a scalar. */
export function isPlainObject(value: unknown): value is PlainObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isScalar(value);
}

/** Whether `value` is a ciphertext: a BSON binary of subtype 6. */
export function isSealed(value: unknown): value is mongo.Binary {
  return value instanceof mongo.Binary && value.sub_type === mongo.Binary.SUBTYPE_ENCRYPTED;
}

function isScalar(value: object): boolean {
  return (
    '_bsontype' in value ||
    value instanceof Date ||
    value instanceof RegExp ||
    ArrayBuffer.isView(value)
  );
}
