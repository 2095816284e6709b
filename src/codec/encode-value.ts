import { CiphertextGivenError, InvalidValueError } from '../errors';
import type { EncryptedField, FieldType } from '../plan/encryption-plan';
import { type Bson, bsonTypeOf, isCiphertext } from './bson';
import { isBytes, isDate, isMap, recordOf, unwrapped } from './record-of';
import { serialisationFault } from './serialisation-fault';
import { textDocument } from './text-document';

/** Where a value is on its way to: what the messages of refusals name, and how the driver would serialise it. */
export interface EncodeScope {
  readonly bson: Bson;
  readonly model: string;
  readonly operation: string;
  /** The connection's own `ignoreUndefined` and `serializeFunctions`, so that a whole value is stored as its twin would be. */
  readonly serializeOptions: {
    readonly ignoreUndefined?: boolean | undefined;
    readonly serializeFunctions?: boolean | undefined;
  };
}

/** The value in the one BSON form its type has, or undefined where it is not of the type. */
type Normalise = (value: unknown, bson: Bson, field: EncryptedField) => unknown;

const NULL = 0x0a;
/** BSON types that no algorithm encrypts: undefined, maxKey, minKey. */
const UNENCRYPTABLE: ReadonlySet<number> = new Set([0x06, 0x7f, 0xff]);
/** Offset of the type byte in the BSON document `{ v: value }`, behind its length. */
const TYPE_OFFSET = 4;
/** From so many letters on, the BSON library says whether a text is too long. */
const LONG_TEXT = 100_000;
/** The length of an empty BSON document: what is left of `{ v: undefined }`. */
const EMPTY_LENGTH = 5;

const NORMALISE: Readonly<Record<FieldType, Normalise>> = {
  String: (value) => (typeof value === 'string' ? value : undefined),
  Number: (value, bson, field) =>
    field.algorithm === 'Deterministic' ? safeInt64Of(value, bson) : numberOf(value),
  Int32: (value, bson) => int32Of(value, bson),
  Double: (value, bson) => doubleOf(value, bson),
  BigInt: (value, bson) => (typeof value === 'number' ? undefined : int64Of(value, bson)),
  Decimal128: (value) => (bsonTypeOf(value) === 'Decimal128' ? value : undefined),
  Boolean: (value) => (typeof value === 'boolean' ? value : undefined),
  Date: (value) => (isValidDate(value) ? value : undefined),
  ObjectId: (value) => (bsonTypeOf(value) === 'ObjectId' ? value : undefined),
  UUID: (value) =>
    bsonTypeOf(value) === 'Binary' && (value as { sub_type: number }).sub_type === 4
      ? value
      : undefined,
  Buffer: (value) => (bsonTypeOf(value) === 'Binary' || isBytes(value) ? value : undefined),
  Mixed: (value) => value,
  Union: (value) => value,
  Object: (value) => (recordOf(value) === undefined ? undefined : value),
  Array: (value) => (Array.isArray(value) ? value : undefined),
  Map: (value) => (recordOf(value) === undefined ? undefined : value),
};

/** Gives the BSON document `{ v: value }`. */
export type EncodedValue = () => Uint8Array;

/** The types of values that nobody can change, and that BSON has a form for. */
const UNCHANGEABLE: ReadonlySet<string> = new Set(['string', 'number', 'bigint', 'boolean']);

/**
 * The BSON document `{ v: value }` in the one form that `field` fixes, or undefined where the value is null or undefined and
 * stays as it is. What could change meanwhile is serialised at once. What cannot is serialised when it is asked for, so that the values
 * of one command, of which there may be very many, need not be serialised in one go.
 *
 * @throws {InvalidValueError} where the value is not of the field's type, or would not come back as it went in.
 * @throws {CiphertextGivenError} where it is, or holds, a BSON binary of subtype 6.
 */
export function encodeValue(
  value: unknown,
  field: EncryptedField,
  scope: EncodeScope,
): EncodedValue | undefined {
  const plain = unwrapped(value);
  if (plain === null || plain === undefined) return undefined;
  refuseCiphertext(plain, field, scope);
  const normal = NORMALISE[field.type](plain, scope.bson, field);
  if (normal === undefined) throw invalidValue(field, scope);
  if (UNCHANGEABLE.has(typeof plain)) return () => serialised(normal, field, scope);
  const bytes = changeableBytes(normal, field, scope);
  return bytes && (() => bytes);
}

