import { mongo } from 'mongoose';

import { databaseFeatures, databaseUri, freshDatabaseName } from '../../support/database';

const name = freshDatabaseName('errors');
// These look at our gateway; a database that is given by its URI has none.
const onlyGateway = databaseFeatures().gateway ? describe : describe.skip;

interface Item {
  _id: number;
  email?: string;
  nested?: { a: number };
  n?: number;
  text?: string;
}

let client: mongo.MongoClient;
let items: mongo.Collection<Item>;

beforeAll(async () => {
  client = await mongo.MongoClient.connect(databaseUri(name));
  items = client.db(name).collection('items');
  await items.createIndex({ email: 1 }, { unique: true, sparse: true }, {});
  await items.createIndex({ 'nested.a': 1, n: -1 }, { unique: true, sparse: true }, {});
  await items.insertMany([
    { _id: 1, email: 'a' },
    { _id: 2, nested: { a: 1 }, n: 1 },
    { _id: 3, text: 'text' },
  ]);
});

afterAll(async () => {
  await client.db(name).dropDatabase();
  await client.close();
});

onlyGateway('gateway: duplicate keys', () => {
  it('names the index and the value when an insert is refused', async () => {
    await expect(items.insertOne({ _id: 10, email: 'a' })).rejects.toMatchObject({
      code: 11000,
      message: `E11000 duplicate key error collection: ${name}.items index: email_1 dup key: { email: "a" }`,
      keyPattern: { email: 1 },
      keyValue: { email: 'a' },
    });
    await expect(items.insertOne({ _id: 1 })).rejects.toMatchObject({
      code: 11000,
      keyPattern: { _id: 1 },
      keyValue: { _id: 1 },
    });
  });

  it('names each part of a compound index', async () => {
    await expect(items.insertOne({ _id: 11, nested: { a: 1 }, n: 1 })).rejects.toMatchObject({
      keyPattern: { 'nested.a': 1, n: -1 },
      keyValue: { 'nested.a': 1, n: 1 },
    });
  });

  it('names the index when an update is refused', async () => {
    await expect(items.updateOne({ _id: 3 }, { $set: { email: 'a' } })).rejects.toMatchObject({
      code: 11000,
      keyPattern: { email: 1 },
    });
  });

  it('says the same when findAndModify is refused', async () => {
    const duplicate = {
      code: 11000,
      codeName: 'DuplicateKey',
      keyPattern: { email: 1 },
      keyValue: { email: 'a' },
    };
    await expect(
      items.findOneAndUpdate({ _id: 3 }, { $set: { email: 'a' } }),
    ).rejects.toMatchObject(duplicate);
    await expect(
      items.findOneAndUpdate({ _id: 12 }, { $set: { email: 'a' } }, { upsert: true }),
    ).rejects.toMatchObject(duplicate);
    await expect(
      items.findOneAndUpdate({ text: 'none' }, { $setOnInsert: { _id: 1 } }, { upsert: true }),
    ).rejects.toMatchObject({ code: 11000, keyPattern: { _id: 1 }, keyValue: { _id: 1 } });
  });

  it('goes on after a duplicate in an unordered bulk write only', async () => {
    const writes = (first: number): mongo.AnyBulkWriteOperation<Item>[] => [
      { insertOne: { document: { _id: first } } },
      { insertOne: { document: { _id: 1 } } },
      { insertOne: { document: { _id: first + 1 } } },
    ];
    const ordered = items.bulkWrite(writes(100));
    await expect(ordered).rejects.toMatchObject({ code: 11000, result: { insertedCount: 1 } });
    const unordered = items.bulkWrite(writes(200), { ordered: false });
    await expect(unordered).rejects.toMatchObject({ code: 11000, result: { insertedCount: 2 } });
    await expect(unordered).rejects.toHaveProperty('writeErrors.0.index', 1);
  });

  it('reports a duplicate inside a bulk write over several collections', async () => {
    const operation = {
      name: 'insertOne',
      namespace: `${name}.items`,
      document: { _id: 1 },
    } as const;
    const failure: unknown = await client
      .bulkWrite<Record<string, Item>>([operation])
      .catch((error: unknown) => error);

    expect(failure).toBeInstanceOf(mongo.MongoClientBulkWriteError);
    expect((failure as mongo.MongoClientBulkWriteError).writeErrors.get(0)).toMatchObject({
      code: 11000,
    });
  });

  it('lets exactly one of many racing inserts win', async () => {
    const racing = Array.from({ length: 24 }, (_, n) =>
      items.insertOne({ _id: 300 + n, email: 'race' }),
    );
    const outcomes = await Promise.allSettled(racing);

    const codes = outcomes.map((o) =>
      o.status === 'fulfilled' ? 0 : (o.reason as { code: number }).code,
    );
    expect(codes.filter((code) => code === 0)).toHaveLength(1);
    expect(codes.filter((code) => code === 11000)).toHaveLength(23);
  });

  it('lets exactly one of many racing upserts insert', async () => {
    const racing = Array.from({ length: 24 }, () =>
      items.updateOne({ _id: 400 }, { $inc: { n: 1 } }, { upsert: true }),
    );
    const outcomes = await Promise.allSettled(racing);
    const failures = outcomes.filter((outcome) => outcome.status === 'rejected');

    for (const failure of failures) expect(failure.reason).toMatchObject({ code: 11000 });
    expect(await items.findOne({ _id: 400 })).toEqual({ _id: 400, n: 24 - failures.length });
  });
});

