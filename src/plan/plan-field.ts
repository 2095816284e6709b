import type { Declaration } from '../declaration/declaration';
import type { KeyAltName } from '../declaration/key-source';
import type { LeafShape, ValueShape } from '../declaration/schema-shape';
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

/** An encrypted field whose key is still as it was declared. */
export interface DeclaredField extends Omit<EncryptedField, 'keyAltName'> {
  readonly keyAltName: KeyAltName;
}

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
): DeclaredField {
  if (value.automatic === true) throw encryptedByMongoose(place);
  const kind = typeOf(value);
  const reason = FIELD_TYPES[kind.type].random;
  if (declared.algorithm === 'Deterministic' && reason !== undefined) {
    throw new UnencryptableTypeError({
      ...placeFacts(place),
      wrong: `${article(kind.name)} cannot be Deterministic: ${reason}.`,
      remedy: kind.composite
        ? `Declare it 'Random' with whole: true${insteadOf(kind)}.`
        : "Declare it 'Random', or store it as a type that can be.",
    });
  }
  if (kind.composite !== declared.whole || (declared.whole && place.inArray === true)) {
    throw wholeOutOfPlace(kind, declared, place);
  }
  return Object.freeze({ path: place.path, ...declared, type: kind.type });
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
  /** What of it may be declared in its place. */
  readonly parts?: string;
}

function typeOf(value: ValueShape): TypeOfValue {
  switch (value.kind) {
    case 'array':
      return { type: 'Array', name: 'array', composite: true, parts: 'its elements' };
    case 'map':
      return { type: 'Map', name: 'Map', composite: true, parts: 'its values' };
    case 'object':
      return {
        type: 'Object',
        name: 'subdocument',
        composite: true,
        parts: 'the fields inside it',
      };
    case 'leaf':
      return typeOfLeaf(value);
  }
}

function typeOfLeaf({ type: name, members = [] }: LeafShape): TypeOfValue {
  if (!isFieldType(name)) return { type: 'Mixed', name, composite: true };
  const composite = FIELD_TYPES[name].composite || members.some((each) => typeOf(each).composite);
  return { type: name, name, composite };
}

function isFieldType(name: string): name is FieldType {
  return Object.hasOwn(FIELD_TYPES, name);
}

function wholeOutOfPlace(
  kind: TypeOfValue,
  { whole }: Declaration,
  place: PlanPlace,
): InvalidDeclarationError {
  const facts = placeFacts(place);
  const name = article(kind.name);
  if (kind.composite && place.inArray === true) {
    return new InvalidDeclarationError({
      ...facts,
      wrong: `the elements of an array cannot be encrypted one by one where each is ${name}.`,
      remedy: `Declare the array itself with whole: true${insteadOf(kind)}.`,
    });
  }
  if (whole) {
    return new InvalidDeclarationError({
      ...facts,
      wrong: `${name} is one value already, and needs no whole: true.`,
      remedy: 'Leave whole out.',
    });
  }
  return new InvalidDeclarationError({
    ...facts,
    wrong: `${name} is encrypted only as a whole.`,
    remedy: `Add whole: true${insteadOf(kind)}.`,
  });
}

function insteadOf({ parts }: TypeOfValue): string {
  return parts === undefined ? '' : `, or declare ${parts}`;
}

function article(name: string): string {
  return /^[AEIO]/i.test(name) ? `an ${name}` : `a ${name}`;
}
