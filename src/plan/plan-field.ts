import type { Declaration } from '../declaration/declaration';
import type { ValueShape } from '../declaration/schema-shape';
import { InvalidDeclarationError, UnencryptableTypeError } from '../errors';
import type { EncryptedField, FieldType } from './encryption-plan';
import { placeFacts, type PlanPlace } from './plan-place';

interface TypeRow {
  /** Whether values of the type hold other values, and so are encrypted with `whole: true` only. */
  readonly composite: boolean;
  /** Why the type cannot be Deterministic, as the end of a sentence; undefined where it can. */
  readonly random?: string;
}

const SCALAR: TypeRow = { composite: false };
const COMPOSITE: TypeRow = {
  composite: true,
  random: 'objects and arrays have no deterministic encryption',
};

/**
 * What may be encrypted how.
 *
 * Source: libmongocrypt, mongocrypt-ctx-encrypt.c, `_permitted_for_encryption`.
 */
export const FIELD_TYPES: Readonly<Record<FieldType, TypeRow>> = {
  String: SCALAR,
  Number: SCALAR,
  Int32: SCALAR,
  Double: { composite: false, random: 'floating point numbers have no deterministic encryption' },
  BigInt: SCALAR,
  Decimal128: { composite: false, random: 'decimals have no deterministic encryption' },
  Boolean: { composite: false, random: 'booleans have no deterministic encryption' },
  Date: SCALAR,
  ObjectId: SCALAR,
  UUID: SCALAR,
  Buffer: SCALAR,
  Union: { composite: false, random: 'equal values of a Union may differ in type' },
  Mixed: COMPOSITE,
  Object: COMPOSITE,
  Array: COMPOSITE,
  Map: COMPOSITE,
};

/**
 * The encrypted field that `value` becomes under `declared`.
 *
 * @throws {UnencryptableTypeError} The type has no encryption under the declared algorithm, or not this one.
 * @throws {InvalidDeclarationError} `whole` is missing or out of place, or Mongoose's own `encrypt` stands there too.
 */
export function planField(
  value: ValueShape,
  declared: Declaration,
  place: PlanPlace,
): EncryptedField {
  if (value.automatic === true) throw encryptedByMongoose(place);
  const { type, name, composite } = typeOf(value);
  const reason = FIELD_TYPES[type].random;
  if (declared.algorithm === 'Deterministic' && reason !== undefined) {
    throw new UnencryptableTypeError({
      ...placeFacts(place),
      wrong: `${article(name)} cannot be Deterministic: ${reason}.`,
      remedy: composite
        ? "Declare it 'Random' with whole: true, or declare the fields inside it."
        : "Declare it 'Random', or store it as a type that can be.",
    });
  }
  if (composite !== declared.whole || (declared.whole && place.inArray === true)) {
    throw wholeOutOfPlace(name, declared, place);
  }
  return Object.freeze({ path: place.path, ...declared, type });
}

/** The error of a path on which, or around or inside which, Mongoose's own `encrypt` stands as well. */
export function encryptedByMongoose(place: PlanPlace): InvalidDeclarationError {
  return new InvalidDeclarationError({
    ...placeFacts(place),
    wrong: "Mongoose's own option encrypt stands there beside encrypted.",
    remedy: 'Keep one of the two.',
  });
}

interface TypeOfValue {
  readonly type: FieldType;
  /** What messages call it. */
  readonly name: string;
  readonly composite: boolean;
}

function typeOf(value: ValueShape): TypeOfValue {
  if (value.kind === 'array') return { type: 'Array', name: 'array', composite: true };
  if (value.kind === 'map') return { type: 'Map', name: 'Map', composite: true };
  if (value.kind === 'object') return { type: 'Object', name: 'subdocument', composite: true };
  const { type: name, members = [] } = value;
  if (!isFieldType(name)) return { type: 'Mixed', name, composite: true };
  const composite = FIELD_TYPES[name].composite || members.some((each) => typeOf(each).composite);
  return { type: name, name, composite };
}

function isFieldType(name: string): name is FieldType {
  return Object.hasOwn(FIELD_TYPES, name);
}

function wholeOutOfPlace(
  name: string,
  { whole }: Declaration,
  place: PlanPlace,
): InvalidDeclarationError {
  if (whole && place.inArray === true) {
    return new InvalidDeclarationError({
      ...placeFacts(place),
      wrong: 'the elements of an array cannot be encrypted with whole: true.',
      remedy: 'Declare the array itself with whole: true, or the fields inside its elements.',
    });
  }
  const plain = {
    wrong: `${article(name)} is one value already, and needs no whole: true.`,
    remedy: 'Leave whole out.',
  };
  const partless = {
    wrong: `${article(name)} is encrypted only as a whole.`,
    remedy:
      place.inArray === true
        ? 'Declare the array itself with whole: true, or the fields inside its elements.'
        : 'Add whole: true, or declare the fields inside it.',
  };
  return new InvalidDeclarationError({ ...placeFacts(place), ...(whole ? plain : partless) });
}

function article(name: string): string {
  return /^[AEIO]/i.test(name) ? `an ${name}` : `a ${name}`;
}
