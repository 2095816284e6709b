import mongoose, { type Connection, type Model, Schema } from 'mongoose';
import { openRig, type Rig, storedAs } from '../../support/rig';
import { visibleText } from '../../support/wire-monitor';
import { outcomeOf, refusalOf, secret, SENTINEL } from './compare-twins';

type Anything = Record<string, unknown>;

let rig: Rig;

beforeAll(async () => {
  rig = await openRig('collections');
});

afterEach(() => {
  for (const connection of [rig.connection, rig.twinConnection]) {
    for (const name of Object.keys(connection.models)) connection.deleteModel(name);
  }
  expect(rig.wire.text()).not.toContain(SENTINEL);
  rig.wire.clear();
});

afterAll(async () => {
  await rig.close();
});

const encrypted = { algorithm: 'Deterministic', keyAltName: 'things' } as const;

/** A model on `connection` whose pin is encrypted, or its twin. */
function thingsOn(connection: Connection, options: object, plugged: boolean): Model<Anything> {
  const pin = plugged ? { type: String, encrypted } : String;
  const schema = new Schema({ name: String, at: Date, pin }, options);
  schema.index({ pin: 1 });
  schema.index({ name: 1 });
  if (plugged) schema.plugin(rig.fle);
  return connection.model('Thing', schema) as unknown as Model<Anything>;
}

/** What `attempt` does to the model with `options` is what it does to the twin. */
async function expectSame(
  options: object,
  attempt: (model: Model<Anything>) => unknown,
): Promise<unknown> {
  const outcome = await outcomeOf(() => attempt(thingsOn(rig.connection, options, true)));
  const twin = await outcomeOf(() => attempt(thingsOn(rig.twinConnection, options, false)));
  expect(outcome).toStrictEqual(twin);
  return outcome;
}

const storeAndFind = async (model: Model<Anything>): Promise<unknown> => {
  await model.createCollection();
  await model.insertMany([{ name: 'Ada', at: new Date(0), pin: secret('pin') }]);
  return await model.find({ pin: secret('pin') }, { _id: 0, name: 1, at: 1, pin: 1 }).lean();
};

describe('a collection', () => {
  it.each<readonly [string, object]>([
    ['plain', { collection: 'plain' }],
    ['capped', { collection: 'capped', capped: { size: 4096, max: 10 } }],
    ['of time series', { collection: 'series', timeseries: { timeField: 'at' }, _id: false }],
    ['with options', { collection: 'options', collectionOptions: { validationLevel: 'off' } }],
  ])('%s is made, written and read as the twin’s is', async (_, options) => {
    await expectSame({ versionKey: false, ...options }, storeAndFind);
    const { collection } = options as { collection: string };
    const stored = await rig.raw(collection);
    expect(stored.map(({ pin }) => storedAs(pin))).toEqual(stored.map(() => 'Deterministic'));
  });

  it('that is a view is read as the twin’s is', async () => {
    const read = async (model: Model<Anything>): Promise<unknown> => {
      await model.insertMany([{ name: 'Ada', pin: secret('pin') }]);
      await model.db.createCollection('seen', { viewOn: 'viewed', pipeline: [] });
      const seen = model.schema.clone().set('collection', 'seen');
      const Seen = model.db.model('Seen', seen) as unknown as Model<Anything>;
      return await Seen.find({ pin: secret('pin') }, { _id: 0, pin: 1 }).lean();
    };
    await expectSame({ collection: 'viewed' }, read);
  });

  it('has its indexes compared, made, kept and cleaned as the twin’s', async () => {
    const outcome = await expectSame({ collection: 'indexed' }, async (model) => {
      await model.createCollection();
      const before = await model.diffIndexes();
      const dropped = await model.syncIndexes();
      await model.collection.createIndex({ other: 1 }, {}, {});
      const between = await model.diffIndexes();
      const cleaned = await model.cleanIndexes();
      const left = (await model.listIndexes()) as { key: object }[];
      return [before, dropped, between, cleaned, left.map(({ key }) => key)];
    });
    expect(outcome).toMatchObject({
      result: [{ toDrop: [] }, [], { toDrop: ['other_1'], toCreate: [] }, ['other_1'], {}],
    });
  });
});

