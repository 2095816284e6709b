import { questionTo } from './arbitrary-reads';
import { ask } from './ask';
import { several, storiesOf } from './stories';
import { itTells } from './tell-stories';
import { inWorld, openStage, type Stage, takeBoth } from './world';

let stage: Stage;

beforeAll(async () => {
  stage = await openStage('reads');
});

afterAll(async () => {
  await stage.close();
});

const stories = storiesOf((blueprint) => several(questionTo(blueprint), 5), 3);

describe('reads', () => {
  itTells('give what the twin gives', stories, async (story) => {
    await inWorld(stage, story, async (world) => {
      for (const { value, refusals } of story.steps) {
        await takeBoth(world, refusals, async (model) => await ask(model, value));
      }
    });
  });
});
