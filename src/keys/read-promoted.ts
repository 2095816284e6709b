import type { Bson, BsonReadOptions } from '../codec/bson';
import { DecryptionFailedError } from '../errors';

/** A value as the driver's `ClientEncryption.decrypt` hands it out, and the byte of its BSON type. */
export interface PromotedValue {
  readonly value: unknown;
  readonly type: number | undefined;
}

const DOUBLE = 0x01;
const OBJECT = 0x03;
const ARRAY = 0x04;
const SYMBOL = 0x0e;
const CODE_WITH_SCOPE = 0x0f;
const INT32 = 0x10;
const INT64 = 0x12;

/** What became of these on the way cannot be told from what came of it. */
const HOLD_VALUES: ReadonlySet<number | undefined> = new Set([OBJECT, ARRAY, CODE_WITH_SCOPE]);

/**
 * The value as the driver reads a plain one under `options`. `ClientEncryption.decrypt` knows no such options, but the ciphertext
 * keeps the BSON type, so that the value can be written and read again.
 *
 * @throws {DecryptionFailedError} for a value that holds others, under options that are not the driver's defaults.
 */
export function readPromoted(
  { value, type }: PromotedValue,
  options: BsonReadOptions,
  bson: Bson,
): unknown {
  if (areDefault(options)) return value;
  if (HOLD_VALUES.has(type)) {
    throw new DecryptionFailedError({
      wrong:
        'an encrypted object or array cannot be read under BSON options other than the default.',
      remedy: 'Read it without them.',
    });
  }
  const bytes = bson.serialize({ v: unpromoted({ value, type }, bson) });
  const { v } = bson.deserialize(bytes, options as object) as { v: unknown };
  return v;
}

function areDefault(options: BsonReadOptions): boolean {
  return (
    options.promoteValues !== false &&
    options.promoteLongs !== false &&
    options.promoteBuffers !== true &&
    options.useBigInt64 !== true &&
    options.bsonRegExp !== true
  );
}

function unpromoted({ value, type }: PromotedValue, bson: Bson): unknown {
  if (type === SYMBOL && typeof value === 'string') return new bson.BSONSymbol(value);
  if (typeof value !== 'number') return value;
  if (type === DOUBLE) return new bson.Double(value);
  if (type === INT32) return new bson.Int32(value);
  return type === INT64 ? bson.Long.fromNumber(value) : value;
}
