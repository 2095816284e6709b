import type { Model } from 'mongoose';
import type { Patient } from '../../support/patient-model';
import { openRig, type Rig } from '../../support/rig';
import { expectSame, secret, SENTINEL, type Twins } from './compare-twins';
import { patientTwins, seed } from './seed-patients';

let rig: Rig;
let twins: Twins<Patient>;

beforeAll(async () => {
  rig = await openRig('explain');
  twins = patientTwins(rig);
  await seed(twins);
});

afterAll(async () => {
  expect(rig.wire.text()).not.toContain(SENTINEL);
  await rig.close();
});

const FILTER = { ssn: secret('ssn'), 'contacts.phone': { $in: [secret('bob'), null] } };
const PIPELINE = [{ $match: { $or: [FILTER, { visits: 3 }] } }, { $match: { name: 'Ada' } }];

/** What the database says that it was asked, without what is of the session. */
function asked(explained: unknown): unknown {
  const [plan] = Array.isArray(explained) ? (explained as unknown[]) : [explained];
  const { command } = plan as { command: Record<string, unknown> };
  const { find, aggregate, distinct, filter, query, pipeline, key } = command;
  return { find, aggregate, distinct, filter, query, pipeline, key };
}

describe('explain', () => {
  it.each<readonly [string, (model: Model<Patient>) => unknown]>([
    ['find', (model) => model.find(FILTER).explain()],
    ['find, by option', (model) => model.find(FILTER, null, { explain: 'queryPlanner' })],
    ['find, by cursor', (model) => model.collection.find(FILTER as never).explain()],
    ['findOne', (model) => model.findOne(FILTER).explain()],
    ['distinct', (model) => model.distinct('name', FILTER).explain()],
    ['aggregate', (model) => model.aggregate(PIPELINE).explain()],
  ])('of %s shows the values that were asked for', async (_, explain) => {
    const outcome = await expectSame(twins, async (model) => asked(await explain(model)));
    expect(JSON.stringify(outcome)).toContain(secret('ssn'));
  });

  it('does not change what the driver tells of the command', async () => {
    const replies: unknown[] = [];
    rig.connection.getClient().on('commandSucceeded', ({ commandName, reply }) => {
      if (commandName === 'explain') replies.push(reply);
    });
    await twins.encrypted.find(FILTER).explain();
    expect(replies).toHaveLength(1);
    expect(JSON.stringify(replies)).not.toContain(SENTINEL);
  });
});
