import type { ModelContender } from '../contenders/model-contender';
import { openOurs, openPlain } from '../contenders/mongoose-contender';
import {
  OTHER_PLUGINS,
  openOtherPlugin,
  type OtherPlugin,
  type OtherWork,
} from '../contenders/other-plugin';
import { timingOf } from '../measure';
import type { CaseFigures, Place, Suite } from '../suite';
import { fieldsOf, people, type Person } from '../workload';
import { roundsOf, sayAbsent } from './models';

const DOCUMENTS = 1000;
const SAVES = 100;
const FIELDS = 5;

/** The work that plugins are compared by; a plugin takes part in what it does rightly. */
const WORKS = ['insertMany', 'saveEach', 'findHydrated', 'findLean'] as const;
type Work = (typeof WORKS)[number];

interface Runner {
  readonly name: string;
  /** In milliseconds. */
  readonly time: (work: Exclude<OtherWork, 'stored'>, people: readonly Person[]) => Promise<number>;
  readonly can: ReadonlySet<Work>;
  readonly close: () => void | Promise<void>;
}

/** Other plugins of npm, each with the Mongoose that it needs, in a process of its own. */
export const others: Suite = {
  name: 'others',
  run: async (place) => {
    const many = people(place.quick ? 50 : DOCUMENTS, FIELDS);
    const few = many.slice(0, place.quick ? 10 : SAVES);
    const runners = await openRunners(place, many);
    const cases: CaseFigures[] = [];
    for (const work of WORKS) {
      const writes = work === 'insertMany' || work === 'saveEach';
      const given = work === 'saveEach' ? few : many;
      const able = runners.filter(({ can }) => can.has(work));
      if (!writes) for (const { time } of able) await refill(time, many);
      const took = new Map(able.map(({ name }) => [name, [] as number[]]));
      const { warming, timed } = roundsOf(place, { warming: 3, timed: 11 });
      for (let round = -warming; round < timed; round += 1) {
        for (const { name, time } of able) {
          if (writes) await time('clear', []);
          const elapsed = await time(work, given);
          if (round >= 0) took.get(name)?.push(elapsed);
        }
      }
      const name = `${work}, ${given.length} documents`;
      cases.push({ name, per: 1, timings: [...took].map(([who, all]) => timingOf(who, all)) });
    }
    for (const { close } of runners) await close();
    const title = `Other plugins: documents of ${FIELDS} encrypted fields`;
    return { name: 'others', title, unit: 'ms', scale: 1, cases };
  },
};

async function refill(time: Runner['time'], everybody: readonly Person[]): Promise<void> {
  await time('clear', []);
  await time('saveEach', everybody);
}

async function openRunners(place: Place, everybody: readonly Person[]): Promise<Runner[]> {
  const plain = await openPlain({ place, fields: FIELDS, collection: 'othersPlain' });
  const ours = await openOurs({ place, fields: FIELDS, collection: 'othersOurs' });
  const runners = [runnerOf(plain), runnerOf(ours)];
  for (const name of OTHER_PLUGINS) {
    try {
      runners.push(await otherRunner(await openOtherPlugin(name, place, FIELDS), everybody));
    } catch (error) {
      sayAbsent(name, error);
    }
  }
  return runners;
}

function runnerOf(contender: ModelContender): Runner {
  return {
    name: contender.name,
    can: new Set(WORKS),
    time: async (work, given) => {
      globalThis.gc?.();
      const started = performance.now();
      await contender[work](given);
      return performance.now() - started;
    },
    close: contender.close,
  };
}

async function otherRunner(plugin: OtherPlugin, everybody: readonly Person[]): Promise<Runner> {
  const can = new Set<Work>();
  const sample = everybody.slice(0, 3);
  for (const write of ['insertMany', 'saveEach'] as const) {
    await plugin.result('clear');
    await plugin.result(write, sample);
    if (holdsNone((await plugin.result('stored')) as Person[], sample)) can.add(write);
  }
  for (const read of ['findHydrated', 'findLean'] as const) {
    if (JSON.stringify(await plugin.result(read)) === JSON.stringify(sample)) can.add(read);
  }
  const missing = WORKS.filter((work) => !can.has(work));
  if (missing.length > 0) {
    console.log(`${plugin.name} does not encrypt, or not decrypt, in ${missing.join(', ')}`);
  }
  return { name: plugin.name, can, time: plugin.time, close: plugin.close };
}

/** Whether no encrypted field stands in the database as it was given. */
function holdsNone(stored: readonly Person[], given: readonly Person[]): boolean {
  return given.every((person, index) =>
    fieldsOf(FIELDS).every((field) => stored[index]?.[field] !== person[field]),
  );
}