describe('a model', () => {
  it('that overwrites another of the same fields encrypts, and is refused with others', async () => {
    const over = (pin: object): Model<Anything> => {
      const schema = new Schema({ pin, name: String }, { collection: 'over' }).plugin(rig.fle);
      const options = { overwriteModels: true };
      return rig.connection.model('Over', schema, undefined, options) as unknown as Model<Anything>;
    };
    const models = [over({ type: String, encrypted }), over({ type: String, encrypted })];
    for (const model of models) await model.create({ pin: secret('over') });
    const stored = await rig.raw('over');
    expect(stored.map(({ pin }) => storedAs(pin))).toEqual(['Deterministic', 'Deterministic']);
    expect(() => over({ type: String })).toThrow(
      expect.objectContaining({ code: 'FLE_INVALID_DECLARATION' }) as Error,
    );
  });

  it('of a connection that does not buffer fails as its twin does before it is open', async () => {
    for (const attempt of [
      (model: Model<Anything>) => model.findOne({ pin: secret('x') }),
      (model: Model<Anything>) => model.create({ pin: secret('x') }),
      (model: Model<Anything>) => model.updateOne({}, { pin: secret('x') }),
    ]) {
      const outcomes = [true, false].map(async (plugged) => {
        const connection = new mongoose.Mongoose().createConnection();
        return await outcomeOf(() =>
          attempt(
            thingsOn(
              connection,
              { bufferCommands: false, autoCreate: false, autoIndex: false },
              plugged,
            ),
          ),
        );
      });
      const [own, twin] = await Promise.all(outcomes);
      expect(own).toEqual(twin);
      expect(own).toHaveProperty('error');
    }
  });

  it('of a recursive schema encrypts at every depth', async () => {
    const schema = new Schema({ pin: { type: String, encrypted } }, { collection: 'trees' });
    schema.add({ kids: [schema], last: { type: schema } } as never);
    schema.plugin(rig.fle);
    const Trees = rig.connection.model('Tree', schema) as unknown as Model<Anything>;
    const leaf = (name: string): object => ({ pin: secret(name) });
    await Trees.create({
      ...leaf('a'),
      kids: [{ ...leaf('b'), last: leaf('c') }],
      last: leaf('d'),
    });
    const raw = visibleText(await rig.raw('trees'));
    expect(raw.includes(SENTINEL)).toBe(false);
    expect(raw.match(/Binary/g)).toHaveLength(4);
    expect(await Trees.findOne({ 'kids.last.pin': secret('c') }).lean()).toMatchObject({
      ...leaf('a'),
      kids: [{ ...leaf('b'), last: leaf('c') }],
      last: leaf('d'),
    });
  });

  it('is refused where discriminators of an array declare a path differently', () => {
    const item = new Schema({ name: String }, { discriminatorKey: 'kind' });
    const schema = new Schema({ items: [item] });
    const items = schema.path<Schema.Types.DocumentArray>('items');
    items.discriminator('One', new Schema({ pin: { type: String, encrypted } }));
    items.discriminator('Two', new Schema({ pin: String }));
    expect(() => schema.plugin(rig.fle)).toThrow(
      expect.objectContaining({ code: 'FLE_INVALID_DECLARATION' }) as Error,
    );
  });
});

describe('a model without encrypted fields', () => {
  beforeEach(async () => {
    const Things = thingsOn(rig.connection, { collection: 'things' }, true);
    await Things.deleteMany({});
    await Things.create({ name: 'Ada', pin: secret('pin') });
  });

  const clear = (): Model<Anything> =>
    rig.connection.model(
      'Clear',
      new Schema({ name: String, pin: String }, { collection: 'clears' }).plugin(rig.fle),
    ) as unknown as Model<Anything>;

  it.each<readonly [string, object]>([
    ['$merge', { $merge: { into: 'things', on: '_id', whenMatched: 'replace' } }],
    ['$out', { $out: 'things' }],
    [
      '$lookup',
      {
        $lookup: { from: 'things', as: 'x', pipeline: [{ $match: { pin: { $gt: secret('a') } } }] },
      },
    ],
    ['$unionWith', { $unionWith: { coll: 'things', pipeline: [{ $match: { pin: /a/ } }] } }],
    [
      '$graphLookup',
      {
        $graphLookup: {
          from: 'things',
          startWith: '$name',
          connectFromField: 'pin',
          connectToField: 'pin',
          as: 'x',
        },
      },
    ],
  ])('reaches into a collection with some by %s only with a refusal', async (_, stage) => {
    const Clear = clear();
    await Clear.init(); // which creates the collection
    const attempt = (): unknown => Clear.aggregate([{ $match: {} }, stage] as never);
    expect((await refusalOf(rig, attempt)).code).toMatch(/^FLE_UNSUPPORTED_/);
    const stored = await rig.raw('things');
    expect(stored.map(({ pin }) => storedAs(pin))).toEqual(['Deterministic']);
  });
});
