import { recordOf, unwrapped } from '../codec/record-of';
import type { PlanNode } from '../plan/encryption-plan';
import { EXPRESSION_OPERATORS, META_KEYWORDS } from './expression-operators';
import { isClear } from './node-traits';
import { isOperator, listOf } from './plain-values';
import { targetOf } from './target';

/**
 * Whether an aggregation expression may read anything encrypted of documents of `shape`. Variables need no look: what they are bound
 * to is part of the expression, or was looked at where it was bound.
 */
export function readsEncrypted(expression: unknown, shape: PlanNode): boolean {
  if (isClear(shape)) return false;
  const plain = unwrapped(expression);
  if (typeof plain === 'string') return namesEncrypted(plain, shape);
  const list = listOf(plain);
  if (list !== undefined) return list.some((item) => readsEncrypted(item, shape));
  return Object.entries(recordOf(plain) ?? {}).some(([key, operand]) =>
    isOperator(key) ? operatorReadsEncrypted(key, operand, shape) : readsEncrypted(operand, shape),
  );
}

/** The path that a string of an expression reads, relative to the document; undefined where it reads none. */
export function pathOfReference(text: string): string | undefined {
  if (!text.startsWith('$')) return undefined;
  if (!text.startsWith('$$')) return text.slice(1);
  const [variable, ...segments] = text.slice(2).split('.');
  return variable === 'ROOT' || variable === 'CURRENT' ? segments.join('.') : undefined;
}

function namesEncrypted(text: string, shape: PlanNode): boolean {
  const path = pathOfReference(text);
  return path !== undefined && (path === '' || targetOf(shape, path).kind !== 'clear');
}

function operatorReadsEncrypted(key: string, operand: unknown, shape: PlanNode): boolean {
  switch (key) {
    case '$literal':
      return false;
    case '$meta':
      return !META_KEYWORDS.has(operand);
    case '$getField': {
      const { input } = recordOf(operand) ?? {};
      return input === undefined || readsEncrypted(operand, shape);
    }
    default:
      return !EXPRESSION_OPERATORS.has(key) || readsEncrypted(operand, shape);
  }
}
