import fc from 'fast-check';
import type { Model } from 'mongoose';
import { isFleError } from '../../../src/index';
import type { Patient } from '../../support/patient-model';
import { openRig, type Rig } from '../../support/rig';
import { type Step, step } from './arbitrary-operations';
import { expectSameStored, type Outcome, outcomeOf, type Twins } from './compare-twins';
import { idOf, patientTwins } from './seed-patients';

const RUNS = Number(process.env['FLE_PROPERTY_RUNS'] ?? 150);
const SEED = Number(process.env['FLE_PROPERTY_SEED'] ?? Date.now() % 2 ** 31);
const LIMIT = RUNS > 150 ? 3_600_000 : 22_000;

/** What a twin may be refused, as it is documented. */
const REFUSALS: ReadonlySet<string> = new Set([
  'FLE_UNSUPPORTED_FILTER',
  'FLE_UNSUPPORTED_UPDATE',
  'FLE_UNSUPPORTED_OPERATION',
]);

let rig: Rig;
let twins: Twins<Patient>;

beforeAll(async () => {
  rig = await openRig('property');
  twins = patientTwins(rig);
});

afterAll(async () => {
  await rig.close();
});

/** Mongoose casts what it is given in place, so each of the twins is given its own. */
function copyOf<T>(value: T): T {
  if (Array.isArray(value)) return value.map(copyOf) as T;
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if ('_bsontype' in value) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, copyOf(inner as unknown)]);
  return Object.fromEntries(entries) as T;
}

async function update(
  model: Model<Patient>,
  { how, id, update: change }: Extract<Step, { kind: 'update' }>,
): Promise<unknown> {
  const filter = { _id: idOf(id) };
  switch (how) {
    case 'updateOne':
      return await model.updateOne(filter, change);
    case 'updateMany':
      return await model.updateMany({}, change);
    case 'findOneAndUpdate':
      return await model.findOneAndUpdate(filter, change, { returnDocument: 'after' }).lean();
    case 'bulkWrite':
      return (await model.bulkWrite([{ updateOne: { filter, update: change } }] as never))
        .matchedCount;
  }
}

async function save(
  model: Model<Patient>,
  { id, changes }: Extract<Step, { kind: 'save' }>,
): Promise<unknown> {
  const document = await model.findById(idOf(id));
  if (document === null) return null;
  for (const [path, value] of changes) document.set(path, value);
  const dirty = [document.modifiedPaths(), document.toObject()];
  await document.save();
  return [dirty, document.modifiedPaths(), document.toObject()];
}

async function take(model: Model<Patient>, given: Step, place: number): Promise<unknown> {
  const taken = copyOf(given);
  switch (taken.kind) {
    case 'insert':
      return await model.create({ ...taken.document, _id: idOf(place) });
    case 'replace':
      return await model.replaceOne({ _id: idOf(taken.id) }, taken.document);
    case 'update':
      return await update(model, taken);
    case 'save':
      return await save(model, taken);
    case 'find':
      return [
        await model.find(copyOf(taken.filter), taken.select).sort({ _id: 1 }).lean(),
        (await model.find(taken.filter).sort({ _id: 1 })).map((each) => each.toObject()),
      ];
    case 'ask':
      return [
        await model.countDocuments(copyOf(taken.filter)),
        (await model.distinct(taken.distinct, taken.filter)).map(String).sort(),
      ];
    case 'delete':
      return await model.deleteMany(taken.filter);
  }
}

/** Runs one step on both, or on neither where it is refused. */
async function takeBoth(given: Step, place: number): Promise<void> {
  const errors: unknown[] = [];
  const seen = await outcomeOf(() =>
    take(twins.encrypted, given, place).catch((error: unknown) => {
      errors.push(error);
      throw error;
    }),
  );
  if (errors.some((error) => isFleError(error) && REFUSALS.has(error.code))) return;
  const expected = await outcomeOf(() => take(twins.plain, given, place));
  expect(comparable(seen)).toStrictEqual(comparable(expected));
}

/** The server's messages quote what it was sent; it counts Random values as modified that were set to what they were. */
function comparable(outcome: Outcome): unknown {
  if ('error' in outcome) return outcome.error.name;
  const { result } = outcome;
  return typeof result === 'object' && result !== null && 'modifiedCount' in result
    ? { ...result, modifiedCount: undefined }
    : result;
}

describe('a model with encrypted fields', () => {
  it(
    `cannot be told from its twin but by what is refused (seed ${SEED})`,
    async () => {
      const stories = fc.asyncProperty(
        fc.array(step, { minLength: 3, maxLength: 10 }),
        async (steps) => {
          for (const model of [twins.encrypted, twins.plain]) {
            await model.deleteMany({});
            await model.create({ _id: idOf(1), ssn: 'a', allergies: ['a', 'b'], notes: ['a'] });
          }
          for (const [place, each] of steps.entries()) await takeBoth(each, place + 2);
          await expectSameStored(rig, twins);
        },
      );
      await fc.assert(stories, {
        seed: SEED,
        numRuns: RUNS,
        interruptAfterTimeLimit: LIMIT,
        endOnFailure: RUNS <= 150,
      });
    },
    LIMIT + 10_000,
  );
});
