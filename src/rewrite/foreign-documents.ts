import type { DocumentKeys } from '../codec/document-keys';
import { recordOf } from '../codec/record-of';
import type { ObjectNode } from '../plan/encryption-plan';
import { haveSameKeys } from './key-scope';
import { isClearPath, shapeWith } from './lineage';
import { CLEAR, isClear } from './node-traits';
import { type InnerPipeline, type Stage, refusedStage } from './stage';

/** What to do where another collection cannot be reached into. */
export const JOIN_ELSEWHERE = 'Read the other collection through its own model.';

/** The pipeline of a stage over documents of `foreign`, and what they hold behind it. */
export function innerOf(pipeline: unknown, foreign: ObjectNode, stage: Stage): InnerPipeline {
  return stage.rewriteForeign(pipeline ?? [], foreign);
}

/** What the documents of the collection that `name` means hold; nothing, where a pipeline makes them by itself. */
export function shapeOf(name: unknown, stage: Stage): ObjectNode {
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

/** The keys of documents among which those of `inner` have come, where that makes a difference. */
export function keysWith({ shape, scope }: InnerPipeline, stage: Stage): DocumentKeys | undefined {
  return haveSameKeys(shape, [scope, stage.scope]) ? undefined : stage.scope.values.keys.mixed;
}

/** What documents hold with an array of what `joined` describes at `as`. */
export function shapeWithJoined(as: string, joined: ObjectNode, stage: Stage): ObjectNode {
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
