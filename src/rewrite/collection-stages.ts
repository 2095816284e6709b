import type { DocumentKeys } from '../codec/document-keys';
import { type PlainRecord, recordOf } from '../codec/record-of';
import type { ObjectNode, PlanNode } from '../plan/encryption-plan';
import { changesEquality } from './compare-values';
import { readsEncrypted } from './expression';
import { haveSameKeys } from './key-scope';
import { isClearPath, shapeWith } from './lineage';
import {
  CLEAR,
  areDeclaredAlike,
  holdsText,
  isClear,
  isComparable,
  withoutArrays,
} from './node-traits';
import { listOf, textOf } from './plain-values';
import { isKeyedByDocument } from './pointer-rules';
import type { RewriteScope } from './rewrite-scope';
import { type InnerPipeline, type RewriteStage, type Stage, refusedStage } from './stage';
import { targetOf } from './target';

const JOIN_ELSEWHERE = 'Read the other collection through its own model.';

/** `$lookup`: by plain fields, or by Deterministic ones that are declared alike. */
export const rewriteLookup: RewriteStage = (operand, stage) => {
  const record = recordOf(operand) ?? {};
  const foreign = shapeOf(record['from'], stage);
  if (readsEncrypted(record['let'], stage.shape)) {
    throw refusedStage(stage, 'binds a variable to an encrypted field.');
  }
  const inner = innerOf(record['pipeline'], foreign, stage);
  checkJoin(record, { foreign, scope: inner.scope }, stage);
  const shape = shapeWithJoined(textOf(record['as']), inner.shape, stage);
  const { pipeline } = record;
  return {
    operand: pipeline === undefined ? operand : { ...record, pipeline: inner.pipeline },
    shape,
    keys: keysWith(inner, stage),
  };
};

/** `$graphLookup`: by plain fields, in collections without encrypted ones. */
export const rewriteGraphLookup: RewriteStage = (operand, stage) => {
  const record = recordOf(operand) ?? {};
  if (!isClear(shapeOf(record['from'], stage))) {
    throw refusedStage(stage, 'would search a collection with encrypted fields.', {
      remedy: JOIN_ELSEWHERE,
    });
  }
  if (readsEncrypted(record['startWith'], stage.shape)) {
    throw refusedStage(stage, 'starts with an encrypted field.');
  }
  return { operand, shape: shapeWithJoined(textOf(record['as']), CLEAR, stage) };
};

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

/** The keys of documents among which those of `inner` have come, where that makes a difference. */
function keysWith({ shape, scope }: InnerPipeline, stage: Stage): DocumentKeys | undefined {
  return haveSameKeys(shape, [scope, stage.scope]) ? undefined : stage.scope.values.keys.mixed;
}

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

function innerOf(pipeline: unknown, foreign: ObjectNode, stage: Stage): InnerPipeline {
  return stage.rewriteForeign(pipeline ?? [], foreign);
}

/** What the documents of the collection that `name` means hold; nothing, where a pipeline makes them by itself. */
function shapeOf(name: unknown, stage: Stage): ObjectNode {
  if (name === undefined) return CLEAR;
  const { coll, db } = recordOf(name) ?? { coll: name };
  const isNamed = typeof coll === 'string' && (db === undefined || typeof db === 'string');
  if (!isNamed) {
    if (isClear(stage.shape)) return CLEAR; // a stage of a service beside the server
    throw refusedStage(stage, 'does not name a collection.', { remedy: 'Name it by a string.' });
  }
  const foreign = stage.scope.shapeOfCollection(coll, db) ?? CLEAR;
  if (!isClear(foreign) && isClear(stage.scope.plan.root)) {
    throw refusedStage(stage, 'names a collection with encrypted fields.', {
      remedy: 'Aggregate from the model that declares them.',
    });
  }
  return foreign;
}

interface Joined {
  readonly foreign: ObjectNode;
  /** For values of the documents that are joined. */
  readonly scope: RewriteScope;
}

function checkJoin(record: PlainRecord, { foreign, scope }: Joined, stage: Stage): void {
  const { localField, foreignField } = record;
  const own = targetOf(stage.shape, textOf(localField));
  const other = targetOf(foreign, textOf(foreignField));
  if (own.kind === 'clear' && other.kind === 'clear') return;
  const isJoinable =
    own.kind === 'node' &&
    other.kind === 'node' &&
    withoutArrays(own.node).kind === 'field' &&
    areDeclaredAlike(withoutArrays(own.node), withoutArrays(other.node)) &&
    isComparable(own.node) &&
    !(changesEquality(stage.scope.collation) && holdsText(own.node));
  if (isJoinable && haveSameKeys(own.node, [scope, stage.scope])) return;
  throw refusedStage(
    stage,
    'joins by encrypted fields that are not Deterministic and declared alike.',
    {
      remedy: JOIN_ELSEWHERE,
    },
  );
}

function shapeWithJoined(as: string, joined: ObjectNode, stage: Stage): ObjectNode {
  const { shape } = stage;
  if (!isClearPath(shape, as)) {
    throw refusedStage(stage, 'would write what it finds onto an encrypted path.', {
      path: as,
      remedy: 'Name another path with "as".',
    });
  }
  if (isClear(joined)) return shape;
  const changed = shapeWith(shape, as, { kind: 'array', element: joined });
  if (changed !== undefined) return changed;
  throw refusedStage(stage, 'would write encrypted values to a path that may lead into an array.', {
    path: as,
    remedy: 'Give "as" a name at the top of the document.',
  });
}
