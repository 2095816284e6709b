import { type PlainRecord, recordOf } from '../codec/record-of';
import { readsEncrypted } from './expression';
import { lineageOfAccumulator, refuseIncomparable } from './group-stages';
import { isClearPath, type Lineage, lineageOf } from './lineage';
import { nameOf, listOf, rowOf, textOf } from './plain-values';
import { shapeWithComputed } from './path-stages';
import { sortedField } from './sort-paths';
import { type RewriteStage, type Stage, refusedStage } from './stage';
import { targetOf } from './target';

/** What an operator of `$setWindowFields`, besides the accumulators of `$group`, yields of encrypted values. */
export type WindowKind =
  /** Something computed: refused where it reads anything encrypted. */
  | 'compute'
  /** One of the values. */
  | 'value'
  /** The value of its `output`, of another document. */
  | 'shift';

/** The operators of `$setWindowFields` that `$group` does not have. Every other is refused. */
export const WINDOW_OPERATORS: Readonly<Record<string, WindowKind>> = {
  $covariancePop: 'compute',
  $covarianceSamp: 'compute',
  $denseRank: 'compute',
  $derivative: 'compute',
  $documentNumber: 'compute',
  $expMovingAvg: 'compute',
  $integral: 'compute',
  $linearFill: 'compute',
  $locf: 'value',
  $rank: 'compute',
  $shift: 'shift',
};

const WINDOWED: Readonly<Record<WindowKind, (operand: unknown, stage: Stage) => Lineage>> = {
  compute: (operand, { shape }) =>
    readsEncrypted(operand, shape) ? { kind: 'unknown' } : { kind: 'clear' },
  value: (operand, { shape }) => lineageOf(operand, shape),
  shift: (operand, { shape }) => {
    const { by, default: otherwise, output } = recordOf(operand) ?? {};
    const lineage = lineageOf(output, shape);
    const isPlain = otherwise !== undefined && otherwise !== null;
    const isMixed = isPlain && (lineage.kind === 'node' || readsEncrypted(otherwise, shape));
    return isMixed || readsEncrypted(by, shape) ? { kind: 'unknown' } : lineage;
  },
};

/** `$setWindowFields`: partitions of equal Deterministic values, in the order of plain ones. */
export const rewriteWindows: RewriteStage = (operand, stage) => {
  const { partitionBy, sortBy, output } = recordOf(operand) ?? {};
  checkPartition(partitionBy, stage);
  checkOrder(sortBy, stage);
  const shape = Object.entries(recordOf(output) ?? {}).reduce(
    (reached, [path, accumulated]) =>
      shapeWithComputed(path, lineageInWindow(accumulated, stage), { shape: reached, stage }),
    stage.shape,
  );
  return { operand, shape };
};

/** `$fill`: an encrypted path by its last value only. */
export const rewriteFill: RewriteStage = (operand, stage) => {
  const { output, partitionBy, partitionByFields, sortBy } = recordOf(operand) ?? {};
  checkPartition(partitionBy, stage);
  checkPartitionFields(partitionByFields, stage);
  checkOrder(sortBy, stage);
  for (const [path, filling] of Object.entries(recordOf(output) ?? {})) {
    checkFilling(path, recordOf(filling) ?? {}, stage);
  }
  return { operand, shape: stage.shape };
};

/** `$densify`: by a plain path, in partitions of equal Deterministic values. */
export const rewriteDensify: RewriteStage = (operand, stage) => {
  const { field, partitionByFields } = recordOf(operand) ?? {};
  checkPartitionFields(partitionByFields, stage);
  if (isClearPath(stage.shape, textOf(field))) return { operand, shape: stage.shape };
  throw refusedStage(stage, 'cannot order encrypted values.', { path: textOf(field) });
};

function checkPartition(expression: unknown, stage: Stage): void {
  const lineage = lineageOf(expression, stage.shape);
  if (lineage.kind === 'unknown') {
    throw refusedStage(stage, 'computes partitions from an encrypted field.');
  }
  refuseIncomparable(lineage, stage);
}

function checkPartitionFields(fields: unknown, stage: Stage): void {
  for (const path of listOf(fields) ?? []) checkPartition(`$${textOf(path)}`, stage);
}

function checkOrder(sortBy: unknown, stage: Stage): void {
  const field = sortedField(sortBy, stage.shape);
  if (field === undefined) return;
  throw refusedStage(stage, 'cannot order documents by an encrypted field.', { path: field.path });
}

function lineageInWindow(accumulated: unknown, stage: Stage): Lineage {
  const operators: PlainRecord = { ...recordOf(accumulated) };
  delete operators['window'];
  const [[key, operand] = ['', undefined], ...others] = Object.entries(operators);
  const kind = rowOf<WindowKind>(WINDOW_OPERATORS, key);
  if (kind === undefined) return lineageOfAccumulator(operators, stage);
  if (others.length === 0) return WINDOWED[kind](operand, stage);
  throw refusedStage(stage, `has something beside ${nameOf(key)}.`);
}

function checkFilling(path: string, filling: PlainRecord, stage: Stage): void {
  const isLast = filling['method'] === 'locf' && filling['value'] === undefined;
  const target = targetOf(stage.shape, path);
  const isWhole = target.kind === 'node' && target.node.kind === 'field' && !/[.]/.test(path);
  if (isWhole && isLast) return;
  if (target.kind === 'clear' && !readsEncrypted(filling['value'], stage.shape)) return;
  throw refusedStage(stage, 'would fill an encrypted path, or fill another with its values.', {
    path,
    remedy: "Fill it by the method 'locf', at the top of the document.",
  });
}
