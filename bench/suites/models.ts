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

/** How a contender is opened, and in which collection; one without `needed` may be missing where it cannot run. */
interface Opener {
  readonly name: string;
  readonly open: (options: ContenderOptions) => Promise<ModelContender>;
  readonly collection: string;
  readonly needed?: boolean;
}

const TWINS: readonly Opener[] = [
  { name: 'plain Mongoose', open: openPlain, collection: 'plain', needed: true },
  { name: 'mongoose-fle', open: openOurs, collection: 'ours', needed: true },
];
const OPENERS: readonly Opener[] = [
  ...TWINS,
  { name: 'ClientEncryption by hand', open: openByHand, collection: 'byHand' },
  { name: 'automatic decryption of the driver', open: openAutomatic, collection: 'ours' },
];

/** Opens all contenders of this process for documents of `fields` encrypted fields, in empty collections. */
export function openContenders(place: Place, fields: number): Promise<ModelContender[]> {
  return openAll(OPENERS, place, fields);
}

/** `openContenders` of a model and its twin only. */
export function openTwins(place: Place, fields: number): Promise<ModelContender[]> {
  return openAll(TWINS, place, fields);
}

async function openAll(
  openers: readonly Opener[],
  place: Place,
  fields: number,
): Promise<ModelContender[]> {
  const opened: ModelContender[] = [];
  for (const { name, open, collection, needed } of openers) {
    try {
      opened.push(await open({ place, fields, collection: `${collection}${fields}` }));
    } catch (error) {
      if (needed === true) throw error;
      sayAbsent(name, error);
    }
  }
  for (const contender of writersOf(opened)) await contender.clear();
  return opened;
}

/** Says that a contender cannot run here; the others go on. */
export function sayAbsent(name: string, error: unknown): void {
  const [reason = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  console.log(`${name} takes no part: ${reason}`);
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
