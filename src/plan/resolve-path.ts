import type { EncryptedField, ObjectNode, PlanNode } from './encryption-plan';

/** Where a dotted path leads in a plan. */
export type PathTarget =
  /** No encrypted value stands at it, above it or below it. */
  | { readonly kind: 'clear' }
  /** An encrypted value, or something that holds encrypted values, stands there. */
  | { readonly kind: 'node'; readonly node: PlanNode }
  /** It leads inside a value that is encrypted, as a whole or not. */
  | { readonly kind: 'inside'; readonly field: EncryptedField }
  /** It goes through an alias, which names an encrypted value in documents but not in the database. */
  | { readonly kind: 'alias'; readonly field: EncryptedField };

const CLEAR: PathTarget = { kind: 'clear' };

/** A position in an array: `0`, `$`, `$[]` or `$[name]`. */
const POSITION = /^(?:\d+|\$|\$\[[^\]]*\])$/;

/** Where `path`, dotted as MongoDB writes it, leads below `node`. A name steps through arrays by itself, as in MongoDB. */
export function resolvePath(node: PlanNode, path: string): PathTarget {
  return resolveSegments(node, path.includes('.') ? path.split('.') : [path]);
}

/** Where `segments`, the parts of a dotted path, lead below `node`. */
export function resolveSegments(node: PlanNode, segments: readonly string[]): PathTarget {
  let reached: PlanNode = node;
  for (const segment of segments) {
    if (reached.kind === 'field') return { kind: 'inside', field: reached.field };
    const next = step(reached, segment);
    if (next === undefined) return CLEAR;
    if (next.kind === 'inside' || next.kind === 'alias') return next;
    reached = next;
  }
  return { kind: 'node', node: reached };
}

type Step = PlanNode | Extract<PathTarget, { field: EncryptedField }> | undefined;

function step(node: PlanNode, segment: string): Step {
  switch (node.kind) {
    case 'field':
      return { kind: 'inside', field: node.field };
    case 'object':
      return node.children.get(segment) ?? aliasAt(node, segment) ?? node.rest;
    case 'array':
      return POSITION.test(segment) ? node.element : step(node.element, segment);
  }
}

function aliasAt({ aliases }: ObjectNode, segment: string): Step {
  const field = aliases?.get(segment);
  return field && { kind: 'alias', field };
}

/** What stands under `key` of an object that `node` describes; where keys are paths, what the path leads to, or leads into. */
export function childOf(node: ObjectNode, key: string): PlanNode | undefined {
  const child = node.children.get(key) ?? node.rest;
  if (child !== undefined || node.keyedByPaths !== true) return child;
  const target = resolvePath(node, key);
  if (target.kind === 'inside') return { kind: 'field', field: target.field };
  return target.kind === 'node' ? target.node : undefined;
}

/** The keys of `holder`, an object that `node` describes, under which something encrypted may stand. */
export function keysWithChildren(node: ObjectNode, holder: object): Iterable<string> {
  const isOpen = node.rest !== undefined || node.keyedByPaths === true;
  return isOpen ? Object.keys(holder) : node.children.keys();
}

/** Every encrypted field at or below `node`, once each; plans of recursive schemas come round again. */
export function fieldsBelow(node: PlanNode): EncryptedField[] {
  return [...new Set(fieldsIn(node, new Set()))];
}

function fieldsIn(node: PlanNode, seen: Set<PlanNode>): EncryptedField[] {
  if (seen.has(node)) return [];
  seen.add(node);
  switch (node.kind) {
    case 'field':
      return [node.field];
    case 'array':
      return fieldsIn(node.element, seen);
    case 'object': {
      const below = node.rest === undefined ? [] : [node.rest];
      return [...node.children.values(), ...below].flatMap((each) => fieldsIn(each, seen));
    }
  }
}

/** Every encrypted field that `path` names, leads into or contains. */
export function fieldsTouched(node: PlanNode, path: string): EncryptedField[] {
  const target = resolvePath(node, path);
  switch (target.kind) {
    case 'clear':
      return [];
    case 'inside':
    case 'alias':
      return [target.field];
    case 'node':
      return fieldsBelow(target.node);
  }
}
