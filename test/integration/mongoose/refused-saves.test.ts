import type { Model } from 'mongoose';
import { isFleError } from '../../../src/index';
import { openRig, type Rig } from '../../support/rig';
import { type Account, accountsOn, fullAccount, stateOf } from './account-model';
import { secret, SENTINEL } from './compare-twins';
import { idOf } from './seed-patients';

let rig: Rig;
let Accounts: Model<Account>;

beforeAll(async () => {
  rig = await openRig('refused_saves');
  Accounts = accountsOn(rig.connection, rig.fle);
  await Accounts.createIndexes();
});

beforeEach(async () => {
  await Accounts.deleteMany({});
  await Accounts.create({ _id: idOf(1), owner: 'Eve', iban: secret('taken'), points: 1 });
});

afterEach(() => {
  expect(rig.wire.text()).not.toContain(SENTINEL);
});

afterAll(async () => {
  await rig.close();
});

describe('a document that is refused', () => {
  it.each(['new', 'changed'])(
    'for a value, %s, stays as it is, and can be mended',
    async (kind) => {
      const account =
        kind === 'new'
          ? new Accounts({ _id: idOf(2), ...fullAccount() })
          : await Accounts.findById(idOf(1)).orFail();
      account.set({ points: 0.5, memo: secret('kept') });
      await expect(account.save()).rejects.toMatchObject({ code: 'FLE_INVALID_VALUE' });
      expect(account).toMatchObject({ points: 0.5, memo: secret('kept'), isNew: kind === 'new' });
      if (kind === 'changed') expect(account.modifiedPaths()).toEqual(['points', 'memo']);
      account.points = 7;
      await account.save();
      expect(stateOf(account)).toMatchObject({ isNew: false, isModified: false });
      const stored = await Accounts.findById(account._id).lean();
      expect(stored).toMatchObject({ points: 7, memo: secret('kept') });
    },
  );

  it('for a missing key stays new, dirty and in plaintext', async () => {
    const strict = await openRig('no_keys', { handle: { createMissingKeys: false } });
    const Strict = accountsOn(strict.connection, strict.fle);
    const account = new Strict(fullAccount());
    const before = stateOf(account);
    const error: unknown = await account.save().catch((reason: unknown) => reason);
    expect(isFleError(error) && error.code).toBe('FLE_KEY_NOT_FOUND');
    expect(stateOf(account)).toEqual(before);
    expect(await strict.raw('accounts')).toEqual([]);
    await strict.fle.bootstrapKeys(strict.connection);
    await account.save();
    expect(stateOf(account)).toMatchObject({ isNew: false, isModified: false });
    await strict.close();
  });
});

describe('a duplicate key error', () => {
  it('shows that the value is encrypted, and neither the value nor its ciphertext', async () => {
    const error: unknown = await Accounts.create({ owner: 'Ada', iban: secret('taken') }).catch(
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({
      name: 'MongoServerError',
      code: 11000,
      keyPattern: { iban: 1 },
      keyValue: { iban: '[encrypted]' },
    });
  });
});
