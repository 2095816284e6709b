import { mongo } from 'mongoose';

import { databaseFeatures, databaseUri, freshDatabaseName } from '../../support/database';

const name = freshDatabaseName('change_streams');
// A database that is given by its URI may have no change streams.
const ifWatching = databaseFeatures().changeStreams ? describe : describe.skip;

interface Item {
  _id: number;
  a?: number;
  list?: number[];
  inner?: { b?: number; c?: number };
}

let client: mongo.MongoClient;
let items: mongo.Collection<Item>;
let streams: mongo.ChangeStream<Item>[];

beforeAll(async () => {
  client = await mongo.MongoClient.connect(databaseUri(name));
});

beforeEach(async () => {
  streams = [];
  items = client.db(name).collection(freshDatabaseName('items'));
  await items.insertOne({ _id: 1, a: 1, list: [1, 2], inner: { b: 1 } });
});

afterEach(async () => {
  for (const stream of streams) await stream.close();
});

afterAll(async () => {
  await client.db(name).dropDatabase();
  await client.close();
});

/** A stream that is open: what is written from now on is told. */
async function opened(
  pipeline: mongo.Document[] = [],
  options: mongo.ChangeStreamOptions = {},
): Promise<mongo.ChangeStream<Item>> {
  const stream = items.watch(pipeline, { maxAwaitTimeMS: 50, ...options });
  streams.push(stream);
  await stream.tryNext();
  return stream;
}

async function changesOf(
  stream: mongo.ChangeStream<Item>,
  count: number,
): Promise<mongo.ChangeStreamDocument<Item>[]> {
  const changes: mongo.ChangeStreamDocument<Item>[] = [];
  while (changes.length < count) changes.push(await stream.next());
  return changes;
}

ifWatching('change streams', () => {
  it('tell what was inserted, changed, replaced and deleted, in order', async () => {
    const stream = await opened([], { fullDocument: 'updateLookup' });
    await items.insertOne({ _id: 2 });
    await items.updateOne({ _id: 1 }, { $set: { a: 2, 'inner.c': 3 }, $push: { list: 3 } });
    await items.replaceOne({ _id: 2 }, { a: 7 });
    await items.deleteOne({ _id: 2 });

    expect(await changesOf(stream, 4)).toMatchObject([
      { operationType: 'insert', documentKey: { _id: 2 }, fullDocument: { _id: 2 } },
      {
        operationType: 'update',
        documentKey: { _id: 1 },
        fullDocument: { _id: 1, a: 2, list: [1, 2, 3], inner: { b: 1, c: 3 } },
        updateDescription: {
          updatedFields: { a: 2, 'inner.c': 3, 'list.2': 3 },
          removedFields: [],
          truncatedArrays: [],
        },
      },
      { operationType: 'replace', documentKey: { _id: 2 }, fullDocument: { _id: 2, a: 7 } },
      { operationType: 'delete', documentKey: { _id: 2 } },
    ]);
  });

  it('tell removed fields and shortened arrays', async () => {
    const stream = await opened();
    await items.updateOne({ _id: 1 }, [{ $set: { list: { $slice: ['$list', 1] } } }]);
    await items.updateOne({ _id: 1 }, { $unset: { 'inner.b': 1 } });

    expect(await stream.next()).toMatchObject({
      updateDescription: { updatedFields: {}, truncatedArrays: [{ field: 'list', newSize: 1 }] },
    });
    expect(await stream.next()).toMatchObject({
      updateDescription: { updatedFields: {}, removedFields: ['inner.b'] },
    });
  });

  it('pass through the stages behind them', async () => {
    const stream = await opened([
      { $match: { 'fullDocument.a': 5 } },
      { $project: { 'fullDocument.a': 1 } },
    ]);
    await items.insertMany([
      { _id: 2, a: 4 },
      { _id: 3, a: 5 },
    ]);

    expect(await stream.next()).toMatchObject({ fullDocument: { a: 5 } });
    expect(await stream.tryNext()).toBeNull();
  });

  it('tell what a transaction wrote once it is committed', async () => {
    const stream = await opened();
    await client.withSession(async (session) => {
      await session.withTransaction(async () => {
        await items.insertOne({ _id: 2 }, { session });
        expect(await stream.tryNext()).toBeNull();
      });
    });

    expect(await stream.next()).toMatchObject({ operationType: 'insert', documentKey: { _id: 2 } });
  });

  it('go on behind the token that they are given', async () => {
    const stream = await opened();
    await items.insertMany([{ _id: 2 }, { _id: 3 }]);
    const { _id: token } = await stream.next();
    await stream.close();
    await items.deleteOne({ _id: 2 });

    const resumed = items.watch([], { resumeAfter: token });
    streams.push(resumed);
    expect(await changesOf(resumed, 2)).toMatchObject([
      { operationType: 'insert', documentKey: { _id: 3 } },
      { operationType: 'delete', documentKey: { _id: 2 } },
    ]);
  });

  it('end with their collection', async () => {
    const stream = await opened();
    await items.drop();

    expect(await stream.next()).toMatchObject({ operationType: 'drop' });
    expect(await stream.next()).toMatchObject({ operationType: 'invalidate' });
    await expect(stream.next()).rejects.toThrow(/closed/);
  });

  it('end while they wait', async () => {
    const stream = items.watch([], { maxAwaitTimeMS: 60_000 });
    const waiting = stream.next().then(
      () => 'changed',
      () => 'closed',
    );
    await new Promise((resolve) => setTimeout(resolve, 100));
    await stream.close();

    expect(await waiting).toBe('closed');
  });
});
