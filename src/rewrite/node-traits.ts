import type { EncryptedField, FieldNode, ObjectNode, PlanNode } from '../plan/encryption-plan';
import { fieldsBelow } from '../plan/resolve-path';
import { areFieldsAlike } from '../plan/same-fields';

/** Documents that hold nothing encrypted. */
export const CLEAR: ObjectNode = Object.freeze({
  kind: 'object',
  children: new Map<string, PlanNode>(),
  rest: undefined,
});

/** Whether nothing below `node` is encrypted. */
export function isClear(node: PlanNode): boolean {
  return node.kind === 'object' && node.children.size === 0 && node.rest === undefined;
}

/** Whether equal values at `node` are equal as ciphertext: everything encrypted in them is Deterministic. */
export function isComparable(node: PlanNode): boolean {
  return fieldsBelow(node).every(({ algorithm, whole }) => algorithm === 'Deterministic' && !whole);
}

/** Whether a collation could change which values at `node` are equal. */
export function holdsText(node: PlanNode): boolean {
  return fieldsBelow(node).some(({ type }) => COLLATED.has(type));
}

const COLLATED: ReadonlySet<EncryptedField['type']> = new Set(['String', 'Mixed', 'Union']);

/** Whether the encrypted values of `a` and `b` mean the same, so that one may stand where the other does. */
export function areDeclaredAlike(a: PlanNode, b: PlanNode): boolean {
  return areNodesAlike(a, b, new Map());
}

/** The pairs of nodes under comparison: plans of recursive schemas come round again, and a pair met again is as alike as the rest. */
type Compared = Map<PlanNode, Set<PlanNode>>;

function areNodesAlike(a: PlanNode, b: PlanNode, compared: Compared): boolean {
  const others = compared.get(a) ?? new Set();
  if (a === b || others.has(b)) return true;
  compared.set(a, others.add(b));
  switch (a.kind) {
    case 'field':
      return b.kind === 'field' && areFieldsAlike(a.field, b.field);
    case 'array':
      return b.kind === 'array' && areNodesAlike(a.element, b.element, compared);
    case 'object':
      return b.kind === 'object' && areObjectsAlike(a, b, compared);
  }
}

function areObjectsAlike(a: ObjectNode, b: ObjectNode, compared: Compared): boolean {
  if (a.children.size !== b.children.size || a.keyedByPaths !== b.keyedByPaths) return false;
  const isAlike = (one: PlanNode | undefined, other: PlanNode | undefined): boolean =>
    one === undefined || other === undefined ? one === other : areNodesAlike(one, other, compared);
  if (!isAlike(a.rest, b.rest)) return false;
  return [...a.children].every(([key, child]) => isAlike(child, b.children.get(key)));
}

/** What stands in `node` below all its arrays. */
export function withoutArrays(node: PlanNode): FieldNode | ObjectNode {
  return node.kind === 'array' ? withoutArrays(node.element) : node;
}
