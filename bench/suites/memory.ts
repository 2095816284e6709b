import { mongo } from 'mongoose';
import type { ModelContender } from '../contenders/model-contender';
import { type Timing, timingOf } from '../measure';
import type { CaseFigures, Place, Suite } from '../suite';
import { person } from '../workload';
import { closeAll, openTwins } from './models';

const DOCUMENTS = 1_000_000;
const BATCH = 10_000;
const FIELDS = 1;
const MEBIBYTE = 2 ** 20;
/** After so many documents memory is looked at: also in the middle of a reply, of which one holds 100,000 and more. */
const SAMPLE_DOCUMENTS = 20_000;

/** How far memory grows while a cursor goes over a million documents. */
export const memory: Suite = {
  name: 'memory',
  run: async (place) => {
    const documents = place.quick ? 2000 : DOCUMENTS;
    const contenders = await openTwins(place, FIELDS);
    const cases = await growthsOf(contenders, { place, documents });
    await closeAll(contenders);
    return {
      name: 'memory',
      title: `Growth of memory under a cursor over ${documents} documents`,
      unit: 'MiB',
      scale: 1,
      cases,
    };
  },
};

/** How many documents a reply holds, and what that is called. */
const BATCHES = [
  [', 1,000 documents a reply', 1000],
  [', replies of 16 MB', undefined],
] as const;

async function growthsOf(
  contenders: readonly ModelContender[],
  { place, documents }: { readonly place: Place; readonly documents: number },
): Promise<CaseFigures[]> {
  const timings = new Map<string, Timing[]>();
  const add = (name: string, contender: string, growth: number): void => {
    timings.set(name, [...(timings.get(name) ?? []), timingOf(contender, [growth])]);
  };
  for (const [index, { name, insertMany, cursor }] of contenders.entries()) {
    const collection = ['plain1', 'ours1'][index] ?? '';
    await insertMany([person(0, FIELDS)]);
    await multiply(place, collection, documents);
    for (const [replies, batchSize] of BATCHES) {
      const growth = await growthUnder((onCount) => cursor({ batchSize, onCount }), documents);
      add(`heap${replies}`, name, growth.heap);
      add(`buffers outside the heap${replies}`, name, growth.buffers);
    }
    await place.connection.dropCollection(collection);
  }
  return Array.from(timings, ([name, all]) => ({ name, per: 1, timings: all }));
}

/** Copies the one document of `collection`, ciphertext and all, until there are `documents`. */
async function multiply(place: Place, collection: string, documents: number): Promise<void> {
  const bare = place.connection.collection(collection);
  const { _id, ...original } = (await bare.findOne({})) ?? {};
  if (_id === undefined) throw new Error('There is nothing to copy');
  for (let made = 1; made < documents; made += BATCH) {
    const size = Math.min(BATCH, documents - made);
    const copies = Array.from({ length: size }, () => ({
      ...original,
      _id: new mongo.ObjectId(),
    }));
    await bare.insertMany(copies, { ordered: false });
  }
}

interface Growth {
  readonly heap: number;
  readonly buffers: number;
}

/** From before the cursor to the highest that follows, in MiB, each after a collection of garbage. */
async function growthUnder(
  cursor: (onCount: (count: number) => void) => Promise<number>,
  documents: number,
): Promise<Growth> {
  const samples: Growth[] = [];
  const sample = (): void => {
    globalThis.gc?.();
    const { heapUsed, external } = process.memoryUsage();
    samples.push({ heap: heapUsed, buffers: external });
  };
  sample();
  const count = await cursor((done) => {
    if (done % SAMPLE_DOCUMENTS === 0) sample();
  });
  if (count !== documents) throw new Error(`The cursor gave ${count} of ${documents} documents`);
  const growthOf = (of: keyof Growth): number =>
    (Math.max(...samples.map((each) => each[of])) - (samples[0]?.[of] ?? 0)) / MEBIBYTE;
  return { heap: growthOf('heap'), buffers: growthOf('buffers') };
}
