import { type PlainRecord, recordOf, unwrapped } from '../codec/record-of';
import type { ObjectNode, PlanNode } from '../plan/encryption-plan';
import { type ComputedField, computedFields } from './computed-fields';
import {
  isClearPath,
  type Lineage,
  lineageOf,
  shapeOfHeads,
  shapeWith,
  shapeWithout,
} from './lineage';
import { CLEAR } from './node-traits';
import { isFlag, listOf, textOf } from './plain-values';
import { type RewriteStage, type Stage, refusedStage } from './stage';
import { misplacementOf, targetOf } from './target';

const TOP_LEVEL = 'Give it a new name at the top of the document.';

/** `$project`: selects or deselects paths, and computes as `$addFields` does. */
export const rewriteProject: RewriteStage = (operand, stage) => {
  const fields = computedFields(recordIn(operand, stage));
  const selected = fields.filter(({ value }) => isFlag(unwrapped(value)));
  const computed = fields.filter((field) => !selected.includes(field));
  for (const { path } of selected) checkPath(path, stage);
  const excluded = selected.filter(({ value }) => !isTrue(value));
  const isExclusion =
    excluded.some(({ path }) => path !== '_id') ||
    (computed.length === 0 && excluded.length === selected.length);
  const kept = isExclusion ? stage.shape : shapeOfHeads(stage.shape, headsOf(selected, computed));
  const left = excluded.reduce((shape, { path }) => shapeWithout(shape, path), kept);
  const shape = computed.reduce(
    (reached, field) => compute(field, { shape: reached, stage }),
    left,
  );
  return { operand, shape };
};

/** `$addFields` and `$set`. */
export const rewriteAddFields: RewriteStage = (operand, stage) => ({
  operand,
  shape: computedFields(recordIn(operand, stage)).reduce(
    (shape, field) => compute(field, { shape, stage }),
    stage.shape,
  ),
});

/** `$unset`. */
export const rewriteUnset: RewriteStage = (operand, stage) => {
  const paths = (listOf(operand) ?? [operand]).map(textOf);
  for (const path of paths) checkPath(path, stage);
  return { operand, shape: paths.reduce(shapeWithout, stage.shape) };
};

/** `$replaceRoot`, whose operand names the new root. */
export const rewriteReplaceRoot: RewriteStage = (operand, stage) => ({
  operand,
  shape: shapeOfRoot(recordIn(operand, stage)['newRoot'], stage),
});

/** `$replaceWith`, whose operand is the new root. */
export const rewriteReplaceWith: RewriteStage = (operand, stage) => ({
  operand,
  shape: shapeOfRoot(operand, stage),
});

/** `$unwind`, whose operand is a path or names one. */
export const rewriteUnwind: RewriteStage = (operand, stage) => {
  const record = recordOf(operand) ?? { path: operand };
  const { path, includeArrayIndex } = record;
  if (typeof path !== 'string' || !/^\$[^$]/.test(path)) {
    throw refusedStage(stage, 'needs a path that begins with "$".');
  }
  if (typeof includeArrayIndex === 'string' && !isClearPath(stage.shape, includeArrayIndex)) {
    throw refusedStage(stage, 'would write an index onto an encrypted path.', {
      path: includeArrayIndex,
      remedy: TOP_LEVEL,
    });
  }
  return { operand, shape: unwoundShape(path.slice(1), stage) };
};

function unwoundShape(path: string, stage: Stage): ObjectNode {
  const { shape } = stage;
  const lineage = lineageOf(`$${path}`, shape);
  if (lineage.kind === 'clear') return shape;
  const isWhole =
    lineage.kind === 'node' && lineage.node.kind === 'field' && lineage.node.field.whole;
  if (lineage.kind === 'unknown' || isWhole) {
    const wrong = isWhole
      ? 'cannot take apart an array that is encrypted as one value.'
      : 'needs a path that leads through no other array, nor into an encrypted value.';
    throw refusedStage(stage, wrong, { path, remedy: 'Unwind the outer array first.' });
  }
  const { node } = lineage;
  if (node.kind !== 'array') return shape;
  const unwound = shapeWith(shape, path, node.element);
  if (unwound !== undefined) return unwound;
  throw refusedStage(stage, 'cannot follow this path.', { path });
}

