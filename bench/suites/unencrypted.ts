import type { ModelContender } from '../contenders/model-contender';
import { openPlain, openUndeclared } from '../contenders/mongoose-contender';
import { type Contender, measure, type Rounds } from '../measure';
import { PLAIN_AGAIN } from '../report/find-figures';
import type { Suite } from '../suite';
import { ONE_BY_ONE, people } from '../workload';
import { closeAll, fill, roundsOf } from './models';

const DOCUMENTS = 1000;
const FIELDS = 5;
const ROUNDS: Rounds = { warming: 10, timed: 25 };

/**
 * A model without encrypted fields, with the plugin and without it: nobody should see which. The one without it is measured twice: what
 * differs no more than these two does not differ.
 */
export const unencrypted: Suite = {
  name: 'unencrypted',
  run: async (place) => {
    const options = { place, fields: FIELDS };
    const contenders = [
      await openPlain({ ...options, collection: 'withoutPlugin' }),
      await openUndeclared({ ...options, collection: 'withPlugin' }),
      { ...(await openPlain({ ...options, collection: 'withoutAgain' })), name: PLAIN_AGAIN },
    ];
    const many = people(place.quick ? 100 : DOCUMENTS, FIELDS);
    const few = many.slice(0, place.quick ? 20 : ONE_BY_ONE);
    await fill(contenders, many);
    const reading = (runOf: (contender: ModelContender) => () => Promise<unknown>): Contender[] =>
      contenders.map((contender) => ({ name: contender.name, run: runOf(contender) }));
    const works: [string, Contender[]][] = [
      ['find().lean()', reading(({ findLean }) => findLean)],
      ['find(), hydrated', reading(({ findHydrated }) => findHydrated)],
      [
        'cursor',
        reading(
          ({ cursor }) =>
            () =>
              cursor(),
        ),
      ],
      [`insertMany of ${many.length}`, writing(contenders, ({ insertMany }) => insertMany(many))],
      [`save(), ${few.length} one by one`, writing(contenders, ({ saveEach }) => saveEach(few))],
    ];
    const cases = [];
    for (const [name, run] of works) {
      cases.push({ name, per: 1, timings: await measure(run, roundsOf(place, ROUNDS)) });
    }
    await closeAll(contenders);
    const title = `A model without encrypted fields, without and with the plugin: ${many.length} documents`;
    return { name: 'unencrypted', title, unit: 'ms', scale: 1, cases };
  },
};

function writing(
  contenders: readonly ModelContender[],
  write: (contender: ModelContender) => Promise<void>,
): Contender[] {
  return contenders.map((contender) => ({
    name: contender.name,
    before: contender.clear,
    run: () => write(contender),
  }));
}
