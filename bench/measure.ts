import { setImmediate as nextTurn } from 'node:timers/promises';

/** Somebody who does the work that is measured. */
export interface Contender {
  readonly name: string;
  /** Does the work once; what it gives is compared before anything is timed. */
  readonly run: () => Promise<unknown>;
}

/** What the rounds of a contender took, in milliseconds. */
export interface Timing {
  readonly name: string;
  readonly median: number;
  readonly minimum: number;
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
      const started = performance.now();
      await contender.run();
      const elapsed = performance.now() - started;
      if (round >= 0) took.get(contender)?.push(elapsed);
      await settle();
    }
  }
  return [...took].map(([{ name }, samples]) => {
    const sorted = samples.toSorted((a, b) => a - b);
    return {
      name,
      median: sorted[Math.floor(sorted.length / 2)] ?? Number.NaN,
      minimum: sorted[0] ?? Number.NaN,
    };
  });
}

/** Clears up after a contender, untimed: otherwise whoever next leaves the turn of the event loop frees its native objects. */
async function settle(): Promise<void> {
  globalThis.gc?.();
  await nextTurn();
  await nextTurn();
}

async function checkAgreement([first, ...others]: readonly Contender[]): Promise<void> {
  const expected = JSON.stringify(await first?.run());
  for (const { name, run } of others) {
    if (JSON.stringify(await run()) !== expected) {
      throw new Error(`${name} does not agree with ${first?.name ?? ''}`);
    }
  }
}

function rotated<T>(items: readonly T[], by: number): T[] {
  const start = by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}
