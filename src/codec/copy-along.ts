import type { PlanNode } from '../plan/encryption-plan';
import { childOf } from '../plan/resolve-path';
import { bsonTypeOf } from './bson';
import type { Holder } from './collect-plaintext';
import { isKeyedByPosition } from './positions';

/** A copy of `value` in all that decryption changes; the rest is shared. */
export function copyAlong(value: unknown, node: PlanNode): unknown {
  if (typeof value !== 'object' || value === null || node.kind === 'field') return value;
  if (bsonTypeOf(value) !== undefined) return value;
  if (Array.isArray(value)) {
    const element = node.kind === 'array' ? node.element : node;
    return value.map((item) => copyAlong(item, element));
  }
  if (node.kind === 'array') {
    if (!isKeyedByPosition(value)) return copyAlong(value, node.element);
    const elements = Object.entries(value).map(([key, item]) => [
      key,
      copyAlong(item, node.element),
    ]);
    return Object.fromEntries(elements) as Holder;
  }
  const copy: Holder = { ...(value as Holder) };
  for (const key of Object.keys(copy)) {
    const below = childOf(node, key);
    if (below !== undefined) copy[key] = copyAlong(copy[key], below);
  }
  return copy;
}
