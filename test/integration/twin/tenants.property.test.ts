import fc from 'fast-check';
import { blueprint } from './arbitrary-blueprint';
import { questionTo } from './arbitrary-reads';
import { writeTo } from './arbitrary-writes';
import { ask } from './ask';
import { oneOf } from './drawn';
import { askedBy, writtenBy } from './of-tenant';
import { several, storiesOf, TENANTS } from './stories';
import { itTells } from './tell-stories';
import { expectSameStored, inWorld, openStage, type Stage, takeBoth } from './world';
import { write } from './write';

let stage: Stage;

beforeAll(async () => {
  stage = await openStage('tenants', { createMissingKeys: 'all' });
});

afterAll(async () => {
  await stage.close();
});

/** A unique index would have to hold the tenant. */
const blueprints = blueprint
  .filter(({ fields }) => Object.values(fields).every(({ traits }) => traits?.unique !== true))
  .map((drawn) => ({ ...drawn, tenants: true as const }));

const stories = storiesOf(
  (drawn) =>
    several(
      fc.record({ tenant: oneOf(TENANTS), question: questionTo(drawn), change: writeTo(drawn) }),
      3,
    ),
  2,
  blueprints,
);

describe('tenants', () => {
  itTells('store and give what the twin does, under their own keys', stories, async (story) => {
    await inWorld(stage, story, async (world) => {
      for (const { tenant, question, change } of story.steps) {
        const [asked, written] = [askedBy(tenant, question.value), writtenBy(tenant, change.value)];
        await takeBoth(world, change.refusals, async (model) => await write(model, written));
        await expectSameStored(world);
        await takeBoth(world, question.refusals, async (model) => await ask(model, asked));
      }
    });
  });
});
