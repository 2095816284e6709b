import type { PlanNode } from '../plan/encryption-plan';
import { changesEquality } from './compare-values';
import { keyNamesOf } from './key-scope';
import { holdsText, isComparable } from './node-traits';
import { type Refusal, unsupportedOperation } from './refusals';
import type { RewriteScope } from './rewrite-scope';
import { misplacementOf, targetOf } from './target';

const READ_ALL = 'Read the documents and compare the decrypted values.';

/**
 * What stands in the results of `distinct` on `path`, or undefined where nothing encrypted does. `scope` is for the documents that the
 * filter finds.
 *
 * @throws {UnsupportedOperationError} where equal values are not equal as ciphertext.
 * @throws {KeyUnresolvedError} where the documents may have several keys.
 */
export function nodeOfDistinct(path: string, scope: RewriteScope): PlanNode | undefined {
  const target = targetOf(scope.plan.root, path);
  if (target.kind === 'clear') return undefined;
  if (target.kind !== 'node') {
    throw unsupportedOperation(misplacementOf(target, READ_ALL), scope);
  }
  const { node } = target;
  if (!isComparable(node)) {
    throw refused({ path, wrong: 'distinct cannot find equal values among Random ones.' }, scope);
  }
  if (changesEquality(scope.collation) && holdsText(node)) {
    const wrong = 'encrypted strings cannot be compared under a collation.';
    throw refused({ path, wrong }, scope);
  }
  keyNamesOf(node, scope);
  return node.kind === 'array' ? node.element : node;
}

function refused(refusal: Omit<Refusal, 'remedy'>, scope: RewriteScope): Error {
  return unsupportedOperation({ ...refusal, remedy: READ_ALL }, scope);
}
