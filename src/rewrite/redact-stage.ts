import { recordOf, unwrapped } from '../codec/record-of';
import { readsEncrypted } from './expression';
import { listOf } from './plain-values';
import { type RewriteStage, refusedStage } from './stage';

/** `$redact` of whole documents, by plain fields: what is encrypted as one value has no levels to descend into. */
export const checkRedaction: RewriteStage = (operand, stage) => {
  if (readsEncrypted(operand, stage.shape)) {
    throw refusedStage(stage, 'decides by an encrypted field, or by something that may hold one.');
  }
  if (descends(operand)) {
    throw refusedStage(stage, 'would descend into encrypted values.', {
      remedy: 'Keep or prune whole documents, with $$KEEP and $$PRUNE.',
    });
  }
  return { operand, shape: stage.shape };
};

function descends(expression: unknown): boolean {
  const plain = unwrapped(expression);
  if (typeof plain === 'string') return plain.startsWith('$$DESCEND') || plain === 'descend';
  const items = listOf(plain) ?? Object.values(recordOf(plain) ?? {});
  return items.some(descends);
}
