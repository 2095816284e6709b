import { UnsupportedUpdateError } from '../errors';
import type { EncryptionPlan } from '../plan/encryption-plan';
import type { KeyRule } from '../plan/key-rule';
import { fieldsTouched } from '../plan/resolve-path';
import { isKeyedByDocument, pointersBelow, relationOf } from '../rewrite/pointer-rules';
import { textAt } from '../rewrite/pointer-texts';
import type { Delta, SavedDocument } from './save-wholes';
import { SavedSubject } from './saved-subject';
import { isWhollySelected } from './selection';
import { unsavedPaths } from './unsaved-paths';

/** Where a bulk operation keeps what its document tells; the driver does not look at symbols. */
const SUBJECT: unique symbol = Symbol('mongoose-fle.subject');

/** `operation` of a `bulkSave`, with what is known of the document that it saves. */
export function withSubject<T extends Delta>(
  operation: T,
  document: SavedDocument,
  plan: EncryptionPlan,
): T {
  return Object.defineProperty({ ...operation }, SUBJECT, {
    value: new SavedSubject(document, operation.update, plan),
    enumerable: true,
  });
}

/** What is known of the document that a bulk operation saves, where it saves one. */
export function savedSubject(operation: object): SavedSubject | undefined {
  return (operation as { readonly [SUBJECT]?: SavedSubject })[SUBJECT];
}

/**
 * The delta of a document, with a filter that asks for the values by which the keys of what it changes are named: a document that has got
 * another value meanwhile is not found, and `save` says so. A value that has changed in the document, and is not saved, is not asked for.
 */
export function guardKeys(delta: Delta, document: SavedDocument, plan: EncryptionPlan): Delta {
  const pointers = pointersBelow(plan.root);
  if (pointers.length === 0) return delta;
  const paths = Object.values(delta.update as Record<string, object>).flatMap(Object.keys);
  const rules = rulesOf(paths, plan);
  const unsaved = unsavedPaths(document, delta.update);
  const guards = pointers.filter(
    (rule) =>
      rules.some((each) => pathOf(each) === rule.path) &&
      [...paths, ...unsaved].every((path) => relationOf(path, rule) === 'elsewhere') &&
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

/**
 * Keys are named by the document in memory, which must not differ there from what will be stored.
 *
 * @throws {UnsupportedUpdateError} where a value that keys may be named by has changed, and the delta leaves that out.
 */
export function refuseUnsavedNames(
  { update }: Delta,
  document: SavedDocument,
  plan: EncryptionPlan,
): void {
  const paths = Object.values(update as Record<string, object>).flatMap(Object.keys);
  const rules = rulesOf(paths, plan);
  const naming = unsavedPaths(document, update).find((path) =>
    rules.some((rule) => mayDependOn(path, rule)),
  );
  if (naming === undefined) return;
  throw new UnsupportedUpdateError({
    model: plan.name,
    operation: 'save',
    path: naming,
    wrong: 'data keys may be named by it, it has changed, and pathsToSave leaves the change out.',
    remedy: 'Save it in the same save(), with all that is encrypted under the key that it names.',
  });
}

/** The key rules of the encrypted fields that `paths` touch. */
function rulesOf(paths: readonly string[], { root }: EncryptionPlan): KeyRule[] {
  if (!isKeyedByDocument(root)) return [];
  const fields = paths.flatMap((path) => fieldsTouched(root, path));
  return [...new Set(fields.map(({ keyAltName }) => keyAltName))];
}

function mayDependOn(path: string, rule: KeyRule): boolean {
  if (typeof rule === 'string') return false;
  return rule.kind === 'function' || relationOf(path, rule) !== 'elsewhere';
}

function pathOf(rule: KeyRule): string | undefined {
  return typeof rule === 'object' && rule.kind === 'pointer' ? rule.path : undefined;
}

function valueAt(stored: unknown, names: readonly string[]): unknown {
  return names.reduce<unknown>(
    (value, name) => (value as Record<string, unknown> | undefined)?.[name],
    stored,
  );
}
