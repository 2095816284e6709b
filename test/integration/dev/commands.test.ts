import { mongo } from 'mongoose';

import { databaseFeatures, databaseUri, freshDatabaseName } from '../../support/database';

const name = freshDatabaseName('commands');
// These look at our gateway; a database that is given by its URI has none.
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

onlyGateway('gateway: values', () => {
  it('keeps the type of every BSON value on its way in and out', async () => {
    const { Binary, Decimal128, Double, Int32, Long, ObjectId, Timestamp } = mongo;
    const document = {
      _id: new ObjectId(),
      int32: new Int32(5),
      int64: Long.fromString('9007199254740993'),
      double: new Double(5),
      negativeZero: new Double(-0),
      notANumber: new Double(NaN),
      decimal: Decimal128.fromString('1.10'),
      date: new Date(-1),
      ciphertext: new Binary(Buffer.from('0102', 'hex'), 6),
      uuid: new mongo.UUID().toBinary(),
      timestamp: new Timestamp({ t: 1, i: 2 }),
      expression: new mongo.BSONRegExp('^a', 'i'),
      nothing: null,
      text: 'a\0b ü',
      min: new mongo.MinKey(),
      max: new mongo.MaxKey(),
      nested: { list: [new Int32(1), [new Double(1)], {}] },
    };
    const collection = database.collection<typeof document>('values');
    await collection.insertOne(document);

    const found = await collection.findOne({}, { raw: true });

    expect(Buffer.from(found as unknown as Uint8Array)).toEqual(
      Buffer.from(mongo.BSON.serialize(document)),
    );
  });
});

