import { recordOf } from '../codec/record-of';
import type { ObjectNode, PlanNode } from '../plan/encryption-plan';
import { rewriteFacet, rewriteMerge, rewriteOut, rewriteUnionWith } from './collection-stages';
import { rewriteFilter } from './filter';
import { rewriteBucket, rewriteCount, rewriteGroup, rewriteSortByCount } from './group-stages';
import { rewriteGraphLookup, rewriteLookup } from './join-stages';
import { scopeOfFilter, scopeUnder } from './key-scope';
import { isClearPath } from './lineage';
import { CLEAR, isClear } from './node-traits';
import {
  rewriteAddFields,
  rewriteProject,
  rewriteReplaceRoot,
  rewriteReplaceWith,
  rewriteUnset,
  rewriteUnwind,
} from './path-stages';
import { listOf, nameOf, rowOf } from './plain-values';
import { checkRedaction } from './redact-stage';
import { unsupportedStage } from './refusals';
import { isKeyedByDocument } from './pointer-rules';
import type { RewriteScope } from './rewrite-scope';
import { sortedField } from './sort-paths';
import {
  type InnerPipeline,
  type RewriteStage,
  type RewrittenStage,
  type Stage,
  type StageSupport,
  refusedStage,
} from './stage';
import { rewriteDensify, rewriteFill, rewriteWindows } from './window-stages';

/** A pipeline rewritten, and what its results hold; undefined where that is nothing encrypted. */
export interface RewrittenPipeline {
  readonly pipeline: object[];
  readonly shape: PlanNode | undefined;
}

const passUnchanged: RewriteStage = (operand, { shape }) => ({ operand, shape });

/** A stage that tells of the collection, and not of its documents. */
const withoutDocuments: RewriteStage = (operand) => ({ operand, shape: CLEAR });

const COMPUTED = 'paths that are renamed; others not';

/** The stages that documents with encrypted fields may pass. Every other is refused; documents without pass them all. */
export const STAGES: Readonly<Record<string, StageSupport>> = {
  $addFields: { rewrite: rewriteAddFields, encrypted: COMPUTED },
  $bucket: { rewrite: rewriteBucket, encrypted: 'accumulators' },
  $bucketAuto: { rewrite: rewriteBucket, encrypted: 'accumulators' },
  $changeStreamSplitLargeEvent: { rewrite: passUnchanged, encrypted: 'nothing' },
  $collStats: { rewrite: withoutDocuments, encrypted: 'nothing' },
  $count: { rewrite: rewriteCount, encrypted: 'nothing' },
  $densify: { rewrite: rewriteDensify, encrypted: 'Deterministic paths in partitions' },
  $facet: { rewrite: rewriteFacet, encrypted: 'as in each pipeline', outward: true },
  $fill: { rewrite: rewriteFill, encrypted: "Deterministic partitions; paths filled by 'locf'" },
  $geoNear: { rewrite: rewriteGeoNear, encrypted: 'query, as a filter' },
  $graphLookup: {
    rewrite: rewriteGraphLookup,
    encrypted: 'Deterministic fields declared alike; the restriction, as a filter',
    outward: true,
  },
  $group: { rewrite: rewriteGroup, encrypted: 'Deterministic paths in _id; accumulators' },
  $indexStats: { rewrite: withoutDocuments, encrypted: 'nothing' },
  $limit: { rewrite: passUnchanged, encrypted: 'nothing' },
  $lookup: {
    rewrite: rewriteLookup,
    encrypted: 'Deterministic fields declared alike; let; the pipeline',
    outward: true,
  },
  $match: { rewrite: rewriteMatch, encrypted: 'as a filter' },
  $merge: { rewrite: rewriteMerge, encrypted: 'documents declared alike', outward: true },
  $out: { rewrite: rewriteOut, encrypted: 'documents declared alike', outward: true },
  $project: { rewrite: rewriteProject, encrypted: `paths that are selected; ${COMPUTED}` },
  $redact: { rewrite: checkRedaction, encrypted: 'nothing' },
  $replaceRoot: { rewrite: rewriteReplaceRoot, encrypted: 'paths of subdocuments' },
  $replaceWith: { rewrite: rewriteReplaceWith, encrypted: 'paths of subdocuments' },
  $sample: { rewrite: passUnchanged, encrypted: 'nothing' },
  $set: { rewrite: rewriteAddFields, encrypted: COMPUTED },
  $setWindowFields: {
    rewrite: rewriteWindows,
    encrypted: 'Deterministic partitions; accumulators',
  },
  $skip: { rewrite: passUnchanged, encrypted: 'nothing' },
  $sort: { rewrite: checkSort, encrypted: 'nothing' },
  $sortByCount: { rewrite: rewriteSortByCount, encrypted: 'a Deterministic path' },
  $unionWith: { rewrite: rewriteUnionWith, encrypted: 'documents declared alike', outward: true },
  $unset: { rewrite: rewriteUnset, encrypted: 'whole paths' },
  $unwind: { rewrite: rewriteUnwind, encrypted: 'arrays encrypted element by element' },
};

