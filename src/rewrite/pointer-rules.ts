import type { PlanNode } from '../plan/encryption-plan';
import type { PointerRule } from '../plan/key-rule';
import { fieldsBelow } from '../plan/resolve-path';

/** The key rules of a node's fields that depend on documents. */
interface DocumentRules {
  /** One rule for each path that a key pointer leads to. */
  readonly pointers: readonly PointerRule[];
  readonly any: boolean;
}

const KNOWN = new WeakMap<PlanNode, DocumentRules>();

function documentRules(node: PlanNode): DocumentRules {
  const known = KNOWN.get(node);
  if (known !== undefined) return known;
  const rules = fieldsBelow(node).map(({ keyAltName }) => keyAltName);
  const pointers = new Map<string, PointerRule>();
  for (const rule of rules) {
    if (typeof rule === 'object' && rule.kind === 'pointer') pointers.set(rule.path, rule);
  }
  const any = rules.some((rule) => typeof rule === 'object');
  const found = { pointers: [...pointers.values()], any };
  KNOWN.set(node, found);
  return found;
}

/** The key pointers that the fields at and below `node` have their keys by: one rule for each path. */
export function pointersBelow(node: PlanNode): readonly PointerRule[] {
  return documentRules(node).pointers;
}

/** Whether a field at or below `node` has its key by the document. */
export function isKeyedByDocument(node: PlanNode): boolean {
  return documentRules(node).any;
}

/** How `path`, as a command writes it, stands to the place a key pointer leads to: there, above, below, or elsewhere. */
export function relationOf(path: string, { path: goal }: PointerRule): Relation {
  if (path === goal) return 'same';
  if (goal.startsWith(`${path}.`)) return 'above';
  return path.startsWith(`${goal}.`) ? 'below' : 'elsewhere';
}

export type Relation = 'same' | 'above' | 'below' | 'elsewhere';
