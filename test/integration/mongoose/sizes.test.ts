import { type Model, mongo, Schema } from 'mongoose';
import { isFleError } from '../../../src/index';
import { openRig, type Rig } from '../../support/rig';
import { expectSame, expectSameStored, secret, type Twins } from './compare-twins';
import { idOf } from './seed-patients';

type Anything = Record<string, unknown>;

const RANDOM = { algorithm: 'Random', keyAltName: 'sizes' } as const;

let rig: Rig;
let twins: Twins<Anything>;

function schemaOf(fle: Rig['fle'] | undefined): Schema {
  const as = (encrypted: object): object => (fle === undefined ? {} : { encrypted });
  const schema = new Schema({
    name: String,
    text: { type: String, ...as(RANDOM) },
    tags: { type: [String], ...as({ ...RANDOM, algorithm: 'Deterministic' }) },
    details: { type: Schema.Types.Mixed, ...as({ ...RANDOM, whole: true }) },
  });
  if (fle !== undefined) schema.plugin(fle);
  return schema;
}

beforeAll(async () => {
  rig = await openRig('sizes');
  twins = {
    encrypted: rig.connection.model('Size', schemaOf(rig.fle)) as unknown as Model<Anything>,
    plain: rig.twinConnection.model('Size', schemaOf(undefined)) as unknown as Model<Anything>,
  };
});

beforeEach(async () => {
  for (const model of [twins.encrypted, twins.plain]) await model.deleteMany({});
});

afterAll(async () => {
  await rig.close();
});

/** An object of `levels` objects, one within the other. */
function nested(levels: number): Anything {
  let value: Anything = { end: secret('end') };
  for (let level = 1; level < levels; level += 1) value = { a: value };
  return value;
}

describe('what is large', () => {
  it('in one value of 4 MiB is stored and read as the twin does', async () => {
    const text = secret('x')
      .repeat(4 * 1024 * 1024)
      .slice(0, 4 * 1024 * 1024);
    await expectSame(twins, async (model) => {
      await model.create({ _id: idOf(1), text, details: { text: text.slice(0, 1024 * 1024) } });
      return await model.findById(idOf(1)).lean();
    });
    await expectSameStored(rig, twins);
  }, 60_000);

  it('beyond what MongoDB stores is refused, and stores nothing', async () => {
    const text = 'x'.repeat(17 * 1024 * 1024);
    for (const model of [twins.encrypted, twins.plain]) {
      await expect(model.create({ text })).rejects.toThrow();
      expect(await model.countDocuments()).toBe(0);
    }
  }, 60_000);

  it('in an array of 100,000 elements is stored and read as the twin does, while other work goes on', async () => {
    const tags = Array.from({ length: 100_000 }, (_, place) => `${secret('tag')}-${place}`);
    const storing = twins.encrypted.collection.insertOne({ _id: idOf(1), tags });
    let turns = 0;
    const other = setInterval(() => (turns += 1), 0);
    await storing;
    clearInterval(other);
    expect(turns).toBeGreaterThan(50);
    await twins.plain.collection.insertOne({ _id: idOf(1), tags });
    await expectSame(twins, (model) => model.findById(idOf(1)).lean());
    await expectSame(twins, (model) => model.countDocuments({ tags: `${secret('tag')}-99999` }));
  }, 120_000);
});

describe('what is deep', () => {
  it('by 100 levels is stored and read as the twin does, or refused by the database', async () => {
    for (const levels of [50, 95]) {
      await expectSame(twins, async (model) => {
        await model.create({ _id: idOf(levels), details: nested(levels) });
        return await model.findById(idOf(levels)).lean();
      });
    }
    await expectSameStored(rig, twins);
  });

  it.each<readonly [string, (model: Model<Anything>) => unknown]>([
    ['a document', (model) => model.collection.insertOne({ details: nested(10_000) })],
    ['a filter', (model) => model.collection.findOne(deepFilter(10_000) as never)],
    [
      'a pipeline',
      (model) => model.collection.aggregate([{ $match: deepFilter(10_000) }]).toArray(),
    ],
    ['an update', (model) => model.collection.updateOne({}, { $set: { details: nested(10_000) } })],
    ['an array', (model) => model.collection.insertOne({ tags: deepArray(10_000) })],
  ])('by 10,000 levels in %s ends in an error that says so', async (_, attempt) => {
    const error: unknown = await Promise.resolve()
      .then(() => attempt(twins.encrypted))
      .then(
        () => undefined,
        (reason: unknown) => reason,
      );
    expect(error).toBeDefined();
    expect(error).not.toBeInstanceOf(RangeError);
    expect(isFleError(error) || error instanceof mongo.MongoError).toBe(true);
    expect(await twins.encrypted.countDocuments()).toBe(0);
  });
});

function deepFilter(levels: number): Anything {
  let filter: Anything = { text: null };
  for (let level = 1; level < levels; level += 1) filter = { $and: [filter] };
  return filter;
}

function deepArray(levels: number): unknown[] {
  let array: unknown[] = [secret('end')];
  for (let level = 1; level < levels; level += 1) array = [array];
  return array;
}
