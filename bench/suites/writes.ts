import { openGivenCiphertext } from '../contenders/given-ciphertext';
import { measure, type Rounds } from '../measure';
import type { Suite } from '../suite';
import { ONE_BY_ONE, people } from '../workload';
import { closeAll, openContenders, roundsOf, writersOf } from './models';

const DOCUMENTS = 1000;
const FIELDS = 5;
const ROUNDS: Rounds = { warming: 10, timed: 15 };

/** What is written of documents with five encrypted fields. */
export const writes: Suite = {
  name: 'writes',
  run: async (place) => {
    const contenders = await openContenders(place, FIELDS);
    const many = people(place.quick ? 100 : DOCUMENTS, FIELDS);
    const few = many.slice(0, ONE_BY_ONE);
    const given = await openGivenCiphertext({ place, fields: FIELDS, collection: 'given' }, many);
    const inserting = [...writersOf(contenders), given].map(({ name, clear, insertMany }) => ({
      name,
      before: clear,
      run: () => insertMany(many),
    }));
    const saving = writersOf(contenders).map(({ name, clear, saveEach }) => ({
      name,
      before: clear,
      run: () => saveEach(few),
    }));
    const cases = [];
    for (const [name, works] of [
      [`insertMany of ${many.length}`, inserting],
      [`save(), ${few.length} one by one`, saving],
    ] as const) {
      cases.push({ name, per: 1, timings: await measure(works, roundsOf(place, ROUNDS)) });
    }
    await closeAll(contenders);
    await given.close();
    const title = `Writing documents of ${FIELDS} encrypted fields`;
    return { name: 'writes', title, unit: 'ms', scale: 1, cases };
  },
};
