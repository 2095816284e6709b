import type { DocumentKeys } from '../codec/document-keys';
import { recordOf } from '../codec/record-of';
import type { EncryptedField } from '../plan/encryption-plan';
import type { PointerRule } from '../plan/key-rule';
import { fieldsBelow, fieldsTouched } from '../plan/resolve-path';
import { textOf } from './plain-values';
import { pointersBelow, relationOf } from './pointer-rules';
import { textAt } from './pointer-texts';
import { unsupportedUpdate } from './refusals';
import type { RewriteScope } from './rewrite-scope';

/** The keys of the documents of an update: of those it has changed, and of one that it has inserted. */
export interface KeysAfterUpdate {
  readonly updated: DocumentKeys;
  readonly inserted: DocumentKeys;
}

/**
 * The keys of documents after `update`, an object of operators. `scope` is for the documents that the filter finds, before it.
 *
 * @throws {UnsupportedUpdateError} where it changes a value that a key is named by, and leaves what is encrypted under that key.
 */
export function keysAfterUpdate(update: unknown, scope: RewriteScope): KeysAfterUpdate {
  const { keys } = scope.values;
  const updated = new Map<string, string | undefined>();
  const inserted = new Map<string, string | undefined>();
  for (const rule of pointersBelow(scope.plan.root)) {
    for (const change of changesOf(update, rule)) {
      const text = textAfter(change, rule);
      const before = keys.texts.get(rule.path);
      if (text !== undefined && before?.length === 1 && before[0] === text) continue;
      inserted.set(rule.path, text);
      const isInsertOnly = change.operator === '$setOnInsert';
      if (isInsertOnly && before?.length === 1) throw contradicted(rule, scope);
      if (isInsertOnly) continue;
      checkChange(change, { rule, update }, scope);
      updated.set(rule.path, text);
    }
  }
  return { updated: keys.after(updated), inserted: keys.after(inserted) };
}

/**
 * Checks that an update that is a pipeline leaves the values alone that keys are named by.
 *
 * @throws {UnsupportedUpdateError} where it puts something onto `path`, and that is or holds such a value.
 */
export function checkComputedPath(path: string, scope: RewriteScope): void {
  const { root } = scope.plan;
  const rule = pointersBelow(root).find((each) => relationOf(path, each) !== 'elsewhere');
  if (rule === undefined) return;
  const wrong = `a pipeline cannot change "${rule.path}", by which data keys are named.`;
  throw unsupportedUpdate({ path: rule.path, wrong, remedy: WITH_ALL }, scope);
}

interface Change {
  readonly operator: string;
  readonly path: string;
  readonly operand: unknown;
}

/** What `update` does to the place of a key pointer, or to something around it or inside. */
function changesOf(update: unknown, rule: PointerRule): Change[] {
  return operandsOf(update).filter(({ operator, path, operand }) => {
    const paths = operator === '$rename' ? [path, textOf(operand)] : [path];
    return paths.some((each) => relationOf(each, rule) !== 'elsewhere');
  });
}

function operandsOf(update: unknown): Change[] {
  return Object.entries(recordOf(update) ?? {}).flatMap(([operator, operands]) =>
    Object.entries(recordOf(operands) ?? {}).map(([path, operand]) => ({
      operator,
      path,
      operand,
    })),
  );
}

/** What stands at the place of the pointer after a change; undefined where that cannot name a key. */
function textAfter({ operator, path, operand }: Change, rule: PointerRule): string | undefined {
  if (operator !== '$set' && operator !== '$setOnInsert') return undefined;
  const relation = relationOf(path, rule);
  if (relation === 'same') return textAt(operand, [], rule);
  if (relation !== 'above') return undefined;
  return textAt(operand, rule.path.slice(path.length + 1).split('.'), rule);
}

const WITH_ALL =
  'Change it with $set, together with every field whose key it names: read the document, assign them all, and save() it.';

/** What the filter and `$set` put into a document that is inserted is encrypted under the key that the filter tells. */
function contradicted({ path }: PointerRule, scope: RewriteScope): Error {
  const wrong = `$setOnInsert gives "${path}", by which data keys are named, another value than the filter asks for.`;
  const remedy = 'Ask for the same value in the filter, or leave it out of $setOnInsert.';
  return unsupportedUpdate({ path, wrong, remedy }, scope);
}

interface Changed {
  readonly rule: PointerRule;
  readonly update: unknown;
}

function checkChange(change: Change, { rule, update }: Changed, scope: RewriteScope): void {
  if (change.operator !== '$set') {
    const wrong = `${change.operator} would change "${rule.path}", by which data keys are named.`;
    throw unsupportedUpdate({ path: rule.path, wrong, remedy: WITH_ALL }, scope);
  }
  const { root } = scope.plan;
  const operands = operandsOf(update);
  const replaced = operands.filter(isReplacing).map(({ path }) => path);
  const changed = operands
    .filter((operand) => !isReplacing(operand))
    .flatMap(({ path }) => fieldsTouched(root, path));
  const left = fieldsBelow(root).find(
    (field) =>
      isKeyedBy(field, rule) && (changed.includes(field) || !isReplaced(field, replaced, scope)),
  );
  if (left === undefined) return;
  const wrong = `the update changes "${rule.path}", by which its data key is named, and leaves what is stored here under the old key.`;
  throw unsupportedUpdate({ path: left.path, wrong, remedy: WITH_ALL }, scope);
}

function isReplacing({ operator }: Change): boolean {
  return operator === '$set' || operator === '$unset';
}

function isKeyedBy({ keyAltName: rule }: EncryptedField, { path }: PointerRule): boolean {
  return typeof rule === 'object' && rule.kind === 'pointer' && rule.path === path;
}

function isReplaced(field: EncryptedField, paths: readonly string[], scope: RewriteScope): boolean {
  const isSet = paths.some((path) => field.path === path || field.path.startsWith(`${path}.`));
  return isSet || scope.values.keys.subject?.isAbsent?.(field) === true;
}
