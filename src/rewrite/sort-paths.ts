import { recordOf, unwrapped } from '../codec/record-of';
import type { EncryptedField, PlanNode } from '../plan/encryption-plan';
import { listOf } from './plain-values';
import { fieldOf, targetOf } from './target';

/** The first encrypted field that `sort`, in any form the driver knows, would order documents of `shape` by. */
export function sortedField(sort: unknown, shape: PlanNode): EncryptedField | undefined {
  for (const path of pathsOf(sort)) {
    const field = fieldOf(targetOf(shape, path));
    if (field !== undefined) return field;
  }
  return undefined;
}

/** `'a'`, `['a', 1]`, `[['a', 1], …]`, `['a', 'b']`, `{ a: 1 }`, and Maps of that. */
function pathsOf(sort: unknown): string[] {
  const plain = unwrapped(sort);
  if (typeof plain === 'string') return [plain];
  const list = listOf(plain);
  return list === undefined ? Object.keys(recordOf(plain) ?? {}) : list.flatMap(pathsOf);
}
