import { mongo } from 'mongoose';

import { databaseFeatures, databaseUri, freshDatabaseName } from '../../support/database';

const name = freshDatabaseName('transactions');
const onlyGateway = databaseFeatures().gateway ? describe : describe.skip;

interface Account {
  _id: number;
  balance: number;
}

let client: mongo.MongoClient;
let accounts: mongo.Collection<Account>;

beforeAll(async () => {
  client = await mongo.MongoClient.connect(databaseUri(name));
  accounts = client.db(name).collection('accounts');
});

beforeEach(async () => {
  await accounts.deleteMany({});
  await accounts.insertMany([
    { _id: 1, balance: 100 },
    { _id: 2, balance: 0 },
  ]);
});

afterAll(async () => {
  await client.db(name).dropDatabase();
  await client.close();
});

async function withTransaction(
  work: (session: mongo.ClientSession) => Promise<void>,
): Promise<void> {
  await client.withSession(async (session) => {
    session.startTransaction();
    await work(session);
    if (session.inTransaction()) await session.abortTransaction();
  });
}

onlyGateway('gateway: transactions', () => {
  it('shows a committed transaction as a whole, and nothing before', async () => {
    await withTransaction(async (session) => {
      await accounts.updateOne({ _id: 1 }, { $inc: { balance: -30 } }, { session });
      await accounts.updateOne({ _id: 2 }, { $inc: { balance: 30 } }, { session });
      expect(await accounts.findOne({ _id: 2 })).toEqual({ _id: 2, balance: 0 });
      expect(await accounts.findOne({ _id: 2 }, { session })).toEqual({ _id: 2, balance: 30 });
      await session.commitTransaction();
    });

    expect(await accounts.find().sort({ _id: 1 }).toArray()).toEqual([
      { _id: 1, balance: 70 },
      { _id: 2, balance: 30 },
    ]);
  });

  it('undoes an aborted transaction', async () => {
    await withTransaction(async (session) => {
      await accounts.insertOne({ _id: 3, balance: 1 }, { session });
      await accounts.deleteOne({ _id: 1 }, { session });
      await session.abortTransaction();
    });

    expect(await accounts.countDocuments()).toBe(2);
    expect(await accounts.findOne({ _id: 3 })).toBeNull();
  });

  it('accepts a commit that the driver sends twice', async () => {
    await withTransaction(async (session) => {
      await accounts.updateOne({ _id: 1 }, { $inc: { balance: 1 } }, { session });
      await session.commitTransaction();
      await session.commitTransaction();
    });

    expect(await accounts.findOne({ _id: 1 })).toEqual({ _id: 1, balance: 101 });
  });

  it('reads what was there when it began', async () => {
    await withTransaction(async (session) => {
      await accounts.findOne({ _id: 2 }, { session });
      await accounts.updateOne({ _id: 1 }, { $set: { balance: 1 } });
      expect(await accounts.findOne({ _id: 1 }, { session })).toEqual({ _id: 1, balance: 100 });
    });
  });

  it('refuses the later of two conflicting writes as transient, without waiting for the first', async () => {
    await withTransaction(async (first) => {
      await accounts.updateOne({ _id: 1 }, { $inc: { balance: 1 } }, { session: first });
      await withTransaction(async (second) => {
        const conflict: unknown = await accounts
          .updateOne({ _id: 1 }, { $inc: { balance: 1 } }, { session: second })
          .catch((error: unknown) => error);
        expect(conflict).toMatchObject({ code: 112, codeName: 'WriteConflict' });
        expect((conflict as mongo.MongoError).hasErrorLabel('TransientTransactionError')).toBe(
          true,
        );
      });
      await first.commitTransaction();
    });

    expect(await accounts.findOne({ _id: 1 })).toEqual({ _id: 1, balance: 101 });
  });

  it('ends at a write error, as in MongoDB', async () => {
    await withTransaction(async (session) => {
      await accounts.insertOne({ _id: 5, balance: 1 }, { session });
      await expect(accounts.insertOne({ _id: 1, balance: 1 }, { session })).rejects.toMatchObject({
        code: 11000,
      });
      await expect(accounts.insertOne({ _id: 6, balance: 1 }, { session })).rejects.toMatchObject({
        code: 251,
      });
    });

    expect(await accounts.countDocuments()).toBe(2);
  });

  it('counts every increment of transactions that are run again', async () => {
    const racing = Array.from({ length: 12 }, () =>
      client.withSession((session) =>
        session.withTransaction(() =>
          accounts.updateOne({ _id: 1 }, { $inc: { balance: 1 } }, { session }),
        ),
      ),
    );
    await Promise.all(racing);

    expect(await accounts.findOne({ _id: 1 })).toEqual({ _id: 1, balance: 112 });
  });

  it('makes a collection, and reads it in batches, inside', async () => {
    const made = client.db(name).collection<{ _id: number }>('made-inside');
    await withTransaction(async (session) => {
      await made.insertMany(
        Array.from({ length: 300 }, (_, n) => ({ _id: n })),
        { session },
      );
      const found = await made.find({}, { session }).sort({ _id: -1 }).batchSize(20).toArray();
      expect(found).toHaveLength(300);
      await session.commitTransaction();
    });

    expect(await made.countDocuments()).toBe(300);
  });

  it('makes a collection once when many transactions want to', async () => {
    const wanted = client.db(name).collection('wanted-by-many');
    const racing = Array.from({ length: 12 }, (_, n) =>
      client.withSession((session) =>
        session.withTransaction(() => wanted.insertOne({ n }, { session })),
      ),
    );
    await Promise.all(racing);

    expect(await wanted.countDocuments()).toBe(12);
  });

  it('lets a write outside wait for a transaction to end', async () => {
    let outside: Promise<unknown> = Promise.resolve();
    await withTransaction(async (session) => {
      await accounts.updateOne({ _id: 1 }, { $inc: { balance: 1 } }, { session });
      outside = accounts.updateOne({ _id: 1 }, { $inc: { balance: 1 } });
      await new Promise((resolve) => setTimeout(resolve, 100));
      await session.commitTransaction();
    });
    await outside;

    expect(await accounts.findOne({ _id: 1 })).toEqual({ _id: 1, balance: 102 });
  });
});
