import { mongo } from 'mongoose';

import { databaseFeatures, databaseUri, freshDatabaseName } from '../../support/database';

const name = freshDatabaseName('cursors');
// These look at our gateway; a database that is given by its URI has none.
const onlyGateway = databaseFeatures().gateway ? describe : describe.skip;
const COUNT = 1000;

let client: mongo.MongoClient;
let items: mongo.Collection<{ _id: number; group: number; text: string }>;

beforeAll(async () => {
  client = await mongo.MongoClient.connect(databaseUri(name));
  items = client.db(name).collection('items');
  const documents = Array.from({ length: COUNT }, (_, n) => ({
    _id: n,
    group: n % 7,
    text: 'x'.repeat(200),
  }));
  await items.insertMany(documents);
});

afterAll(async () => {
  await client.db(name).dropDatabase();
  await client.close();
});

/** Asks for the next batch of a cursor that the client does not hold any more. */
function readOn(id: mongo.Long | undefined): Promise<mongo.BSON.Document> {
  return client.db(name).command({ getMore: id, collection: 'items' });
}

onlyGateway('gateway: cursors', () => {
  it('reads on where the last batch ended, in the order asked for', async () => {
    const found = await items.find().sort({ group: -1, _id: 1 }).batchSize(33).toArray();
    const expected = Array.from({ length: COUNT }, (_, n) => n).sort(
      (a, b) => (b % 7) - (a % 7) || a - b,
    );

    expect(found.map((item) => item._id)).toEqual(expected);
  });

  it('reads an aggregation in batches', async () => {
    const stages = [{ $match: { group: { $lt: 3 } } }, { $sort: { text: 1, _id: -1 } }];
    const found = await items.aggregate(stages, { batchSize: 50 }).toArray();

    expect(found).toHaveLength(429);
  });

  it('loses no cursor while many are read at the same time', async () => {
    const reads = Array.from({ length: 60 }, (_, n) =>
      items
        .find({ group: { $ne: n % 7 } })
        .sort(n % 2 === 0 ? { group: 1 } : { _id: -1 })
        .batchSize(20)
        .toArray(),
    );
    const lengths = (await Promise.all(reads)).map((found) => found.length);
    const expected = lengths.map((_, n) => COUNT - Math.ceil((COUNT - (n % 7)) / 7));

    expect(lengths).toEqual(expected);
  });

  it('forgets a cursor that was read to its end', async () => {
    const cursor = items.find().sort({ text: 1 }).batchSize(400);
    await cursor.next();
    const { id } = cursor;
    await cursor.toArray();

    await expect(readOn(id)).rejects.toMatchObject({ code: 43, codeName: 'CursorNotFound' });
  });

  it('forgets a cursor that the client closes early', async () => {
    const cursor = items.find().sort({ text: 1 }).batchSize(10);
    await cursor.next();
    const { id } = cursor;
    const more = await readOn(id);
    await cursor.close();

    expect(more).toMatchObject({ ok: 1 });
    await expect(readOn(id)).rejects.toMatchObject({ code: 43, codeName: 'CursorNotFound' });
  });

  it('respects limit, skip and an empty first batch', async () => {
    expect(
      await items.find().sort({ _id: 1 }).skip(5).limit(30).batchSize(7).toArray(),
    ).toHaveLength(30);
    const page: mongo.BSON.Document = await client
      .db(name)
      .command({ find: 'items', batchSize: 0 });
    expect((page['cursor'] as { firstBatch: unknown[] }).firstBatch).toEqual([]);
  });
});
