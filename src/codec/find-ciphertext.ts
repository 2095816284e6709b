import type { EncryptedField, PlanNode } from '../plan/encryption-plan';
import { childOf, keysWithChildren } from '../plan/resolve-path';
import { isCiphertext } from './bson';
import { isKeyedByPosition } from './positions';

/** The first encrypted field under which `value` holds ciphertext, or undefined where it holds none. */
export function findCiphertext(value: unknown, node: PlanNode): EncryptedField | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (node.kind === 'field') return isCiphertext(value) ? node.field : undefined;
  if (Array.isArray(value)) {
    const element = node.kind === 'array' ? node.element : node;
    return firstOf(value, (item) => findCiphertext(item, element));
  }
  if (node.kind === 'array') {
    if (!isKeyedByPosition(value)) return undefined;
    return firstOf(Object.values(value), (item) => findCiphertext(item, node.element));
  }
  const holder = value as Record<string, unknown>;
  return firstOf(keysWithChildren(node, holder), (key) => {
    const below = childOf(node, key);
    return below === undefined ? undefined : findCiphertext(holder[key], below);
  });
}

function firstOf<T>(
  items: Iterable<T>,
  find: (item: T) => EncryptedField | undefined,
): EncryptedField | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
