import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ModelContender } from '../contenders/model-contender';
import { rotated, timingOf } from '../measure';
import type { Suite } from '../suite';
import { people } from '../workload';
import { closeAll, fill, openContenders, roundsOf } from './models';

const DOCUMENTS = 20_000;
const FIELDS = 5;
const NANOSECONDS = 1e6;

/** For how long the event loop is held while 100,000 values are read: the 99th percentile, and the longest. */
export const eventLoop: Suite = {
  name: 'event-loop',
  run: async (place) => {
    const everybody = people(place.quick ? 500 : DOCUMENTS, FIELDS);
    const contenders = await openContenders(place, FIELDS);
    await fill(contenders, everybody);
    const noneYet = (): Map<string, number[]> => new Map(contenders.map(({ name }) => [name, []]));
    const [p99, longest] = [noneYet(), noneYet()];
    const { timed } = roundsOf(place, { warming: 0, timed: 7 });
    for (let round = -1; round < timed; round += 1) {
      for (const contender of rotated(contenders, round + 1)) {
        const delay = await delayOf(contender);
        if (round < 0) continue;
        p99.get(contender.name)?.push(delay.p99);
        longest.get(contender.name)?.push(delay.longest);
      }
    }
    await closeAll(contenders);
    const figures = (of: Map<string, number[]>) =>
      [...of].map(([name, all]) => timingOf(name, all));
    return {
      name: 'event-loop',
      title: `Event-loop delay while ${everybody.length * FIELDS} values are read`,
      unit: 'ms',
      scale: 1,
      cases: [
        { name: '99th percentile', per: 1, timings: figures(p99) },
        { name: 'longest', per: 1, timings: figures(longest) },
      ],
    };
  },
};

async function delayOf({ findLean }: ModelContender): Promise<{ p99: number; longest: number }> {
  globalThis.gc?.();
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  await sleep(20);
  histogram.reset();
  await sleep(20); // the first delay after a reset is not counted
  await findLean();
  await sleep(20);
  histogram.disable();
  return { p99: histogram.percentile(99) / NANOSECONDS, longest: histogram.max / NANOSECONDS };
}
