import { type PlainRecord, recordOf } from '../codec/record-of';
import type { ObjectNode, PlanNode } from '../plan/encryption-plan';
import { changesEquality } from './compare-values';
import { readsEncrypted } from './expression';
import { keyNamesOf } from './key-scope';
import { type Lineage, lineageOf } from './lineage';
import { CLEAR, holdsText, isComparable } from './node-traits';
import { nameOf, rowOf } from './plain-values';
import { sortedField } from './sort-paths';
import { type RewriteStage, type Stage, refusedStage } from './stage';

/** What an accumulator yields of encrypted values. */
export type AccumulatorKind =
  /** Their number: nothing of them is read. */
  | 'count'
  /** Something computed: refused where it reads anything encrypted. */
  | 'compute'
  /** One of the values. */
  | 'value'
  /** All of the values. */
  | 'values'
  /** The values that differ: Deterministic ones only. */
  | 'set'
  /** Some of the values of its `input`. */
  | 'input'
  /** The value of its `output`, of the first or last document in the order of `sortBy`. */
  | 'sorted'
  /** The values of its `output`, of some such documents. */
  | 'sortedSome';

/** The accumulators of a group of documents with encrypted fields. Every other is refused. */
export const ACCUMULATORS: Readonly<Record<string, AccumulatorKind>> = {
  $addToSet: 'set',
  $avg: 'compute',
  $bottom: 'sorted',
  $bottomN: 'sortedSome',
  $count: 'count',
  $first: 'value',
  $firstN: 'input',
  $last: 'value',
  $lastN: 'input',
  $max: 'compute',
  $maxN: 'compute',
  $median: 'compute',
  $mergeObjects: 'compute',
  $min: 'compute',
  $minN: 'compute',
  $percentile: 'compute',
  $push: 'values',
  $stdDevPop: 'compute',
  $stdDevSamp: 'compute',
  $sum: 'compute',
  $top: 'sorted',
  $topN: 'sortedSome',
};

const computed = (operand: unknown, { shape }: Stage): Lineage =>
  readsEncrypted(operand, shape) ? { kind: 'unknown' } : { kind: 'clear' };

const NODES: Readonly<Record<AccumulatorKind, (operand: unknown, stage: Stage) => Lineage>> = {
  count: computed,
  compute: computed,
  value: (operand, { shape }) => lineageOf(operand, shape),
  values: (operand, { shape }) => listed(lineageOf(operand, shape)),
  set: (operand, stage) => {
    const lineage = lineageOf(operand, stage.shape);
    refuseIncomparable(lineage, stage);
    return listed(lineage);
  },
  input: (operand, { shape }) => {
    const { n, input } = recordOf(operand) ?? {};
    return readsEncrypted(n, shape) ? { kind: 'unknown' } : listed(lineageOf(input, shape));
  },
  sorted: lineageOfSorted,
  sortedSome: (operand, stage) => listed(lineageOfSorted(operand, stage)),
};

/** `$group`: by plain values, or by Deterministic ones. */
export const rewriteGroup: RewriteStage = (operand, stage) => {
  const { _id: id, ...outputs } = recordOf(operand) ?? {};
  return { operand, shape: shapeOfGroups(id, outputs, stage) };
};

/** `$sortByCount`: groups by an expression, and counts. */
export const rewriteSortByCount: RewriteStage = (operand, stage) => ({
  operand,
  shape: shapeOfGroups(operand, {}, stage),
});

/** `$bucket` and `$bucketAuto`: by plain values only, since ciphertext has no order. */
export const rewriteBucket: RewriteStage = (operand, stage) => {
  const { output, ...others } = recordOf(operand) ?? {};
  if (readsEncrypted(Object.values(others), stage.shape)) {
    throw refusedStage(stage, 'cannot order encrypted values.');
  }
  return { operand, shape: shapeOfGroups(null, recordOf(output) ?? {}, stage) };
};

/** `$count`, which leaves a number. */
export const rewriteCount: RewriteStage = (operand) => ({ operand, shape: CLEAR });

function shapeOfGroups(id: unknown, outputs: PlainRecord, stage: Stage): ObjectNode {
  const children = new Map<string, PlanNode>();
  const lineage = lineageOf(id, stage.shape);
  refuseUnknown(lineage, '_id', stage);
  refuseIncomparable(lineage, stage);
  if (lineage.kind === 'node') children.set('_id', lineage.node);
  for (const [name, accumulator] of Object.entries(outputs)) {
    const accumulated = lineageOfAccumulator(accumulator, stage);
    refuseUnknown(accumulated, name, stage);
    if (accumulated.kind === 'node') children.set(name, accumulated.node);
  }
  return { kind: 'object', children, rest: undefined };
}

function lineageOfSorted(operand: unknown, { shape }: Stage): Lineage {
  const { n, output, sortBy } = recordOf(operand) ?? {};
  const isOrdered = sortedField(sortBy, shape) === undefined && !readsEncrypted(n, shape);
  return isOrdered ? lineageOf(output, shape) : { kind: 'unknown' };
}

/** What an accumulator, alone in its object, yields of documents of `stage`. */
export function lineageOfAccumulator(accumulator: unknown, stage: Stage): Lineage {
  const entries = Object.entries(recordOf(accumulator) ?? {});
  const [[key, operand] = ['', undefined]] = entries;
  const kind = rowOf<AccumulatorKind>(ACCUMULATORS, key);
  if (kind === undefined || entries.length !== 1) {
    const wrong = `has an accumulator, ${nameOf(key)}, that is not available on encrypted documents.`;
    throw refusedStage(stage, wrong);
  }
  return NODES[kind](operand, stage);
}

function listed(lineage: Lineage): Lineage {
  return lineage.kind === 'node'
    ? { kind: 'node', node: { kind: 'array', element: lineage.node } }
    : lineage;
}

function refuseUnknown(lineage: Lineage, name: string, stage: Stage): void {
  if (lineage.kind !== 'unknown') return;
  const wrong = `computes "${name}" from an encrypted field, or something that may hold one.`;
  throw refusedStage(stage, wrong);
}

/** Refuses what would be compared, where equal values of it are not equal as ciphertext. */
export function refuseIncomparable(lineage: Lineage, stage: Stage): void {
  if (lineage.kind !== 'node') return;
  if (!isComparable(lineage.node)) {
    throw refusedStage(stage, 'cannot find equal values among Random ones.');
  }
  if (changesEquality(stage.scope.collation) && holdsText(lineage.node)) {
    throw refusedStage(stage, 'cannot compare encrypted strings under a collation.', {
      remedy: 'Leave the collation out, or group by a plain field.',
    });
  }
  keyNamesOf(lineage.node, stage.scope);
}
