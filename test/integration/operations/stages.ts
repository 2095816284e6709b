import type { PipelineStage } from 'mongoose';
import { secret } from '../mongoose/compare-twins';
import { idOf } from '../mongoose/seed-patients';
import { nextChanges, opened } from '../mongoose/watch-twins';
import type { ClinicModel } from './clinic';
import { collectionStages } from './collection-stages';
import type { OperationsTable } from './examples';
import { groupStages } from './group-stages';
import { joinStages } from './join-stages';
import { pathStages } from './path-stages';
import type { Stages } from './stage-examples';

export const stages: OperationsTable<Stages> = {
  heading: 'Aggregation',
  first: 'Stage',
  columns: ['Where it touches encrypted paths'],
  ways: {
    aggregate: async (model, pipeline) => [
      await (isOfStream(pipeline)
        ? firstChange(model, pipeline)
        : model.aggregate(stagesOf(pipeline))),
      ['$out', '$merge'].some((name) => name in (pipeline.at(-1) ?? {})) &&
        (await model.db.model('Archive').find().sort({ _id: 1 }).lean()),
    ],
    cursor: async (model, pipeline) => {
      if (isOfStream(pipeline)) return 'in change streams only';
      const read: unknown[] = [];
      const cursor = model.aggregate(stagesOf(pipeline)).cursor({ batchSize: 2 });
      for await (const each of cursor) read.push(each);
      return read;
    },
    'collection.aggregate': async (model, pipeline) =>
      isOfStream(pipeline)
        ? 'in change streams only'
        : await model.collection.aggregate(pipeline).toArray(),
  },
  plain: ['yes'],
  code: 'FLE_UNSUPPORTED_STAGE',
  rows: { ...pathStages, ...groupStages, ...joinStages, ...collectionStages },
};

function stagesOf(pipeline: Stages): PipelineStage[] {
  return pipeline as PipelineStage[];
}

/** Whether a stage is for change streams, which an aggregate of the collection has not. */
function isOfStream(pipeline: Stages): boolean {
  return pipeline.some((stage) => '$changeStreamSplitLargeEvent' in stage);
}

/** What a change stream gives first, or that the database does not know its stage, which has been passed on to it then. */
async function firstChange(model: ClinicModel, pipeline: Stages): Promise<unknown> {
  try {
    const watching = await opened(model, pipeline);
    await model.create({ _id: idOf(20), ssn: secret('watched') });
    const changes = await nextChanges(watching, 1);
    await watching.close();
    return changes;
  } catch (error) {
    const { name, message } = error as Error;
    if (name === 'MongoServerError' && message.includes('not recognized')) return 'unknown there';
    throw error;
  }
}