/**
 * A copy of `pipeline` with a slot for each encrypted value, and what its results hold, followed from stage to stage. It begins with
 * what `start` describes: the documents of the model, or the events of a change stream.
 *
 * @throws {UnsupportedStageError} where a stage asks of an encrypted path what ciphertext cannot give, or puts something onto it.
 * @throws {UnsupportedFilterError} where a filter does.
 */
export function rewritePipeline(
  pipeline: unknown,
  scope: RewriteScope,
  shape: ObjectNode = scope.plan.root,
): RewrittenPipeline {
  const isStored = shape === scope.plan.root;
  const start = startAt(pipeline, { shape, scope, isStored });
  const { pipeline: stages, shape: result } = rewriteStages(pipeline, start);
  return { pipeline: stages as object[], shape: isClear(result) ? undefined : result };
}

/** Where a pipeline stands: between two stages. */
type Position = Pick<Stage, 'shape' | 'scope' | 'isStored'>;

/** The start of a pipeline over stored documents; to a function that names keys, its first `$match` is the filter. */
function startAt(pipeline: unknown, { shape, scope, isStored }: Position): Position {
  if (!isKeyedByDocument(shape)) return { shape, scope, isStored };
  const [first] = listOf(pipeline) ?? [];
  const keys = scope.values.keys.of({ filter: recordOf(first)?.['$match'] }, shape.model);
  return { shape, scope: scopeUnder(scope, isStored ? keys : keys.settled), isStored };
}

function rewriteStages(pipeline: unknown, start: Position): InnerPipeline {
  const stages = listOf(pipeline);
  if (stages === undefined) throw noPipeline(start.scope);
  let at = start;
  const rewritten = Array.from(stages, (stage) => {
    const entries = Object.entries(recordOf(stage) ?? {});
    const [[name, operand] = ['', undefined]] = entries;
    if (entries.length !== 1) throw noPipeline(at.scope);
    const next = rewriteOf(name, at.shape, at.scope)(operand, stageAt(name, at));
    at = positionBehind(at, { name, operand }, next);
    return { [name]: next.operand };
  });
  return { pipeline: rewritten, shape: at.shape, scope: at.scope };
}

function stageAt(name: string, at: Position): Stage {
  return {
    name,
    ...at,
    rewriteInner: (inner) => rewriteStages(inner, at),
    rewriteForeign: (inner, shape) =>
      rewriteStages(inner, startAt(inner, { shape, scope: at.scope, isStored: true })),
  };
}

/** Stages behind which documents are as they were before, or fewer, or in another order. */
const KEEPING: ReadonlySet<string> = new Set(['$limit', '$match', '$sample', '$skip', '$sort']);

function positionBehind(
  { scope, isStored }: Position,
  { name, operand }: { readonly name: string; readonly operand: unknown },
  { shape, keys = scope.values.keys }: RewrittenStage,
): Position {
  const isPlainUnwind = name === '$unwind' && typeof operand === 'string';
  const isKept = isStored && (KEEPING.has(name) || isPlainUnwind);
  if (!isKeyedByDocument(shape)) return { shape, scope, isStored: isKept };
  return { shape, scope: scopeUnder(scope, isKept ? keys : keys.settled), isStored: isKept };
}

function rewriteOf(name: string, shape: ObjectNode, scope: RewriteScope): RewriteStage {
  const row = rowOf(STAGES, name);
  if (isClear(shape)) return row?.outward === true ? row.rewrite : passUnchanged;
  if (row !== undefined) return row.rewrite;
  const wrong = `the stage ${nameOf(name)} is not available where documents hold encrypted fields.`;
  const remedy = 'Deselect them before, or do after reading what the stage does.';
  throw unsupportedStage({ wrong, remedy }, scope);
}

function rewriteMatch(operand: unknown, { shape, scope }: Stage): ReturnType<RewriteStage> {
  const { keys } = scopeOfFilter(operand, shape, scope).values;
  return { operand: rewriteFilter(operand, shape, scope), shape, keys };
}

function checkSort(operand: unknown, stage: Stage): ReturnType<RewriteStage> {
  const field = sortedField(operand, stage.shape);
  if (field === undefined) return { operand, shape: stage.shape };
  throw refusedStage(stage, 'cannot order documents by an encrypted field.', {
    path: field.path,
    remedy: 'Sort by a plain field, or sort after reading.',
  });
}

function rewriteGeoNear(operand: unknown, stage: Stage): ReturnType<RewriteStage> {
  const { shape, scope } = stage;
  const record = recordOf(operand) ?? {};
  for (const path of [record['distanceField'], record['includeLocs'], record['key']]) {
    if (typeof path !== 'string' || isClearPath(shape, path)) continue;
    throw refusedStage(stage, 'cannot use an encrypted path.', { path });
  }
  const { query } = record;
  if (query === undefined) return { operand, shape };
  const { keys } = scopeOfFilter(query, shape, scope).values;
  return { operand: { ...record, query: rewriteFilter(query, shape, scope) }, shape, keys };
}

function noPipeline(scope: RewriteScope): Error {
  const wrong = 'a pipeline is not an array of stages, each with one name.';
  return unsupportedStage({ wrong, remedy: 'Give an array of stages.' }, scope);
}
