import { openByHand } from '../contenders/by-hand';
import type { ModelContender } from '../contenders/model-contender';
import {
  type ContenderOptions,
  openAutomatic,
  openOurs,
  openPlain,
} from '../contenders/mongoose-contender';
import type { Contender, Rounds } from '../measure';
import type { Place } from '../suite';
import type { Person } from '../workload';

const OPENERS = [
  { open: openPlain, collection: 'plain' },
  { open: openOurs, collection: 'ours' },
  { open: openByHand, collection: 'byHand' },
  { open: openAutomatic, collection: 'ours' },
];

/** Opens all contenders of this process for documents of `fields` encrypted fields, in empty collections. */
export async function openContenders(place: Place, fields: number): Promise<ModelContender[]> {
  const opened: ModelContender[] = [];
  for (const { open, collection } of OPENERS) {
    const options: ContenderOptions = { place, fields, collection: `${collection}${fields}` };
    opened.push(await open(options));
  }
  for (const contender of writersOf(opened)) await contender.clear();
  return opened;
}

export function writersOf(contenders: readonly ModelContender[]): ModelContender[] {
  return contenders.filter(({ readsOnly }) => readsOnly !== true);
}

export async function fill(
  contenders: readonly ModelContender[],
  people: readonly Person[],
): Promise<void> {
  for (const contender of writersOf(contenders)) {
    await contender.clear();
    await contender.insertMany(people);
  }
}

/** Each contender that can do the work of `runOf`. */
export function contendersFor(
  contenders: readonly ModelContender[],
  runOf: (contender: ModelContender) => (() => Promise<unknown>) | undefined,
): Contender[] {
  return contenders.flatMap((contender) => {
    const run = runOf(contender);
    return run === undefined ? [] : [{ name: contender.name, run }];
  });
}

export async function closeAll(contenders: readonly ModelContender[]): Promise<void> {
  for (const contender of contenders) await contender.close();
}

/** The rounds of a suite, or what is enough to see that it runs. */
export function roundsOf({ quick }: Place, rounds: Rounds): Rounds {
  return quick ? { warming: 1, timed: 3 } : rounds;
}
