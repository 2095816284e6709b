import { InvalidDeclarationError } from '../errors';
import type { ClassField } from './class-fields';
import type { SchemaTypeInternals } from './mongoose-schema';

/** The schema types that a field of a TypeScript type may have; a type that is not listed tells nothing. */
const SCHEMA_TYPES: Readonly<Record<string, readonly string[]>> = {
  String: ['String', 'ObjectId', 'UUID', 'Decimal128'],
  Number: ['Number', 'Int32', 'Double'],
  Boolean: ['Boolean'],
  BigInt: ['BigInt'],
  Date: ['Date'],
  Array: ['Array'],
  Map: ['Map'],
  Buffer: ['Buffer'],
};

/** Schema types that take values of any TypeScript type. */
const ANY_TYPE = ['Mixed', 'Union'];

const KNOWN: readonly string[] = [...Object.values(SCHEMA_TYPES).flat(), 'Embedded'];

/**
 * Compares the type TypeScript emitted for a decorated field with the type of its path.
 *
 * @throws {InvalidDeclarationError} A value of the one cannot be a value of the other.
 */
export function checkDesignType(
  field: ClassField,
  { instance }: SchemaTypeInternals,
  where: string,
): void {
  const { designType } = field;
  if (typeof designType !== 'function' || ANY_TYPE.includes(instance)) return;
  const allowed = Object.hasOwn(SCHEMA_TYPES, designType.name)
    ? SCHEMA_TYPES[designType.name]
    : undefined;
  if (allowed === undefined || allowed.includes(instance) || !KNOWN.includes(instance)) return;
  throw new InvalidDeclarationError({
    where,
    path: field.name,
    wrong: `the class says ${designType.name}, the schema says ${instance}.`,
    remedy: 'Give both the same type.',
  });
}
