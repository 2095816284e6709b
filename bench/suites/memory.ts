import { mongo } from 'mongoose';
import { timingOf } from '../measure';
import type { Place, Suite } from '../suite';
import { person } from '../workload';
import { closeAll, openTwins } from './models';

const DOCUMENTS = 1_000_000;
const BATCH = 10_000;
const FIELDS = 1;
const MEBIBYTE = 2 ** 20;
const SAMPLE_MS = 500;

/** How far memory grows while a cursor goes over a million documents. */
export const memory: Suite = {
  name: 'memory',
  run: async (place) => {
    const documents = place.quick ? 2000 : DOCUMENTS;
    const contenders = await openTwins(place, FIELDS);
    const heap = [];
    const buffers = [];
    for (const [index, contender] of contenders.entries()) {
      const collection = ['plain1', 'ours1'][index] ?? '';
      await contender.insertMany([person(0, FIELDS)]);
      await multiply(place, collection, documents);
      const growth = await growthUnder(contender.cursor, documents);
      heap.push(timingOf(contender.name, [growth.heap]));
      buffers.push(timingOf(contender.name, [growth.buffers]));
      await place.connection.dropCollection(collection);
    }
    await closeAll(contenders);
    return {
      name: 'memory',
      title: `Growth of memory under a cursor over ${documents} documents`,
      unit: 'MiB',
      scale: 1,
      cases: [
        { name: 'heap', per: 1, timings: heap },
        { name: 'buffers outside the heap', per: 1, timings: buffers },
      ],
    };
  },
};

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
async function growthUnder(cursor: () => Promise<number>, documents: number): Promise<Growth> {
  const samples: Growth[] = [];
  const sample = (): void => {
    globalThis.gc?.();
    const { heapUsed, external } = process.memoryUsage();
    samples.push({ heap: heapUsed, buffers: external });
  };
  sample();
  const timer = setInterval(sample, SAMPLE_MS);
  const count = await cursor();
  clearInterval(timer);
  sample();
  if (count !== documents) throw new Error(`The cursor gave ${count} of ${documents} documents`);
  const growthOf = (of: keyof Growth): number =>
    (Math.max(...samples.map((each) => each[of])) - (samples[0]?.[of] ?? 0)) / MEBIBYTE;
  return { heap: growthOf('heap'), buffers: growthOf('buffers') };
}
