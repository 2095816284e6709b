import type { AlgorithmName } from '../declaration/algorithm';

/** The BSON types by their byte. Source: bsonspec.org, version 1.1. */
const DOUBLE = 0x01;
const STRING = 0x02;
const OBJECT = 0x03;
const ARRAY = 0x04;
const BINARY = 0x05;
const OBJECT_ID = 0x07;
const BOOLEAN = 0x08;
const DATE = 0x09;
const REGEXP = 0x0b;
const DB_POINTER = 0x0c;
const CODE = 0x0d;
const SYMBOL = 0x0e;
const CODE_WITH_SCOPE = 0x0f;
const INT32 = 0x10;
const TIMESTAMP = 0x11;
const INT64 = 0x12;
const DECIMAL128 = 0x13;

const ENCRYPTED_SUBTYPE = 6;
/** Where the type of the value stands in `{ v: value }`, and where the value begins: behind the type and the name. */
const TYPE_AT = 4;
const VALUE_AT = 7;

/** How long the value at `at` is, by its type. A type without a row is not one that can be encrypted. */
const LENGTHS: Readonly<Record<number, (bytes: Buffer, at: number) => number>> = {
  [DOUBLE]: () => 8,
  [STRING]: (bytes, at) => 4 + bytes.readInt32LE(at),
  [OBJECT]: (bytes, at) => bytes.readInt32LE(at),
  [ARRAY]: (bytes, at) => bytes.readInt32LE(at),
  [BINARY]: (bytes, at) => 5 + bytes.readInt32LE(at),
  [OBJECT_ID]: () => 12,
  [BOOLEAN]: () => 1,
  [DATE]: () => 8,
  [REGEXP]: (bytes, at) => bytes.indexOf(0, bytes.indexOf(0, at) + 1) + 1 - at,
  [DB_POINTER]: (bytes, at) => 4 + bytes.readInt32LE(at) + 12,
  [CODE]: (bytes, at) => 4 + bytes.readInt32LE(at),
  [SYMBOL]: (bytes, at) => 4 + bytes.readInt32LE(at),
  [CODE_WITH_SCOPE]: (bytes, at) => bytes.readInt32LE(at),
  [INT32]: () => 4,
  [TIMESTAMP]: () => 8,
  [INT64]: () => 8,
  [DECIMAL128]: () => 16,
};

/** Source: `_permitted_for_encryption` of libmongocrypt's mongocrypt-ctx-encrypt.c. */
const NOT_DETERMINISTIC: ReadonlySet<number> = new Set([
  DOUBLE,
  OBJECT,
  ARRAY,
  BOOLEAN,
  CODE_WITH_SCOPE,
  DECIMAL128,
]);

/** Whether the value of the serialised document `{ v: value }` holds others: an object, an array or code with scope. */
export function holdsOthers(value: Uint8Array): boolean {
  const type = value[TYPE_AT];
  return type === OBJECT || type === ARRAY || type === CODE_WITH_SCOPE;
}

/**
 * Why the serialised document `{ v: value }` may not be encrypted, as a sentence; undefined where it may.
 *
 * libmongocrypt checks none of this for values that come in a marking, and aborts the process on null, undefined, minKey, maxKey
 * and a second `v`. So no byte reaches a marking that did not pass here.
 */
export function plainValueFault(value: Uint8Array, algorithm: AlgorithmName): string | undefined {
  const bytes = Buffer.isBuffer(value)
    ? value
    : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  const type = bytes[TYPE_AT];
  const lengthOf = type === undefined ? undefined : LENGTHS[type];
  if (!isDocumentOfV(bytes)) return 'the value is not serialised as { v: value }.';
  if (lengthOf === undefined) {
    return 'the value is of a BSON type that cannot be encrypted, such as null or undefined.';
  }
  if (!isWhole(bytes, lengthOf)) return 'the value is not serialised as { v: value }.';
  if (type === BINARY && bytes[VALUE_AT + 4] === ENCRYPTED_SUBTYPE) {
    return 'the value is ciphertext already.';
  }
  if (algorithm === 'Deterministic' && NOT_DETERMINISTIC.has(type ?? 0)) {
    return 'the value is of a BSON type that has no deterministic encryption.';
  }
  return undefined;
}

function isDocumentOfV(bytes: Buffer): boolean {
  return (
    bytes.length > VALUE_AT &&
    bytes.readInt32LE(0) === bytes.length &&
    bytes[TYPE_AT + 1] === 0x76 &&
    bytes[TYPE_AT + 2] === 0 &&
    bytes[bytes.length - 1] === 0
  );
}

/** Whether the value reaches to the end of the document: nothing follows it, and nothing is cut off. */
function isWhole(bytes: Buffer, lengthOf: (bytes: Buffer, at: number) => number): boolean {
  try {
    return VALUE_AT + lengthOf(bytes, VALUE_AT) === bytes.length - 1;
  } catch {
    return false;
  }
}
