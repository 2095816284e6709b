import type { mongo } from 'mongoose';
import { vaultClient } from '../../../src/keys/vault-client';

/** A client whose collections give up so many inserts because of others at the same time. */
function busyClient(times: number): { client: mongo.MongoClient; inserted: unknown[] } {
  const inserted: unknown[] = [];
  const insertOne = async (document: unknown): Promise<unknown> => {
    inserted.push(document);
    if (inserted.length > times) return await Promise.resolve({ insertedId: 1 });
    throw Object.assign(new Error('The write conflicts with another'), { code: 112 });
  };
  const write = (): Promise<void> => Promise.resolve();
  const collection = (): object => ({
    insertOne,
    bulkWrite: write,
    updateOne: write,
    findOneAndUpdate: write,
    deleteOne: write,
  });
  const client = { db: () => ({ collection }) } as unknown as mongo.MongoClient;
  return { client, inserted };
}

describe('the client of the key vault', () => {
  it('sends the same data key again that the server gave up, so that none is wrapped twice', async () => {
    const { client, inserted } = busyClient(2);
    const key = { _id: 'a', masterKey: { provider: 'kmip', keyId: '1' } };
    const keys = vaultClient(client).db('d').collection('k');

    await expect(keys.insertOne(key as never)).resolves.toEqual({ insertedId: 1 });
    expect(inserted).toHaveLength(3);
    expect(inserted.every((each) => each === key)).toBe(true);
  });
});
