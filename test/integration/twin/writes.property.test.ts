import { writeTo } from './arbitrary-writes';
import { several, storiesOf } from './stories';
import { itTells } from './tell-stories';
import { expectSameStored, inWorld, openStage, type Stage, takeBoth } from './world';
import { write } from './write';

let stage: Stage;

beforeAll(async () => {
  stage = await openStage('writes');
});

afterAll(async () => {
  await stage.close();
});

const stories = storiesOf((blueprint) => several(writeTo(blueprint), 3), 2);

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
