import { openProcess, type ProcessContender, PROCESSES } from '../contenders/process-contender';
import { rotated, type Rounds, timingOf } from '../measure';
import { PLAIN } from '../report/find-figures';
import type { CaseFigures, Place, Suite } from '../suite';
import { fieldsOf, ONE_BY_ONE, people, type Person } from '../workload';
import { roundsOf, sayAbsent } from './models';

const DOCUMENTS = 1000;
const FIELDS = 5;
const ROUNDS: Rounds = { warming: 10, timed: 15 };

/** The work that plugins are compared by; a plugin takes part in what it does rightly. */
const WORKS = ['insertMany', 'saveEach', 'findHydrated', 'findLean'] as const;
type Work = (typeof WORKS)[number];

interface Runner {
  readonly contender: ProcessContender;
  readonly can: ReadonlySet<Work>;
}

/** Other plugins of npm, this one and none: each in a process of its own, with the Mongoose that it needs. */
export const others: Suite = {
  name: 'others',
  run: async (place) => {
    const many = people(place.quick ? 50 : DOCUMENTS, FIELDS);
    const few = many.slice(0, place.quick ? 10 : ONE_BY_ONE);
    const runners = await openRunners(place, many);
    const cases: CaseFigures[] = [];
    for (const work of WORKS) {
      const given = work === 'saveEach' ? few : many;
      const able = runners.filter(({ can }) => can.has(work));
      if (!isWriting(work)) for (const { contender } of able) await refill(contender, many);
      const took = await timesOf(work, { able, given, rounds: roundsOf(place, ROUNDS) });
      const timings = [...took].map(([{ name }, all]) => timingOf(name, all));
      cases.push({ name: `${work}, ${given.length} documents`, per: 1, timings });
    }
    for (const { contender } of runners) contender.close();
    const title = `Other plugins: documents of ${FIELDS} encrypted fields`;
    return { name: 'others', title, unit: 'ms', scale: 1, cases };
  },
};

interface Timed {
  readonly able: readonly Runner[];
  readonly given: readonly Person[];
  readonly rounds: Rounds;
}

/** What each contender took, in milliseconds. Each round begins with another one. */
async function timesOf(
  work: Work,
  { able, given, rounds: { warming, timed } }: Timed,
): Promise<Map<ProcessContender, number[]>> {
  const took = new Map(able.map(({ contender }) => [contender, [] as number[]]));
  for (let round = -warming; round < timed; round += 1) {
    for (const { contender } of rotated(able, round + warming)) {
      if (isWriting(work)) await contender.time('clear');
      const elapsed = await contender.time(work, given);
      if (round >= 0) took.get(contender)?.push(elapsed);
    }
  }
  return took;
}

function isWriting(work: Work): boolean {
  return work === 'insertMany' || work === 'saveEach';
}

async function refill(contender: ProcessContender, everybody: readonly Person[]): Promise<void> {
  await contender.time('clear');
  await contender.time('saveEach', everybody);
}

async function openRunners(place: Place, everybody: readonly Person[]): Promise<Runner[]> {
  const runners: Runner[] = [];
  for (const name of Object.keys(PROCESSES) as (keyof typeof PROCESSES)[]) {
    try {
      const contender = await openProcess(name, place, FIELDS);
      const can = name === PLAIN ? new Set(WORKS) : await abilitiesOf(contender, everybody);
      runners.push({ contender, can });
    } catch (error) {
      sayAbsent(name, error);
    }
  }
  return runners;
}

async function abilitiesOf(
  contender: ProcessContender,
  everybody: readonly Person[],
): Promise<Set<Work>> {
  const can = new Set<Work>();
  const sample = everybody.slice(0, 3);
  for (const write of ['insertMany', 'saveEach'] as const) {
    await contender.result('clear');
    await contender.result(write, sample);
    if (holdsNone((await contender.result('stored')) as Person[], sample)) can.add(write);
  }
  for (const read of ['findHydrated', 'findLean'] as const) {
    if (JSON.stringify(await contender.result(read)) === JSON.stringify(sample)) can.add(read);
  }
  const missing = WORKS.filter((work) => !can.has(work));
  if (missing.length > 0) {
    console.log(`${contender.name} does not encrypt, or not decrypt, in ${missing.join(', ')}`);
  }
  return can;
}

/** Whether no encrypted field stands in the database as it was given. */
function holdsNone(stored: readonly Person[], given: readonly Person[]): boolean {
  return given.every((person, index) =>
    fieldsOf(FIELDS).every((field) => stored[index]?.[field] !== person[field]),
  );
}
