import type { Model } from 'mongoose';
import { pipelineOn } from './arbitrary-pipeline';
import { inOrder } from './ask';
import type { Loose } from './build-models';
import { several, storiesOf } from './stories';
import { itTells } from './tell-stories';
import { copyOf, inWorld, openStage, type Stage, takeBoth } from './world';

let stage: Stage;

beforeAll(async () => {
  stage = await openStage('pipelines');
});

afterAll(async () => {
  await stage.close();
});

/** Groups, and the sets in them, come in the order of what is stored; what is joined, in none. */
async function aggregate(model: Model<Loose>, pipeline: readonly object[]): Promise<unknown> {
  const results: Record<string, unknown>[] = await model.aggregate(copyOf(pipeline) as never);
  return inOrder(results.map(withSetsInOrder));
}

/** The names under which these stories put arrays that no server puts in an order. */
const UNORDERED = /^(set\d|joined$)/;

function withSetsInOrder(result: Record<string, unknown>): object {
  return Object.fromEntries(
    Object.entries(result).map(([name, value]) => {
      if (UNORDERED.test(name)) return [name, inOrder(value as unknown[])];
      if (name !== 'one' && name !== 'two') return [name, value];
      const facet = value as Record<string, unknown>[];
      return [name, inOrder(facet.map(withSetsInOrder))];
    }),
  );
}

const stories = storiesOf((blueprint) => several(pipelineOn(blueprint), 4), 3);

describe('pipelines', () => {
  itTells('give what the twin gives', stories, async (story) => {
    await inWorld(stage, story, async (world) => {
      for (const { value, refusals } of story.steps) {
        await takeBoth(world, refusals, async (model) => await aggregate(model, value));
      }
    });
  });
});
