import { filterQuestion } from './arbitrary-reads';
import { ask } from './ask';
import { several, storiesOf } from './stories';
import { itTells } from './tell-stories';
import { inWorld, openStage, type Stage, takeBoth } from './world';

let stage: Stage;

beforeAll(async () => {
  stage = await openStage('filters');
});

afterAll(async () => {
  await stage.close();
});

const stories = storiesOf((blueprint) => several(filterQuestion(blueprint), 8), 3);

describe('filters', () => {
  itTells('find what the twin finds', stories, async (story) => {
    await inWorld(stage, story, async (world) => {
      for (const { value, refusals } of story.steps) {
        await takeBoth(world, refusals, async (model) => await ask(model, value));
      }
    });
  });
});
