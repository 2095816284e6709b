import fc from 'fast-check';
import { act, bringForth, type Held } from './act';
import { type Action, actionOn, type Origin, originOf } from './arbitrary-actions';
import { UPDATE } from './documented';
import type { Drawn } from './drawn';
import { type Ending, endingOf, stateOf } from './observe';
import { isAssignedWhole } from './places';
import { several, storiesOf, type Story } from './stories';
import { itTells } from './tell-stories';
import {
  expectPredicted,
  expectSameEnding,
  expectSameStored,
  inWorld,
  openStage,
  type Stage,
  takeBoth,
  withoutVersion,
  type World,
} from './world';

let stage: Stage;

beforeAll(async () => {
  stage = await openStage('documents');
});

afterAll(async () => {
  await stage.close();
});

interface Life {
  readonly origin: Drawn<Origin>;
  readonly actions: readonly Drawn<Action>[];
}

const stories = storiesOf<Life>(
  (blueprint) =>
    fc.record({ origin: originOf(blueprint), actions: several(actionOn(blueprint), 6) }),
  1,
);

const SAVING: ReadonlySet<Action['kind']> = new Set(['save', 'bulkSave']);

/** A document and its twin. */
interface Lives {
  readonly pair: readonly [Held, Held];
  readonly maySaveBeRefused: boolean;
}

/** Whether the two can go on together. */
type Together = 'together' | 'apart';

/** One action on the document and on its twin; what it ends in, and what both say of themselves then, must be the same. */
async function live(
  world: World,
  { pair, maySaveBeRefused }: Lives,
  { value: action, refusals }: Drawn<Action>,
): Promise<Together> {
  const [held, twin] = pair;
  const seen = await endingOf(async () => await act(held, action));
  if (maySaveBeRefused && isRefusedSave(seen, action)) {
    expectSameState(world, pair);
    return 'apart';
  }
  if ('refusal' in seen) {
    expectPredicted(seen, refusals);
    return 'together';
  }
  const expected = await endingOf(async () => await act(twin, action));
  if (isGuarded(world, seen, expected)) return 'apart';
  expectSameEnding(seen, expected);
  if (refusals.length > 0 && 'result' in expected) {
    throw new Error(`It was not refused with ${refusals.join(' or ')}`);
  }
  expectSameState(world, pair);
  if (SAVING.has(action.kind)) await expectSameStored(world);
  return 'together';
}

/** The version is left out where `save()` may increment it that of the twin does not. */
function expectSameState({ places }: World, pair: readonly Held[]): void {
  const [seen, expected] = pair.map(({ document }) => {
    const { json, ...state } = stateOf(document);
    if (!places.some(isAssignedWhole)) return { json, ...state };
    const { value, withGetters, modified, directlyModified, ...others } = state;
    return {
      ...others,
      values: [value, withGetters].map(withoutVersion),
      paths: [modified, directlyModified].map((paths) => paths.filter((path) => path !== '__v')),
    };
  });
  expect(seen).toStrictEqual(expected);
}

/**
 * A save is refused where a part of a whole value has changed and there is no version to guard the rest, or only a part of it was read;
 * and where $inc would compute with an encrypted value.
 */
function canSaveBeRefused({ blueprint, steps: { origin, actions } }: Story<Life>): boolean {
  const isPartial = origin.value.kind === 'read' && Object.keys(origin.value.select).length > 0;
  return (
    blueprint.options.versionKey === false ||
    isPartial ||
    JSON.stringify(blueprint).includes('"select":false') ||
    actions.some(({ value: { kind } }) => kind === 'inc' || kind === 'overwrite')
  );
}

/** The version guards a whole value where the twin would overwrite what somebody else has changed, or finds that it is gone. */
function isGuarded({ places }: World, seen: Ending, expected: Ending): boolean {
  return (
    ('result' in expected || ('error' in expected && expected.error === 'DocumentNotFoundError')) &&
    'error' in seen &&
    VERSION_ERRORS.has(seen.error) &&
    places.some(isAssignedWhole)
  );
}

const VERSION_ERRORS: ReadonlySet<string> = new Set([
  'VersionError',
  'MongooseBulkSaveIncompleteError',
]);

function isRefusedSave(ending: Ending, { kind }: Action): boolean {
  return 'refusal' in ending && SAVING.has(kind) && UPDATE.includes(ending.refusal);
}

describe('documents', () => {
  itTells('live as their twins do', stories, async (story) => {
    await inWorld(stage, story, async (world) => {
      const { origin, actions } = story.steps;
      const held: Held[] = [];
      const isThere = await takeBoth(world, origin.refusals, async (model) => {
        const brought = await bringForth(model, origin.value);
        held.push(brought);
        return brought.document;
      });
      const [one, other] = held;
      if (!isThere || one === undefined || other === undefined) return;
      const lives: Lives = { pair: [one, other], maySaveBeRefused: canSaveBeRefused(story) };
      for (const action of actions) {
        if ((await live(world, lives, action)) === 'apart') return;
      }
    });
  });
});
