import { mongo } from 'mongoose';
import { KeyVaultIndexError } from '../../../src/errors';
import { ensureNameIndex } from '../../../src/keys/name-index';

const NAME_INDEX = { name: 'keyAltNames_1', key: { keyAltNames: 1 }, unique: true };

interface Answers {
  /** What each `listIndexes` answers, the last one for ever. */
  readonly indexes: (object[] | Error)[];
}

/** A collection that counts the indexes made on it. */
function collectionWith({ indexes }: Answers): {
  readonly keys: mongo.Collection;
  readonly made: unknown[];
} {
  const made: unknown[] = [];
  const listIndexes = (): object => ({
    toArray: () => {
      const answer = (indexes.length > 1 ? indexes.shift() : indexes[0]) ?? [];
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
  });
  const createIndex = (...index: unknown[]): Promise<string> => {
    made.push(index);
    return Promise.resolve('keyAltNames_1');
  };
  const keys = { namespace: 'encryption.__keyVault', listIndexes, createIndex };
  return { keys: keys as unknown as mongo.Collection, made };
}

describe('ensureNameIndex', () => {
  it.each([
    [
      'is partial as the specification has it',
      { ...NAME_INDEX, partialFilterExpression: { keyAltNames: { $exists: true } } },
    ],
    ['holds all keys', NAME_INDEX],
    ['descends', { ...NAME_INDEX, key: { keyAltNames: -1 } }],
    ['has another name', { ...NAME_INDEX, name: 'unique names' }],
  ])('is content with a unique index that %s', async (_, index) => {
    const { keys, made } = collectionWith({ indexes: [[index]] });
    await ensureNameIndex(keys);

    expect(made).toEqual([]);
  });

  it.each([
    ['is not unique', { ...NAME_INDEX, unique: undefined }, 'is not unique'],
    [
      'has its name and another path',
      { ...NAME_INDEX, key: { _id: 1 } },
      'is on other fields than keyAltNames',
    ],
    [
      'has its name and another path as well',
      { ...NAME_INDEX, key: { keyAltNames: 1, status: 1 } },
      'is on other fields than keyAltNames',
    ],
    [
      'holds some keys only',
      { ...NAME_INDEX, partialFilterExpression: { status: { $exists: true } } },
      'leaves names out by its partialFilterExpression',
    ],
    [
      'holds some names only',
      { ...NAME_INDEX, partialFilterExpression: { keyAltNames: { $gt: 'a' } } },
      'leaves names out by its partialFilterExpression',
    ],
    [
      'holds keys without names',
      { ...NAME_INDEX, partialFilterExpression: { keyAltNames: { $exists: false } } },
      'leaves names out by its partialFilterExpression',
    ],
  ])('refuses an index that %s', async (_, index, fault) => {
    const { keys, made } = collectionWith({ indexes: [[index], [index, NAME_INDEX]] });
    const error = await ensureNameIndex(keys).catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(KeyVaultIndexError);
    expect(error).toMatchObject({
      code: 'FLE_KEY_VAULT_INDEX',
      message: `encryption.__keyVault: the index "keyAltNames_1" ${fault}, so that two data keys could get one name. Drop it, and call bootstrapKeys, which makes the right one.`,
    });
    expect(made).toEqual([]);
  });

  it.each([
    { name: '_id_', key: { _id: 1 }, unique: true },
    { name: 'both', key: { keyAltNames: 1, status: 1 }, unique: true },
  ])('makes its own beside $name', async (index) => {
    const { keys, made } = collectionWith({ indexes: [[index], [index, NAME_INDEX]] });
    await ensureNameIndex(keys);

    expect(made).toEqual([
      [
        { keyAltNames: 1 },
        {
          name: 'keyAltNames_1',
          unique: true,
          partialFilterExpression: { keyAltNames: { $exists: true } },
        },
        {},
      ],
    ]);
  });

  it('makes it where the collection does not exist', async () => {
    const missing = new mongo.MongoServerError({ message: 'ns does not exist', code: 26 });
    const { keys, made } = collectionWith({ indexes: [missing, [NAME_INDEX]] });
    await ensureNameIndex(keys);

    expect(made).toHaveLength(1);
  });

  it('makes nothing where indexes cannot be listed', async () => {
    const refusal = new mongo.MongoServerError({ message: 'not authorized', code: 13 });
    const { keys, made } = collectionWith({ indexes: [refusal] });

    await expect(ensureNameIndex(keys)).rejects.toBe(refusal);
    expect(made).toEqual([]);
  });

  it('does not trust an index that is not there after it was made', async () => {
    const { keys } = collectionWith({ indexes: [[]] });
    const error = await ensureNameIndex(keys).catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(KeyVaultIndexError);
    expect(error).toMatchObject({
      code: 'FLE_KEY_VAULT_INDEX',
      message:
        'encryption.__keyVault: the unique index on keyAltNames was made, and is not there. Make it by hand, or call bootstrapKeys again.',
    });
  });
});
