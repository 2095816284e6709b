import type { DocumentKeys, KeySubject } from '../codec/document-keys';
import type { PlainRecord } from '../codec/record-of';
import { KeyUnresolvedError } from '../errors';
import type { PlanNode } from '../plan/encryption-plan';
import { fieldsBelow } from '../plan/resolve-path';
import { isKeyedByDocument, pointersBelow } from './pointer-rules';
import { textsOfDocument, textsOfFilter } from './pointer-texts';
import type { RewriteScope } from './rewrite-scope';

/** `scope`, for values of documents that have `keys`. */
export function scopeUnder(scope: RewriteScope, keys: DocumentKeys): RewriteScope {
  const values = scope.values.under(keys);
  return values === scope.values ? scope : { ...scope, values };
}

/** `scope`, for values of documents of which `subject` is known. */
export function scopeAbout(scope: RewriteScope, subject: KeySubject): RewriteScope {
  return isKeyedByDocument(scope.plan.root)
    ? scopeUnder(scope, scope.values.keys.of(subject))
    : scope;
}

/** `scope`, for values of the documents described by `node` that `filter` finds, among those that it is for already. */
export function scopeOfFilter(filter: unknown, node: PlanNode, scope: RewriteScope): RewriteScope {
  if (!isKeyedByDocument(node)) return scope;
  const { keys } = scope.values;
  const about = keys.subject === undefined ? keys.of({ filter }) : keys;
  return scopeUnder(
    scope,
    about.within(textsOfFilter(filter, pointersBelow(node), scope.collation)),
  );
}

/** `scope`, for values of `document`, which is stored as it is. */
export function scopeOfDocument(document: PlainRecord, scope: RewriteScope): RewriteScope {
  const { root } = scope.plan;
  if (!isKeyedByDocument(root)) return scope;
  const keys = scope.values.keys.of({ document });
  return scopeUnder(scope, keys.within(textsOfDocument(document, pointersBelow(root))));
}

/**
 * `scope`, once for each key that the documents of a filter may have at `node`: a value that is asked for stands in them under any of the
 * keys. Mostly there is one.
 */
export function scopesOfKeys(node: PlanNode, scope: RewriteScope): readonly RewriteScope[] {
  const { keys } = scope.values;
  if (!keys.facts.maySpread || !isKeyedByDocument(node)) return [scope];
  const spread = pointersBelow(node).filter(({ path }) => {
    const texts = keys.texts.get(path);
    return texts !== undefined && texts.length !== 1;
  });
  const [rule] = spread;
  if (rule === undefined || spread.length > 1) return [scope];
  return (keys.texts.get(rule.path) ?? []).map((text) =>
    scopeUnder(scope, keys.after(new Map([[rule.path, text]]))),
  );
}

/**
 * The names of the keys of the fields at and below `node`, which must be of one key each: values are compared with each other.
 *
 * @throws {KeyUnresolvedError} where one has its key by the document, and that is not known or is one of several.
 */
export function keyNamesOf(node: PlanNode, { values }: RewriteScope): string[] {
  return isKeyedByDocument(node)
    ? fieldsBelow(node).map((field) => values.keys.nameFor(field))
    : [];
}

/** Whether the fields at and below `node` have the same keys in the documents of two scopes: one key each, and known. */
export function haveSameKeys(
  node: PlanNode,
  [one, other]: readonly [RewriteScope, RewriteScope],
): boolean {
  if (!isKeyedByDocument(node)) return true;
  try {
    const names = keyNamesOf(node, other);
    return keyNamesOf(node, one).every((name, place) => name === names[place]);
  } catch (error) {
    if (error instanceof KeyUnresolvedError) return false;
    throw error;
  }
}
