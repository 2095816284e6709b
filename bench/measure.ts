import { setImmediate as nextTurn } from 'node:timers/promises';

/** Somebody who does the work that is measured. */
export interface Contender {
  readonly name: string;
  /** Does the work once; what it gives is compared before anything is timed. */
  readonly run: () => Promise<unknown>;
  /** Makes room for the next run; it is not timed. */
  readonly before?: (() => Promise<void>) | undefined;
}

/** What the rounds of a contender took, in milliseconds. */
export interface Timing {
  readonly contender: string;
  readonly median: number;
  readonly minimum: number;
  /** Half of the rounds lie between these two. */
  readonly quartiles: readonly [number, number];
}

export interface Rounds {
  readonly warming: number;
  readonly timed: number;
}

/**
 * Times contenders in turns, so that what else happens on the machine meets all of them. Each round begins with another one.
 *
 * @throws {Error} where they do not agree.
 */
export async function measure(
  contenders: readonly Contender[],
  { warming, timed }: Rounds,
): Promise<Timing[]> {
  await checkAgreement(contenders);
  const took = new Map<Contender, number[]>(contenders.map((each) => [each, []]));
  for (let round = -warming; round < timed; round += 1) {
    for (const contender of rotated(contenders, round + warming)) {
      await contender.before?.();
      await clearUp();
      const elapsed = await timeOf(contender);
      if (round >= 0) took.get(contender)?.push(elapsed);
    }
  }
  return [...took].map(([{ name }, samples]) => timingOf(name, samples));
}

/**
 * What the work took, and what it takes to clear up behind it, less what clearing up takes where nothing was done: native objects
 * are freed after a collection of garbage, in a turn of the event loop, and would be charged to whoever comes next.
 */
async function timeOf({ run }: Contender): Promise<number> {
  const idle = await clearUp();
  const started = performance.now();
  await run();
  const took = performance.now() - started;
  const after = await clearUp();
  return took + Math.max(0, after - idle);
}

/** Clears up what was left, and tells how long it took. */
async function clearUp(): Promise<number> {
  const started = performance.now();
  globalThis.gc?.();
  await nextTurn();
  await nextTurn();
  return performance.now() - started;
}

export function timingOf(contender: string, samples: readonly number[]): Timing {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? NaN;
  return { contender, median: at(0.5), minimum: at(0), quartiles: [at(0.25), at(0.75)] };
}

async function checkAgreement(contenders: readonly Contender[]): Promise<void> {
  let expected: string | undefined;
  for (const { name, run, before } of contenders) {
    await before?.();
    const given = JSON.stringify(await run());
    expected ??= given;
    if (given !== expected) {
      throw new Error(`${name} does not agree with ${contenders[0]?.name ?? ''}`);
    }
  }
}

/** The items, beginning with another one each round. */
export function rotated<T>(items: readonly T[], by: number): T[] {
  const start = by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}
