import { mongo } from 'mongoose';
import { timingOf } from '../measure';
import type { Place, Suite } from '../suite';
import { person } from '../workload';
import { closeAll, openContenders } from './models';

const DOCUMENTS = 1_000_000;
const BATCH = 10_000;
const FIELDS = 1;
const MEBIBYTE = 2 ** 20;

/** How far the heap grows while a cursor goes over a million documents. */
export const memory: Suite = {
  name: 'memory',
  run: async (place) => {
    const documents = place.quick ? 2000 : DOCUMENTS;
    const contenders = (await openContenders(place, FIELDS)).filter(({ name }) =>
      ['plain Mongoose', 'mongoose-fle'].includes(name),
    );
    const timings = [];
    for (const [index, contender] of contenders.entries()) {
      await contender.insertMany([person(0, FIELDS)]);
      await multiply(place, ['plain1', 'ours1'][index] ?? '', documents);
      timings.push(timingOf(contender.name, [await heapGrowth(contender.cursor, documents)]));
      await contender.clear();
    }
    await closeAll(contenders);
    return {
      name: 'memory',
      title: `Growth of the heap under a cursor over ${documents} documents`,
      unit: 'MiB',
      scale: 1,
      cases: [{ name: 'heap', per: 1, timings }],
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

/** Between the first tenth of the cursor and the highest that follows, each after a collection of garbage. */
async function heapGrowth(cursor: () => Promise<number>, documents: number): Promise<number> {
  const samples: number[] = [];
  const timer = setInterval(() => {
    globalThis.gc?.();
    samples.push(process.memoryUsage().heapUsed);
  }, 500);
  globalThis.gc?.();
  samples.push(process.memoryUsage().heapUsed);
  const count = await cursor();
  clearInterval(timer);
  if (count !== documents) throw new Error(`The cursor gave ${count} of ${documents} documents`);
  return (Math.max(...samples) - (samples[0] ?? 0)) / MEBIBYTE;
}
