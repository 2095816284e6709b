import { recordOf } from '../codec/record-of';
import type { ObjectNode, PlanNode } from '../plan/encryption-plan';
import { rewriteElementFilter } from './filter';
import { areDeclaredAlike, isClear } from './node-traits';
import { isOperator, listOf } from './plain-values';
import { unsupportedFilter } from './refusals';
import type { RewriteScope } from './rewrite-scope';
import { targetOf } from './target';

/** What stands where an identifier does, undefined where that is clear. */
type Elements = Map<string, PlanNode | undefined>;

const IDENTIFIER = /^\$\[([^\]]+)\]$/;

/**
 * A copy of `arrayFilters`, for `update`, with a slot for each encrypted value.
 *
 * @throws {UnsupportedFilterError} where one asks what ciphertext cannot answer, or its identifier does not say which field is meant.
 */
export function rewriteArrayFilters(
  arrayFilters: unknown,
  update: unknown,
  scope: RewriteScope,
): unknown {
  const filters = listOf(arrayFilters);
  if (filters === undefined || isClear(scope.plan.root)) return arrayFilters;
  const elements = elementsOf(update, scope);
  const children = [...elements].filter((entry): entry is [string, PlanNode] => {
    return entry[1] !== undefined;
  });
  const node: ObjectNode = { kind: 'object', children: new Map(children), rest: undefined };
  return Array.from(filters, (filter) => {
    for (const identifier of identifiersOf(filter)) {
      if (!elements.has(identifier)) throw refused(scope, 'an identifier is not in the update.');
    }
    return rewriteElementFilter(filter, node, scope);
  });
}

function elementsOf(update: unknown, scope: RewriteScope): Elements {
  const elements: Elements = new Map();
  const operands = Object.values(recordOf(update) ?? {});
  for (const path of operands.flatMap((paths) => Object.keys(recordOf(paths) ?? {}))) {
    const segments = path.split('.');
    segments.forEach((segment, depth) => {
      const identifier = IDENTIFIER.exec(segment)?.[1];
      if (identifier === undefined) return;
      const element = elementAt(segments.slice(0, depth + 1).join('.'), scope);
      if (elements.has(identifier) && !isSame(elements.get(identifier), element)) {
        throw refused(scope, 'an identifier stands at paths that are declared differently.');
      }
      elements.set(identifier, element);
    });
  }
  return elements;
}

function elementAt(path: string, scope: RewriteScope): PlanNode | undefined {
  const target = targetOf(scope.plan.root, path);
  if (target.kind === 'clear') return undefined;
  if (target.kind === 'node') return target.node;
  throw refused(scope, 'an identifier stands inside a value that is encrypted as one.');
}

function isSame(a: PlanNode | undefined, b: PlanNode | undefined): boolean {
  return a === undefined || b === undefined ? a === b : areDeclaredAlike(a, b);
}

function identifiersOf(filter: unknown): string[] {
  return Object.entries(recordOf(filter) ?? {}).flatMap(([key, operand]) => {
    if (!isOperator(key)) return [key.split('.')[0] ?? key];
    return (listOf(operand) ?? []).flatMap(identifiersOf);
  });
}

function refused(scope: RewriteScope, wrong: string): Error {
  const remedy = 'Use one identifier for each array, with the paths of the update.';
  return unsupportedFilter({ wrong: `in arrayFilters, ${wrong}`, remedy }, scope);
}
