import { inspect } from 'node:util';
import fc from 'fast-check';
import { describeBlueprint } from './describe-blueprint';
import type { Story } from './stories';

const RUNS = Number(process.env['FLE_PROPERTY_RUNS'] ?? 0);
/** An ordinary run tells the same stories each time; a run that is asked for more tells new ones. */
const ORDINARY_SEED = 177732307;
const SEED = Number(
  process.env['FLE_PROPERTY_SEED'] ?? (RUNS > 0 ? Date.now() % 2 ** 31 : ORDINARY_SEED),
);
const MINUTE = 60_000;

/** How many cases an ordinary run of a file tells. */
const CASES = 420;

/**
 * A test that tells random stories, each of which must end without an error. What fails is made smaller; the seed and the smallest story
 * are in the message.
 */
export function itTells<T>(
  name: string,
  stories: fc.Arbitrary<Story<T>>,
  tell: (story: Story<T>) => Promise<void>,
): void {
  const numRuns = RUNS > 0 ? RUNS : CASES;
  const limit = RUNS > CASES ? 120 * MINUTE : 12 * MINUTE; // a busy machine is no failure
  it(
    `${name} (${numRuns} cases of seed ${SEED})`,
    async () => {
      const property = fc.asyncProperty(stories, tell);
      const outcome = await fc.check(property, {
        seed: SEED,
        numRuns,
        interruptAfterTimeLimit: limit - MINUTE,
        markInterruptAsFailure: true,
      });
      if (outcome.failed) throw failureOf(outcome);
    },
    limit,
  );
}

function failureOf<T>(outcome: fc.RunDetails<[Story<T>]>): Error {
  const { seed, counterexample, errorInstance, numRuns, numShrinks } = outcome;
  const reason = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
  const [story] = counterexample ?? [];
  const told =
    story === undefined
      ? 'It ran out of time.'
      : `The smallest story, ${numShrinks} times shrunk:\n${describeStory(story)}\n${reason}`;
  return new Error(`Seed ${seed} failed after ${numRuns} cases. ${told}`, { cause: errorInstance });
}

function describeStory<T>({ blueprint, seeds, steps }: Story<T>): string {
  const told = inspect({ seeds, steps }, { depth: Infinity, breakLength: 140 });
  return `${describeBlueprint(blueprint)}\n${told}`;
}
