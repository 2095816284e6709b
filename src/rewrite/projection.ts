import type { Holder } from '../codec/collect-plaintext';
import { type PlainRecord, recordOf, unwrapped } from '../codec/record-of';
import type { PlanNode } from '../plan/encryption-plan';
import { type Spot, nameOfSpot } from './compare-values';
import { readsEncrypted } from './expression';
import { placeCondition } from './filter';
import { holdsOperators, isFlag, isNumeric, listOf, rowOf } from './plain-values';
import { type Refusal, unsupportedOperation } from './refusals';
import type { RewriteScope } from './rewrite-scope';
import { misplacementOf, targetOf } from './target';

/** The operators of a projection that an encrypted array may stand under. Every other is refused there. */
export const PROJECTION_OPERATORS: Readonly<Record<string, 'slice' | 'condition'>> = {
  $slice: 'slice',
  $elemMatch: 'condition',
};

const SELECT_ONLY = 'Select or deselect the path, and compute after reading.';

/**
 * A copy of `projection`, of documents of `shape`, with a slot for each encrypted value in conditions of `$elemMatch`.
 *
 * @throws {UnsupportedOperationError} where it computes with an encrypted path, or writes onto one.
 * @throws {UnsupportedFilterError} where a condition asks what ciphertext cannot answer.
 */
export function rewriteProjection(
  projection: PlainRecord,
  shape: PlanNode,
  scope: RewriteScope,
): Holder {
  return rewritePaths(projection, { shape, prefix: '' }, scope);
}

interface Level {
  readonly shape: PlanNode;
  readonly prefix: string;
}

function rewritePaths(projection: PlainRecord, level: Level, scope: RewriteScope): Holder {
  const copy: Holder = { ...projection };
  for (const key of Object.keys(copy)) {
    const path = level.prefix + key;
    const record = recordOf(copy[key]);
    if (record !== undefined && !holdsOperators(record)) {
      copy[key] = rewritePaths(record, { ...level, prefix: `${path}.` }, scope);
    } else {
      placeSelection({ holder: copy, key, path }, level.shape, scope);
    }
  }
  return copy;
}

function placeSelection(spot: Omit<Spot, 'node'>, shape: PlanNode, scope: RewriteScope): void {
  const { holder, key, path } = spot;
  const target = targetOf(shape, path);
  if (target.kind === 'clear') {
    refuseReading(holder[key], { path, shape }, scope);
    return;
  }
  if (target.kind !== 'node') {
    throw unsupportedOperation(misplacementOf(target, SELECT_ONLY), scope);
  }
  if (isFlag(unwrapped(holder[key]))) return;
  const record = recordOf(holder[key]);
  if (record === undefined) throw notComputable({ ...spot, node: target.node }, scope);
  placeOperators(record, { ...spot, node: target.node }, scope);
}

interface Reading {
  readonly path: string;
  readonly shape: PlanNode;
}

function refuseReading(value: unknown, { path, shape }: Reading, scope: RewriteScope): void {
  const keys = Object.keys(recordOf(value) ?? {});
  if (keys.length === 1 && keys[0] === '$elemMatch') return;
  if (!readsEncrypted(value, shape)) return;
  const wrong = `"${path}" is computed from an encrypted field, or something that may hold one.`;
  throw refused({ wrong }, scope);
}

function placeOperators(record: PlainRecord, spot: Spot, scope: RewriteScope): void {
  const [key = '', ...others] = Object.keys(record);
  const kind = rowOf<'slice' | 'condition'>(PROJECTION_OPERATORS, key);
  if (kind === undefined || others.length > 0 || spot.node.kind !== 'array') {
    throw notComputable(spot, scope);
  }
  if (kind === 'condition') placeCondition(record, spot, scope);
  else if (!isSliceOfPath(record[key])) throw notComputable(spot, scope);
}

/** Given numbers, `$slice` cuts the path it stands under; given anything else, it is an expression. */
function isSliceOfPath(operand: unknown): boolean {
  return (listOf(operand) ?? [operand]).every(isNumeric);
}

function notComputable(spot: Spot, scope: RewriteScope): Error {
  const wrong = 'a projection cannot compute with an encrypted path, nor write onto one.';
  return refused({ path: nameOfSpot(spot), wrong }, scope);
}

function refused(refusal: Omit<Refusal, 'remedy'>, scope: RewriteScope): Error {
  return unsupportedOperation({ ...refusal, remedy: SELECT_ONLY }, scope);
}