function shapeOfRoot(newRoot: unknown, stage: Stage): ObjectNode {
  const lineage = lineageOf(newRoot, stage.shape);
  if (lineage.kind === 'clear') return CLEAR;
  if (lineage.kind === 'node' && lineage.node.kind === 'object') return lineage.node;
  throw refusedStage(stage, 'would make a document of encrypted values that cannot be followed.', {
    remedy: 'Name a path of a subdocument, or an object of paths.',
  });
}

/** A stage that adds fields. */
export interface Computing {
  /** What the document holds by now. */
  readonly shape: ObjectNode;
  readonly stage: Stage;
}

/** What the document holds with `field`: the server computes all fields from the document as it came. */
function compute({ path, value }: ComputedField, computing: Computing): ObjectNode {
  return shapeWithComputed(path, lineageOf(value, computing.stage.shape), computing);
}

/** What documents hold with what `lineage` says at `path`; refused where it cannot be followed, or is plain on an encrypted path. */
export function shapeWithComputed(
  path: string,
  lineage: Lineage,
  { shape, stage }: Computing,
): ObjectNode {
  switch (lineage.kind) {
    case 'unknown': {
      const wrong = `computes "${path}" from an encrypted field, or something that may hold one.`;
      throw refusedStage(stage, wrong);
    }
    case 'clear':
      if (isClearPath(stage.shape, path) && isClearPath(shape, path)) return shape;
      throw refusedStage(stage, 'would write a plain value onto an encrypted path.', {
        path,
        remedy: TOP_LEVEL,
      });
    case 'node':
      return renamed(path, lineage.node, { shape, stage });
  }
}

function renamed(path: string, node: PlanNode, { shape, stage }: Computing): ObjectNode {
  const changed = isPlace(stage.shape, path) ? shapeWith(shape, path, node) : undefined;
  if (changed !== undefined) return changed;
  const wrong = 'would write an encrypted value to a path that may lead into an array.';
  throw refusedStage(stage, wrong, { path, remedy: TOP_LEVEL });
}

/** Whether `path` is a name at the top, or leads through declared subdocuments only. */
function isPlace(shape: ObjectNode, path: string): boolean {
  const [head = '', ...tail] = path.split('.');
  if (tail.length === 0) return true;
  const child = shape.children.get(head);
  return child?.kind === 'object' && isPlace(child, tail.join('.'));
}

function checkPath(path: string, stage: Stage): void {
  const target = targetOf(stage.shape, path);
  if (target.kind === 'clear' || target.kind === 'node') return;
  const {
    path: field,
    wrong,
    remedy,
  } = misplacementOf(target, 'Select or deselect the whole value.');
  throw refusedStage(stage, `cannot select: ${wrong}`, { path: field, remedy });
}

/** The names at the top that are kept, at least in part; `_id` is, unless it is deselected. */
function headsOf(
  selected: readonly ComputedField[],
  computed: readonly ComputedField[],
): Set<string> {
  const nested = computed.filter(({ path }) => path.includes('.'));
  return new Set(['_id', ...[...selected, ...nested].map(({ path }) => path.split('.')[0] ?? '')]);
}

function isTrue(flag: unknown): boolean {
  return flag === true || (flag !== false && Number(flag) !== 0);
}

function recordIn(operand: unknown, stage: Stage): PlainRecord {
  const record = recordOf(operand);
  if (record !== undefined) return record;
  throw refusedStage(stage, 'is given something else than an object.', {
    remedy: 'Give an object of paths.',
  });
}
