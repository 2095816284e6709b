import { declaredTwice, sameDeclaration } from '../declaration/declaration';
import type { ValueShape } from '../declaration/schema-shape';
import { InvalidDeclarationError } from '../errors';
import { automaticInside, declaredInside } from './marks-inside';
import { type DeclaredField, encryptedByMongoose, planField } from './plan-field';
import { placeFacts, type PlanPlace } from './plan-place';

/** An array that is declared encrypted, but not as a whole, has its elements encrypted, one by one. */
export function spreadOverElements(value: ValueShape, place: PlanPlace): ValueShape {
  const { declared } = value;
  if (value.kind !== 'array' || declared === undefined || declared.whole) return value;
  const { element, automatic } = value;
  if (element.declared !== undefined && !sameDeclaration(element.declared, declared)) {
    throw declaredTwice(placeFacts(place).where, place.path, [declared, element.declared]);
  }
  return { kind: 'array', automatic, element: { ...element, declared } };
}

/**
 * The one field that the values of all discriminators at a path are.
 *
 * @throws {InvalidDeclarationError} They are not declared alike, or encrypted fields stand inside.
 * @throws {UnencryptableTypeError} The type has no encryption under the declared algorithm.
 */
export function mergeDeclared(values: readonly ValueShape[], place: PlanPlace): DeclaredField {
  const [field, ...others] = values.map((value) => {
    if (value.declared === undefined) return undefined;
    const inside = declaredInside(value);
    if (inside !== undefined) throw encryptedTwice(inside, place);
    if (automaticInside(value) !== undefined) throw encryptedByMongoose(place);
    return planField(value, value.declared, place);
  });
  if (field === undefined || !others.every((other) => isSameField(field, other))) {
    throw new InvalidDeclarationError({
      ...placeFacts(place),
      wrong: 'its discriminators do not declare it alike.',
      remedy: 'Declare it encrypted in the same way in all of them, or give it another name.',
    });
  }
  return field;
}

function isSameField(field: DeclaredField, other: DeclaredField | undefined): boolean {
  return other !== undefined && sameDeclaration(field, other) && field.type === other.type;
}

function encryptedTwice(inside: string, place: PlanPlace): InvalidDeclarationError {
  const name = inside === '' ? 'its elements' : `"${inside}" inside it`;
  return new InvalidDeclarationError({
    ...placeFacts(place),
    wrong: `it is encrypted as a whole, and ${name} would be encrypted again.`,
    remedy: 'Keep one of the two declarations.',
  });
}
