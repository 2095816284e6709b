import { mongo } from 'mongoose';

import { databaseFeatures, databaseUri, freshDatabaseName } from '../../support/database';

const name = freshDatabaseName('indexes');
const onlyGateway = databaseFeatures().gateway ? describe : describe.skip;

let client: mongo.MongoClient;
let database: mongo.Db;

beforeAll(async () => {
  client = await mongo.MongoClient.connect(databaseUri(name));
  database = client.db(name);
});

afterAll(async () => {
  await database.dropDatabase();
  await client.close();
});

onlyGateway('gateway: indexes', () => {
  it('holds a unique index as soon as it has answered, also on a collection with documents', async () => {
    const items = database.collection('unique');
    await items.insertMany(Array.from({ length: 200 }, (_, n) => ({ n })));

    await items.createIndex({ n: 1 }, { unique: true }, {});

    await expect(items.insertOne({ n: 5 })).rejects.toMatchObject({ code: 11000 });
    expect((await items.indexes()).map((index) => index.name)).toEqual(['_id_', 'n_1']);
    await items.dropIndex('n_1');
    await items.insertOne({ n: 5 });
  });

  it('refuses to build a unique index over duplicates, naming them', async () => {
    const items = database.collection('duplicates');
    await items.insertMany([{ n: 7 }, { n: 7 }]);

    await expect(items.createIndex({ n: 1 }, { unique: true }, {})).rejects.toMatchObject({
      code: 11000,
      codeName: 'DuplicateKey',
      keyPattern: { n: 1 },
      keyValue: { n: 7 },
    });
    expect(await items.indexes()).toHaveLength(1);
  });

  it('builds indexes of many collections at the same time', async () => {
    const built = Array.from({ length: 12 }, async (_, n) => {
      const items = database.collection(`parallel${n}`);
      await items.insertOne({ a: 1 });
      await items.createIndexes([{ key: { a: 1 }, unique: true }, { key: { b: 1 } }]);
      return items.indexes();
    });

    for (const indexes of await Promise.all(built)) expect(indexes).toHaveLength(3);
  });
});
