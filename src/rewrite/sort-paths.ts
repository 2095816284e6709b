import type { PlanNode } from '../plan/encryption-plan';
import { listOf, recordOf, unwrapped } from './plain-values';
import { unsupportedOperation } from './refusals';
import type { RewriteScope } from './rewrite-scope';
import { fieldOf, targetOf } from './target';

/** An option, or a stage, that orders documents of `shape`. */
export interface Ordering {
  readonly name: string;
  readonly sort: unknown;
  readonly shape: PlanNode;
}

/**
 * Checks that nothing encrypted is sorted by, in any form the driver knows.
 *
 * @throws {UnsupportedOperationError} where something encrypted is.
 */
export function checkSort({ name, sort, shape }: Ordering, scope: RewriteScope): void {
  for (const path of pathsOf(sort)) {
    const field = fieldOf(targetOf(shape, path));
    if (field === undefined) continue;
    const wrong = `${name} cannot order documents by an encrypted field.`;
    const remedy = 'Sort by a plain field, or sort after reading.';
    throw unsupportedOperation({ path: field.path, wrong, remedy }, scope);
  }
}

/** `'a'`, `['a', 1]`, `[['a', 1], …]`, `['a', 'b']`, `{ a: 1 }`, and Maps of that. */
function pathsOf(sort: unknown): string[] {
  const plain = unwrapped(sort);
  if (typeof plain === 'string') return [plain];
  const list = listOf(plain);
  return list === undefined ? Object.keys(recordOf(plain) ?? {}) : list.flatMap(pathsOf);
}