function changeableBytes(
  normal: unknown,
  field: EncryptedField,
  scope: EncodeScope,
): Uint8Array | undefined {
  const bytes = serialised(normal, field, scope);
  const type = bytes[TYPE_OFFSET] ?? NULL;
  if (type === NULL) return undefined;
  if (bytes.length === EMPTY_LENGTH || UNENCRYPTABLE.has(type)) throw invalidValue(field, scope);
  refuseNestedCiphertext(normal, field, scope);
  return bytes;
}

function serialised(value: unknown, field: EncryptedField, scope: EncodeScope): Uint8Array {
  if (typeof value === 'string' && value.length < LONG_TEXT) return textDocument(value);
  const { ignoreUndefined = false, serializeFunctions = false } = scope.serializeOptions;
  try {
    return scope.bson.serialize({ v: value }, { ignoreUndefined, serializeFunctions });
  } catch (error) {
    throw new InvalidValueError({
      ...factsOf(field, scope),
      wrong: serialisationFault(error),
      remedy: 'Give a value that MongoDB can store.',
    });
  }
}

/** A Number is read back as a JavaScript number, which holds safe integers only. */
function safeInt64Of(value: unknown, bson: Bson): unknown {
  const long = int64Of(value, bson);
  return Number.isSafeInteger(Number(long)) ? long : undefined;
}

function int64Of(value: unknown, bson: Bson): unknown {
  if (typeof value === 'bigint') return inInt64(value) ? bson.Long.fromBigInt(value) : undefined;
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) ? bson.Long.fromNumber(value) : undefined;
  }
  if (bsonTypeOf(value) === 'Long') return value;
  const number = numericValueOf(value);
  return number === undefined ? undefined : int64Of(number, bson);
}

function int32Of(value: unknown, bson: Bson): unknown {
  const number = typeof value === 'number' ? value : numericValueOf(value);
  return number === undefined || (number | 0) !== number ? undefined : new bson.Int32(number);
}

function doubleOf(value: unknown, bson: Bson): unknown {
  const number = typeof value === 'number' ? value : numericValueOf(value);
  return number === undefined ? undefined : new bson.Double(number);
}

function numberOf(value: unknown): unknown {
  const known = typeof value === 'number' || typeof value === 'bigint';
  return known || bsonTypeOf(value) === 'Long' || numericValueOf(value) !== undefined
    ? value
    : undefined;
}

function numericValueOf(value: unknown): number | undefined {
  const type = bsonTypeOf(value);
  return type === 'Int32' || type === 'Double' ? (value as { value: number }).value : undefined;
}

function inInt64(value: bigint): boolean {
  return BigInt.asIntN(64, value) === value;
}

function isValidDate(value: unknown): value is Date {
  return isDate(value) && !Number.isNaN(value.getTime());
}

function refuseCiphertext(value: unknown, field: EncryptedField, scope: EncodeScope): void {
  if (!isCiphertext(value)) return;
  throw new CiphertextGivenError({
    ...factsOf(field, scope),
    wrong: 'the value given is ciphertext already.',
    remedy: 'Give the plaintext; to read a stored document, use fle.decrypt(Model, document).',
  });
}

/** A ciphertext inside a whole value would never be decrypted on the way out. The value has been serialised: it has no cycle. */
function refuseNestedCiphertext(value: unknown, field: EncryptedField, scope: EncodeScope): void {
  const waiting: unknown[] = [value]; // a list instead of calls within calls: the value may be deep
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const plain = unwrapped(next);
    refuseCiphertext(plain, field, scope);
    if (typeof plain !== 'object' || plain === null || bsonTypeOf(plain) !== undefined) continue;
    if (isBytes(plain) || isDate(plain)) continue;
    const inner = isMap(plain) ? plain.values() : Object.values(plain);
    for (const part of inner) if (typeof part === 'object' && part !== null) waiting.push(part);
  }
}

function invalidValue(field: EncryptedField, scope: EncodeScope): InvalidValueError {
  const whole = field.type === 'Number' && field.algorithm === 'Deterministic';
  return new InvalidValueError({
    ...factsOf(field, scope),
    wrong: whole
      ? 'the value is not an integer that a Deterministic Number can hold (a safe integer).'
      : `the value is not one that a ${field.type} path stores.`,
    remedy: whole
      ? "Declare the path as 'Random', or store a String or BigInt."
      : `Give a ${field.type}; what reaches an encrypted path is not cast any further.`,
  });
}

function factsOf(
  field: EncryptedField,
  scope: EncodeScope,
): { model: string; path: string; operation: string } {
  return { model: scope.model, path: field.path, operation: scope.operation };
}
