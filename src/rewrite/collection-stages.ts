import type { DocumentKeys } from '../codec/document-keys';
import { type PlainRecord, recordOf } from '../codec/record-of';
import type { ObjectNode, PlanNode } from '../plan/encryption-plan';
import { JOIN_ELSEWHERE, innerOf, keysWith, shapeOf } from './foreign-documents';
import { CLEAR, areDeclaredAlike, isClear } from './node-traits';
import { listOf } from './plain-values';
import { isKeyedByDocument } from './pointer-rules';
import { type RewriteStage, type Stage, refusedStage } from './stage';

/** `$unionWith`: of documents that hold the same. */
export const rewriteUnionWith: RewriteStage = (operand, stage) => {
  const record = recordOf(operand);
  const foreign = shapeOf(record === undefined ? operand : record['coll'], stage);
  const inner = innerOf(record?.['pipeline'], foreign, stage);
  if (!areDeclaredAlike(inner.shape, stage.shape)) {
    throw refusedStage(stage, 'would mix documents whose fields are encrypted differently.', {
      remedy: JOIN_ELSEWHERE,
    });
  }
  const isPiped = record?.['pipeline'] !== undefined;
  return {
    operand: isPiped ? { ...record, pipeline: inner.pipeline } : operand,
    shape: stage.shape,
    keys: keysWith(inner, stage),
  };
};

/** `$facet`, each of its pipelines for itself. */
export const rewriteFacet: RewriteStage = (operand, stage) => {
  const copy: PlainRecord = { ...recordOf(operand) };
  const children = new Map<string, PlanNode>();
  let keys: DocumentKeys | undefined;
  for (const name of Object.keys(copy)) {
    const inner = stage.rewriteInner(copy[name]);
    copy[name] = inner.pipeline;
    keys ??= keysWith(inner, stage);
    if (!isClear(inner.shape)) children.set(name, { kind: 'array', element: inner.shape });
  }
  return { operand: copy, shape: { kind: 'object', children, rest: undefined }, keys };
};

/** `$out`, into a collection that holds the same. */
export const rewriteOut: RewriteStage = (operand, stage) => {
  checkStored(operand, stage);
  return { operand, shape: CLEAR };
};

/** `$merge`, into a collection that holds the same. */
export const rewriteMerge: RewriteStage = (operand, stage) => {
  const record = recordOf(operand) ?? { into: operand };
  const target = checkStored(record['into'], stage);
  if (isKeyedByDocument(stage.shape) && !REPLACING.has(record['whenMatched'])) {
    throw refusedStage(stage, 'would mix documents that may have different data keys.', {
      remedy: "Give whenMatched 'replace', 'keepExisting' or 'fail'.",
    });
  }
  if (listOf(record['whenMatched']) !== undefined && !isClear(target)) {
    throw refusedStage(stage, 'would compute with encrypted fields in whenMatched.', {
      remedy: "Leave whenMatched out, or give it 'merge', 'replace' or 'keepExisting'.",
    });
  }
  return { operand, shape: CLEAR };
};

const REPLACING: ReadonlySet<unknown> = new Set(['replace', 'keepExisting', 'fail']);

function checkStored(into: unknown, stage: Stage): ObjectNode {
  if (isKeyedByDocument(stage.shape) && !stage.isStored) {
    throw refusedStage(stage, 'would store documents whose data keys could no longer be told.', {
      remedy: 'Put only $match, $sort, $skip, $limit and $sample before it.',
    });
  }
  const target = shapeOf(into, stage);
  if (areDeclaredAlike(target, stage.shape)) return target;
  throw refusedStage(stage, 'would store documents whose fields are encrypted differently there.', {
    remedy: 'Write them through the model of that collection.',
  });
}
