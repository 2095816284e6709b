import type { ModelContender } from '../contenders/model-contender';
import { measure, type Rounds } from '../measure';
import type { Suite } from '../suite';
import { ONE_BY_ONE, people } from '../workload';
import { closeAll, contendersFor, fill, openContenders, roundsOf } from './models';

const DOCUMENTS = 1000;
const FIELDS = 5;
const ROUNDS: Rounds = { warming: 10, timed: 15 };

type RunOf = (contender: ModelContender) => (() => Promise<unknown>) | undefined;

/** What is read back of documents with five encrypted fields. */
export const reads: Suite = {
  name: 'reads',
  run: async (place) => {
    const everybody = people(place.quick ? 100 : DOCUMENTS, FIELDS);
    const contenders = await openContenders(place, FIELDS);
    await fill(contenders, everybody);
    await place.connection.collection(`plain${FIELDS}`).createIndex({ ssn: 1 }, {}, {});
    await place.connection.collection(`ours${FIELDS}`).createIndex({ ssn: 1 }, {}, {});
    await place.connection.collection(`byHand${FIELDS}`).createIndex({ ssn: 1 }, {}, {});
    const ssns = everybody.slice(0, ONE_BY_ONE).map(({ ssn = '' }) => ssn);
    const works: [string, RunOf][] = [
      ['find().lean()', ({ findLean }) => findLean],
      ['find(), hydrated', ({ findHydrated }) => findHydrated],
      [
        'cursor',
        ({ cursor }) =>
          () =>
            cursor(),
      ],
      ['aggregate', ({ aggregate }) => aggregate],
      [
        `${ssns.length} searches by an encrypted value`,
        ({ search }) => search && (() => search(ssns)),
      ],
    ];
    const cases = [];
    for (const [name, runOf] of works) {
      const timings = await measure(contendersFor(contenders, runOf), roundsOf(place, ROUNDS));
      cases.push({ name, per: 1, timings });
    }
    await closeAll(contenders);
    const title = `Reading ${everybody.length} documents of ${FIELDS} encrypted fields`;
    return { name: 'reads', title, unit: 'ms', scale: 1, cases };
  },
};
