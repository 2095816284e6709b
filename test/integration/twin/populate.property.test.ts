import type { Model } from 'mongoose';
import { type Populating, populatingOf, referringBlueprint } from './arbitrary-populate';
import type { Loose } from './build-models';
import type { Drawn } from './drawn';
import { endingOf } from './observe';
import { several, storiesOf } from './stories';
import { itTells } from './tell-stories';
import {
  copyOf,
  expectPredicted,
  expectSameEnding,
  inWorld,
  openStage,
  type Stage,
  type World,
} from './world';

let stage: Stage;

beforeAll(async () => {
  stage = await openStage('populate');
});

afterAll(async () => {
  await stage.close();
});

const stories = storiesOf((drawn) => several(populatingOf(drawn), 5), 3, referringBlueprint);

async function populated(model: Model<Loose>, given: Populating): Promise<unknown> {
  const { how, filter, populate } = copyOf(given);
  const query = model.find(filter).sort({ _id: 1 });
  switch (how) {
    case 'find':
      return await query.populate(populate);
    case 'lean':
      return await query.populate(populate).lean();
    case 'findOne':
      return await model.findOne(filter).sort({ _id: 1 }).populate(populate);
    case 'later':
      return await model.populate(await query, populate);
    case 'cursor': {
      const documents: unknown[] = [];
      for await (const document of query.populate(populate).cursor()) documents.push(document);
      return documents;
    }
  }
}

/** What is referred to is not asked for where nothing refers: then nothing of it is refused. */
async function takeBothIfSent(
  { encrypted, plain }: World,
  { value, refusals }: Drawn<Populating>,
): Promise<void> {
  const seen = await endingOf(async () => await populated(encrypted, value));
  if ('refusal' in seen) {
    expectPredicted(seen, refusals);
    return;
  }
  expectSameEnding(seen, await endingOf(async () => await populated(plain, value)));
}

describe('populate', () => {
  itTells('finds what the twin finds', stories, async (story) => {
    await inWorld(stage, story, async (world) => {
      for (const step of story.steps) await takeBothIfSent(world, step);
    });
  });
});
