import type { EncryptedField, EncryptionPlan } from './encryption-plan';
import { sameKeyRule } from './key-rule';

/** Whether two plans encrypt the same paths in the same way. */
export function sameFields(
  { fields }: EncryptionPlan,
  { fields: others }: EncryptionPlan,
): boolean {
  return (
    fields.length === others.length &&
    fields.every((field, place) => {
      const other = others[place];
      return field.path === other?.path && areFieldsAlike(field, other);
    })
  );
}

/** Whether the values of two fields mean the same, so that one may stand where the other does. */
export function areFieldsAlike(a: EncryptedField, b: EncryptedField): boolean {
  return (
    a.algorithm === b.algorithm &&
    sameKeyRule(a.keyAltName, b.keyAltName) &&
    a.type === b.type &&
    a.whole === b.whole
  );
}
