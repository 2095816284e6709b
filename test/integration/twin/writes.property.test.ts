import type { Model } from 'mongoose';
import { type Write, writeTo } from './arbitrary-writes';
import type { Loose } from './build-models';
import { plainOf } from './observe';
import { several, storiesOf } from './stories';
import { itTells } from './tell-stories';
import { call, copyOf, expectSameStored, inWorld, openStage, type Stage, takeBoth } from './world';

let stage: Stage;

beforeAll(async () => {
  stage = await openStage('writes');
});

afterAll(async () => {
  await stage.close();
});

const stories = storiesOf((blueprint) => several(writeTo(blueprint), 3), 2);

async function write(model: Model<Loose>, given: Write): Promise<unknown> {
  const taken = copyOf(given);
  switch (taken.kind) {
    case 'create':
      return await model.create(taken.document as Loose);
    case 'insertMany':
      return counted(await model.insertMany(taken.documents as Loose[], taken.options));
    case 'updateOne':
    case 'updateMany':
    case 'findOneAndUpdate':
      return await update(model, taken);
    case 'replaceOne':
    case 'findOneAndReplace':
      return counted(await call(model, taken.kind, taken.filter, taken.document, taken.options));
    case 'bulkWrite':
      return counted(await model.bulkWrite(taken.operations as never, taken.options));
    default:
      return counted(await call(model, taken.kind, taken.filter, taken.options));
  }
}

async function update(
  model: Model<Loose>,
  {
    kind,
    filter,
    update: { update: change, arrayFilters },
    options,
  }: Extract<Write, { readonly update: object }>,
): Promise<unknown> {
  const all = {
    ...options,
    ...(arrayFilters === undefined ? {} : { arrayFilters }),
    ...(Array.isArray(change) ? { updatePipeline: true } : {}),
  };
  return counted(await call(model, kind, filter, change, all));
}

const COUNTS = ['acknowledged', 'matchedCount', 'upsertedCount', 'insertedCount', 'deletedCount'];

/** What a write reports. `modifiedCount` counts Random values that were set to what they were, too. */
function counted(result: unknown): unknown {
  if (
    typeof result !== 'object' ||
    result === null ||
    !('insertedCount' in result || 'modifiedCount' in result)
  ) {
    return plainOf(result);
  }
  const report = result as Record<string, unknown>;
  return {
    counts: COUNTS.map((name) => report[name]),
    upserted: report['upsertedId'] ?? report['upsertedIds'],
    inserted: report['insertedIds'],
  };
}

describe('writes', () => {
  itTells('store what the twin stores, as ciphertext', stories, async (story) => {
    await inWorld(stage, story, async (world) => {
      for (const { value, refusals } of story.steps) {
        await takeBoth(world, refusals, async (model) => await write(model, value));
        await expectSameStored(world);
      }
    });
  });
});
