import { recordOf } from '../codec/record-of';
import type { ObjectNode, PlanNode } from '../plan/encryption-plan';
import { changesEquality } from './compare-values';
import { rewriteFilter } from './filter';
import { JOIN_ELSEWHERE, innerOf, keysWith, shapeOf, shapeWithJoined } from './foreign-documents';
import { haveSameKeys } from './key-scope';
import { rewriteWithVariables } from './let-variables';
import { isClearPath, lineageOf } from './lineage';
import {
  CLEAR,
  areDeclaredAlike,
  holdsText,
  isClear,
  isComparable,
  withoutArrays,
} from './node-traits';
import { textOf } from './plain-values';
import { isKeyedByDocument } from './pointer-rules';
import type { RewriteScope } from './rewrite-scope';
import { type RewriteStage, type Stage, refusedStage } from './stage';
import { targetOf } from './target';

/** `$lookup`: by plain fields, or by Deterministic ones that are declared alike. */
export const rewriteLookup: RewriteStage = (operand, stage) => {
  const record = recordOf(operand) ?? {};
  const foreign = shapeOf(record['from'], stage);
  const { pipeline } = record;
  const inner = rewriteWithVariables(pipeline, record['let'], {
    foreign,
    stage,
    rewrite: (stages) => innerOf(stages, foreign, stage),
  });
  checkJoin(
    nodeAt(textOf(record['localField']), stage.shape),
    nodeAt(textOf(record['foreignField']), foreign),
    { stage, scope: inner.scope },
  );
  const shape = shapeWithJoined(textOf(record['as']), inner.shape, stage);
  return {
    operand: pipeline === undefined ? operand : { ...record, pipeline: inner.pipeline },
    shape,
    keys: keysWith(inner, stage),
  };
};

/** `$graphLookup`: by plain fields, or by Deterministic ones that are declared alike. */
export const rewriteGraphLookup: RewriteStage = (operand, stage) => {
  const record = recordOf(operand) ?? {};
  const foreign = shapeOf(record['from'], stage);
  const sought = nodeAt(textOf(record['connectToField']), foreign);
  const joining = { stage, scope: innerOf([], foreign, stage).scope };
  checkJoin(startOf(record['startWith'], stage), sought, joining);
  checkJoin(nodeAt(textOf(record['connectFromField']), foreign), sought, joining);
  checkDepthField(record['depthField'], foreign, stage);
  const { restrictSearchWithMatch: restriction } = record;
  const shape = shapeWithJoined(textOf(record['as']), foreign, stage);
  const keys = isKeyedByDocument(foreign) ? stage.scope.values.keys.mixed : undefined;
  if (restriction === undefined || isClear(foreign)) return { operand, shape, keys };
  const restrictSearchWithMatch = rewriteFilter(restriction, foreign, joining.scope);
  return { operand: { ...record, restrictSearchWithMatch }, shape, keys };
};

/** One side of a join: what stands there, or what cannot be told. */
type Side = PlanNode | 'unknown';

function nodeAt(path: string, shape: ObjectNode): Side {
  const target = targetOf(shape, path);
  if (target.kind === 'clear') return CLEAR;
  return target.kind === 'node' ? target.node : 'unknown';
}

function startOf(expression: unknown, { shape }: Stage): Side {
  const lineage = lineageOf(expression, shape);
  if (lineage.kind === 'clear') return CLEAR;
  return lineage.kind === 'node' ? lineage.node : 'unknown';
}

interface Joining {
  readonly stage: Stage;
  /** For values of the documents that are joined. */
  readonly scope: RewriteScope;
}

function checkJoin(own: Side, other: Side, { stage, scope }: Joining): void {
  if (own !== 'unknown' && other !== 'unknown') {
    if (isClear(own) && isClear(other)) return;
    const [one, another] = [withoutArrays(own), withoutArrays(other)];
    const isJoinable =
      one.kind === 'field' &&
      areDeclaredAlike(one, another) &&
      isComparable(one) &&
      !(changesEquality(stage.scope.collation) && holdsText(one));
    if (isJoinable && haveSameKeys(own, [scope, stage.scope])) return;
  }
  const wrong = 'joins by encrypted fields that are not Deterministic and declared alike.';
  throw refusedStage(stage, wrong, { remedy: JOIN_ELSEWHERE });
}

function checkDepthField(path: unknown, foreign: ObjectNode, stage: Stage): void {
  if (typeof path !== 'string' || isClearPath(foreign, path)) return;
  throw refusedStage(stage, 'would write a depth onto an encrypted path.', {
    path,
    remedy: 'Name another path with "depthField".',
  });
}