onlyGateway('gateway: error codes', () => {
  it.each<[string, number, () => Promise<unknown>]>([
    ['an unknown update operator', 9, () => items.updateOne({}, { $foo: { a: 1 } })],
    [
      'an increment of text',
      14,
      () => items.updateOne({ _id: 3 }, { $inc: { text: 1 } } as object),
    ],
    ['a path through a scalar', 28, () => items.updateOne({ _id: 1 }, { $set: { 'email.b': 1 } })],
    [
      'two operators on one path',
      40,
      () => items.updateOne({ _id: 1 }, { $set: { n: 1 }, $unset: { n: 1 } }),
    ],
    ['an empty path', 56, () => items.updateOne({ _id: 1 }, { $set: { '': 1 } })],
    ['a change of _id', 66, () => items.updateOne({ _id: 1 }, { $set: { _id: 5 } })],
    ['an unknown filter operator', 2, () => items.findOne({ n: { $foo: 1 } } as object)],
    ['an unknown stage', 40324, () => items.aggregate([{ $foo: 1 }]).toArray()],
    [
      'the indexes of no collection',
      26,
      () => client.db(name).collection('none').listIndexes().toArray(),
    ],
    ['the drop of an unknown index', 27, () => items.dropIndex('none')],
    ['an index that differs from its namesake', 86, () => items.createIndex({ email: 1 }, {}, {})],
  ])('has the code of MongoDB for %s', async (_, code, attempt) => {
    await expect(attempt()).rejects.toMatchObject({ code });
  });

  it('ends a command that takes longer than its maxTimeMS', async () => {
    const numbers = client.db(name).collection('numbers');
    await numbers.insertMany(Array.from({ length: 2000 }, (_, n) => ({ n })));
    const slow = [
      { $lookup: { from: 'numbers', pipeline: [{ $match: { n: { $mod: [7, 3] } } }], as: 'all' } },
      { $group: { _id: null, n: { $sum: { $size: '$all' } } } },
    ];

    await expect(numbers.aggregate(slow, { maxTimeMS: 5 }).toArray()).rejects.toMatchObject({
      code: 50,
      codeName: 'MaxTimeMSExpired',
    });
    // The limit does not stay on the connection that it was set on.
    await expect(numbers.countDocuments()).resolves.toBe(2000);
  });
});
