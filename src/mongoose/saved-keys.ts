import type { KeySubject } from '../codec/document-keys';
import { isMap } from '../codec/record-of';
import type { EncryptedField, EncryptionPlan } from '../plan/encryption-plan';
import type { PointerRule } from '../plan/key-rule';
import { fieldsTouched } from '../plan/resolve-path';
import { pointersBelow, relationOf } from '../rewrite/pointer-rules';
import { textAt } from '../rewrite/pointer-texts';
import type { Delta, SavedDocument } from './save-wholes';
import { isWhollySelected } from './selection';

/** What a document in memory tells of the keys of its values. */
export function subjectOf(document: SavedDocument): KeySubject {
  return {
    get document() {
      return document.toBSON();
    },
    isAbsent: (field) => isAbsent(field, document),
  };
}

/** Where a bulk operation keeps what its document tells; the driver does not look at symbols. */
const SUBJECT: unique symbol = Symbol('mongoose-fle.subject');

/** `operation` of a `bulkSave`, with what is known of the document that it saves. */
export function withSubject<T extends object>(operation: T, document: SavedDocument): T {
  return Object.defineProperty({ ...operation }, SUBJECT, {
    value: subjectOf(document),
    enumerable: true,
  });
}

/** What is known of the document that a bulk operation saves, where it saves one. */
export function savedSubject(operation: object): KeySubject | undefined {
  return (operation as { readonly [SUBJECT]?: KeySubject })[SUBJECT];
}

/**
 * The delta of a document, with a filter that asks for the values by which the keys of what it changes are named: a document that has got
 * another value meanwhile is not found, and `save` says so.
 */
export function guardKeys(delta: Delta, document: SavedDocument, plan: EncryptionPlan): Delta {
  const pointers = pointersBelow(plan.root);
  if (pointers.length === 0) return delta;
  const paths = Object.values(delta.update as Record<string, object>).flatMap(Object.keys);
  const guards = pointers.filter(
    (rule) =>
      paths.some((path) => touchesKeyOf(path, rule, plan)) &&
      paths.every((path) => relationOf(path, rule) === 'elsewhere') &&
      isWhollySelected(rule.path, document.$__.selected),
  );
  if (guards.length === 0) return delta;
  const stored = document.toBSON();
  const filter = { ...(delta.filter as Record<string, unknown>) };
  for (const rule of guards) {
    const names = rule.path.split('.');
    if (textAt(stored, names, rule) !== undefined) filter[rule.path] ??= valueAt(stored, names);
  }
  return { ...delta, filter };
}

function touchesKeyOf(path: string, rule: PointerRule, { root }: EncryptionPlan): boolean {
  return fieldsTouched(root, path).some(
    ({ keyAltName }) =>
      typeof keyAltName === 'object' &&
      keyAltName.kind === 'pointer' &&
      keyAltName.path === rule.path,
  );
}

function valueAt(stored: unknown, names: readonly string[]): unknown {
  return names.reduce<unknown>(
    (value, name) => (value as Record<string, unknown> | undefined)?.[name],
    stored,
  );
}

/** Whether `document` was read with all that is stored under a field, and that is nothing. */
function isAbsent({ path }: EncryptedField, document: SavedDocument): boolean {
  const [above = path] = path.split('.$*');
  return isWhollySelected(above, document.$__.selected) && isNothing(document.get(above));
}

function isNothing(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isNothing);
  if (isMap(value)) return [...value.values()].every(isNothing);
  return value === null || value === undefined;
}
