import type { HydratedDocument, Model } from 'mongoose';
import { openRig, type Rig } from '../../support/rig';
import { type Account, accountsOn, accountTwins, fullAccount, stateOf } from './account-model';
import { expectSame, expectSameStored, secret, SENTINEL, type Twins } from './compare-twins';
import { idOf } from './seed-patients';

let rig: Rig;
let twins: Twins<Account>;

/** How saving failed, with the message where the driver had no part in it. */
async function failureOf(document: HydratedDocument<Account>): Promise<unknown> {
  const error: unknown = await document.save().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  const { name, code, message } = error as Error & { code?: unknown };
  return [name, code, code === 11000 ? undefined : message];
}

beforeAll(async () => {
  rig = await openRig('failed_saves', { connect: { bufferTimeoutMS: 300 } });
  twins = await accountTwins(rig);
});

beforeEach(async () => {
  for (const model of [twins.encrypted, twins.plain]) {
    await model.deleteMany({});
    await model.create({ _id: idOf(1), owner: 'Eve', iban: secret('taken'), points: 1 });
  }
});

afterEach(() => {
  expect(rig.wire.text()).not.toContain(SENTINEL);
});

afterAll(async () => {
  await rig.close();
});

describe('a document after save', () => {
  it('holds plaintext, and is as clean as its twin', async () => {
    await expectSame(twins, async (model) => {
      const account = new model({ _id: idOf(2), ...fullAccount() });
      const states = [stateOf(account)];
      await account.save();
      states.push(stateOf(account));
      account.memo = secret('other');
      account.tags?.push(secret('more'));
      account.box = { inner: secret('boxed') };
      states.push(stateOf(account));
      await account.save();
      return [...states, stateOf(account)];
    });
    await expectSameStored(rig, twins);
  });
});

describe('a document after a save that failed, and after the next', () => {
  it.each<readonly [string, (model: Model<Account>) => Promise<unknown>]>([
    [
      'validation, new',
      async (model) => {
        const account = new model({ _id: idOf(2), ...fullAccount(), owner: undefined, iban: 'x' });
        const seen = [await failureOf(account), stateOf(account)];
        account.set({ owner: 'Ada', iban: secret('iban') });
        await account.save();
        return [...seen, stateOf(account)];
      },
    ],
    [
      'validation, changed',
      async (model) => {
        const account = await model.findById(idOf(1)).orFail();
        account.set({ iban: 'x', memo: secret('memo') });
        const seen = [await failureOf(account), stateOf(account)];
        account.iban = secret('valid');
        await account.save();
        return [...seen, stateOf(account)];
      },
    ],
    [
      'a duplicate key, new',
      async (model) => {
        const account = new model({ _id: idOf(2), ...fullAccount(), iban: secret('taken') });
        const seen = [await failureOf(account), stateOf(account)];
        account.iban = secret('free');
        await account.save();
        return [...seen, stateOf(account)];
      },
    ],
    [
      'a duplicate key, changed',
      async (model) => {
        const account = await model.create({ _id: idOf(2), ...fullAccount() });
        account.set({ iban: secret('taken'), memo: secret('again'), 'box.other': secret('box') });
        const seen = [await failureOf(account), stateOf(account)];
        account.iban = secret('free');
        await account.save();
        return [...seen, stateOf(account)];
      },
    ],
    [
      'a VersionError',
      async (model) => {
        const account = await model.findById(idOf(1)).orFail();
        await model.updateOne({ _id: idOf(1) }, { $inc: { __v: 1 } });
        account.set({ memo: secret('late') });
        const seen = [await failureOf(account), stateOf(account)];
        const again = await model.findById(idOf(1)).orFail();
        again.set({ memo: secret('late') });
        await again.save();
        return [...seen, stateOf(again)];
      },
    ],
    [
      'a document that is gone',
      async (model) => {
        const account = await model.findById(idOf(1)).orFail();
        await model.deleteMany({});
        account.set({ memo: secret('late') });
        return [await failureOf(account), stateOf(account)];
      },
    ],
  ])('by %s is as its twin', async (_, attempt) => {
    const outcome = await expectSame(twins, attempt);
    expect(outcome).not.toHaveProperty('error');
    await expectSameStored(rig, twins);
  });

  it.each(['new', 'changed'])('by a closed connection, %s, is as its twin', async (kind) => {
    await expectSame(twins, async ({ db }) => {
      const uri = rig.uri.replace(rig.databaseName, db.name);
      const connection = rig.mongoose.createConnection(uri);
      const fle = db === rig.connection ? rig.fle : undefined;
      const model = accountsOn(await connection.asPromise(), fle);
      const account =
        kind === 'new'
          ? new model({ _id: idOf(2), ...fullAccount() })
          : await model.findById(idOf(1)).orFail();
      account.set({ memo: secret('memo'), points: 8 });
      await connection.close();
      const seen = [await failureOf(account), stateOf(account)];
      await connection.openUri(uri);
      await account.save();
      await rig.fle.close(connection);
      await connection.close();
      return [...seen, stateOf(account)];
    });
    await expectSameStored(rig, twins);
  });
});
