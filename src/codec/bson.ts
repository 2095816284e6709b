import type { mongo } from 'mongoose';

/** The BSON library of the user's own driver: `connection.base.mongo.BSON`. */
export type Bson = typeof mongo.BSON;

/** A BSON binary value; a ciphertext is one of subtype 6. */
export type Binary = mongo.Binary;

/** How BSON becomes JavaScript values, as the driver's operations take it. */
export interface BsonReadOptions {
  readonly promoteValues?: boolean | undefined;
  readonly promoteLongs?: boolean | undefined;
  readonly promoteBuffers?: boolean | undefined;
  readonly useBigInt64?: boolean | undefined;
  readonly bsonRegExp?: boolean | undefined;
  readonly enableUtf8Validation?: boolean | undefined;
}

/**
 * `options`, as the BSON library takes them from the driver.
 *
 * Source: driver 7.8, src/cursor/abstract_cursor.ts.
 */
export function deserializeOptions({ enableUtf8Validation, ...options }: BsonReadOptions): object {
  return Object.assign(options, { validation: { utf8: enableUtf8Validation !== false } });
}

/**
 * The subtype of an encrypted BSON binary.
 *
 * Source: MongoDB's specification "Subtype 6: Encrypted".
 */
export const ENCRYPTED_SUBTYPE = 6;

const BSON_VERSION = Symbol.for('@@mdb.bson.version');

/** The name of the BSON class that `value` is of, or undefined. Plain JSON that claims a `_bsontype` is none. */
export function bsonTypeOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !(BSON_VERSION in value)) return undefined;
  const { _bsontype: name } = value as { _bsontype?: unknown };
  return typeof name === 'string' ? name : undefined;
}

/** Whether `value` is a BSON binary of subtype 6: a ciphertext, or something that would pass for one. */
export function isCiphertext(value: unknown): value is Binary {
  return bsonTypeOf(value) === 'Binary' && (value as Binary).sub_type === ENCRYPTED_SUBTYPE;
}