onlyGateway('gateway: commands', () => {
  it('answers what a driver and Mongoose ask of a server', async () => {
    await expect(database.command({ ping: 1 })).resolves.toMatchObject({ ok: 1 });
    await expect(database.command({ buildInfo: 1 })).resolves.toMatchObject({ version: '8.0.0' });
    await expect(database.command({ connectionStatus: 1 })).resolves.toMatchObject({ ok: 1 });
    const { databases } = await database.admin().listDatabases();
    expect(Array.isArray(databases)).toBe(true);
  });

  it('inserts, updates with operators, pipelines and array filters, and deletes', async () => {
    const people = database.collection<{ _id: number; n?: number; list?: number[] }>('people');
    await people.insertMany([{ _id: 1, n: 1 }, { _id: 2, list: [1, 5] }, { _id: 3 }]);

    await people.updateOne({ _id: 1 }, { $inc: { n: 2 } });
    await people.updateOne(
      { _id: 2 },
      { $set: { 'list.$[big]': 9 } },
      { arrayFilters: [{ big: { $gt: 3 } }] },
    );
    await people.updateOne({ _id: 3 }, [{ $set: { n: { $add: ['$_id', 10] } } }]);
    const upsert = await people.updateOne({ _id: 4 }, { $set: { n: 4 } }, { upsert: true });
    const removed = await people.deleteMany({ n: 4 });

    expect(upsert).toMatchObject({ matchedCount: 0, upsertedCount: 1, upsertedId: 4 });
    expect(removed.deletedCount).toBe(1);
    expect(await people.find().sort({ _id: 1 }).toArray()).toEqual([
      { _id: 1, n: 3 },
      { _id: 2, list: [1, 9] },
      { _id: 3, n: 13 },
    ]);
  });

  it('finds and modifies, and leaves `_id` out when asked to', async () => {
    const items = database.collection<{ _id: number; a?: number; b?: number }>('items');
    await items.insertOne({ _id: 1, a: 1, b: 1 });
    const after = { returnDocument: 'after' } as const;

    expect(
      await items.findOneAndUpdate(
        { _id: 1 },
        { $inc: { a: 1 } },
        { ...after, projection: { _id: 0 } },
      ),
    ).toEqual({ a: 2, b: 1 });
    expect(
      await items.findOneAndUpdate(
        { _id: 1 },
        { $inc: { a: 1 } },
        { ...after, projection: { _id: 0, a: 1 } },
      ),
    ).toEqual({ a: 3 });
    expect(
      await items.findOneAndReplace(
        { _id: 1 },
        { a: 9 },
        { ...after, projection: { _id: 0, b: 0 } },
      ),
    ).toEqual({ a: 9 });
    expect(await items.findOneAndDelete({ _id: 1 }, { projection: { _id: 0 } })).toEqual({ a: 9 });
    expect(await items.findOneAndDelete({ _id: 1 })).toBeNull();
  });

  it('says that a document was found when the update leaves it as it was', async () => {
    const items = database.collection<{ _id: number; a: number }>('unchanged');
    await items.insertOne({ _id: 1, a: 1 });

    const result = await items.findOneAndUpdate(
      { _id: 1 },
      { $set: { a: 1 } },
      { includeResultMetadata: true },
    );

    expect(result).toMatchObject({ lastErrorObject: { n: 1, updatedExisting: true } });
  });

  it('counts exactly, also when a driver would be content with an estimate', async () => {
    const items = database.collection('counted');
    await items.insertMany([{ a: 1 }, { a: 2 }, { a: 3 }]);
    await items.deleteOne({ a: 3 });

    expect(await items.estimatedDocumentCount()).toBe(2);
    expect(await items.countDocuments({ a: { $gt: 1 } })).toBe(1);
    expect((await items.distinct('a')).sort()).toEqual([1, 2]);
  });

  it('aggregates over two collections', async () => {
    await database.collection<{ _id: number }>('left').insertOne({ _id: 1 });
    await database.collection('right').insertMany([
      { of: 1, n: 1 },
      { of: 1, n: 2 },
    ]);

    const joined = await database
      .collection('left')
      .aggregate([
        { $lookup: { from: 'right', localField: '_id', foreignField: 'of', as: 'all' } },
        { $project: { sum: { $sum: '$all.n' } } },
      ])
      .toArray();

    expect(joined).toEqual([{ _id: 1, sum: 3 }]);
  });

  it('explains a find', async () => {
    const plan = await database
      .collection('left')
      .find({ _id: 1 } as object)
      .explain();

    expect(plan).toMatchObject({ queryPlanner: { namespace: `${name}.left` } });
  });

  it('runs a bulk write over two collections as one command', async () => {
    const result = await client.bulkWrite<
      Record<string, { _id: number | string; a?: number; b?: number }>
    >(
      [
        { name: 'insertOne', namespace: `${name}.bulk1`, document: { _id: 1, a: 1 } },
        { name: 'updateMany', namespace: `${name}.bulk1`, filter: {}, update: { $inc: { a: 1 } } },
        {
          name: 'updateOne',
          namespace: `${name}.bulk2`,
          filter: { _id: 'x' },
          update: { $set: { a: 1 } },
          upsert: true,
        },
        {
          name: 'replaceOne',
          namespace: `${name}.bulk2`,
          filter: { _id: 'x' },
          replacement: { b: 1 },
        },
        { name: 'deleteOne', namespace: `${name}.bulk1`, filter: { a: 2 } },
      ],
      { verboseResults: true },
    );

    expect(result).toMatchObject({
      insertedCount: 1,
      matchedCount: 2,
      modifiedCount: 2,
      upsertedCount: 1,
      deletedCount: 1,
    });
    expect(result.updateResults?.get(2)).toMatchObject({ upsertedId: 'x' });
    expect(await database.collection('bulk2').findOne()).toEqual({ _id: 'x', b: 1 });
  });

  it('creates, lists, renames and drops collections', async () => {
    await database.createCollection('made', { validator: { a: { $exists: true } } });
    await expect(database.collection('made').insertOne({ b: 1 })).rejects.toMatchObject({
      code: 121,
    });
    await database.collection('made').rename('renamed');
    await database.command({ collMod: 'renamed', validator: {} });
    await database.collection('renamed').insertOne({ b: 1 });

    const listed = await database.listCollections({ name: 'renamed' }).toArray();
    await database.dropCollection('renamed');

    expect(listed).toHaveLength(1);
    expect(await database.listCollections({ name: 'renamed' }).toArray()).toEqual([]);
  });
});

onlyGateway('gateway: what DocumentDB does not have', () => {
  it('refuses change streams of a whole database with a code', async () => {
    const stream = database.watch();

    await expect(stream.next()).rejects.toMatchObject({
      code: 115,
      codeName: 'CommandNotSupported',
    });
    await stream.close();
  });

  it('refuses collation where it would not be applied', async () => {
    const options = { collation: { locale: 'en', strength: 2 } } as const;
    const items = database.collection('collated');
    await items.insertOne({ a: 'x' });

    await expect(items.updateOne({ a: 'X' }, { $set: { b: 1 } }, options)).rejects.toMatchObject({
      code: 115,
    });
    await expect(items.distinct('a', {}, options)).rejects.toMatchObject({ code: 115 });
  });

  it('refuses an unknown command', async () => {
    await expect(database.command({ mapReduce: 'x' })).rejects.toMatchObject({
      code: 59,
      codeName: 'CommandNotFound',
    });
    await expect(database.command({ toString: 1 })).rejects.toMatchObject({ code: 59 });
  });
});
