import { type Model, mongo, Schema, type UpdateQuery } from 'mongoose';
import { fieldEncryption } from '../../../src/index';
import { openRig, type Rig } from '../../support/rig';
import { expectSame, expectSameStored, refusalOf, type Twins } from './compare-twins';
import { type Account, accountModels, keysIn, TENANT } from './tenant-model';

const ID = new mongo.ObjectId('64b000000000000000000001');

let rig: Rig;
let Accounts: Model<Account>;
let twins: Twins<Account>;

beforeAll(async () => {
  rig = await openRig('tenantsaves', { handle: { createMissingKeys: 'all' } });
  const models = accountModels(rig);
  ({ Accounts } = models);
  twins = { encrypted: Accounts, plain: models.Twins };
});

beforeEach(async () => {
  for (const model of [Accounts, twins.plain]) {
    await model.deleteMany({});
    await model.create({
      _id: ID,
      tenantId: 'acme',
      name: 'Ada',
      ssn: '1',
      codes: ['x', 'y'],
      address: { street: 'S', city: 'C' },
    });
  }
  rig.wire.clear();
});

afterAll(async () => {
  await rig.close();
});

type Loaded = Awaited<ReturnType<typeof load>>;

const load = async (model: Model<Account>) => await model.findById(ID).orFail();

/** The names of the keys that the one document is encrypted under. */
async function keysStored(): Promise<string[]> {
  return await keysIn(rig, await rig.rawOne('accounts'));
}

/** Moves `account` to another tenant, with all that it holds. */
function move(account: Loaded, tenantId: string): void {
  account.set({ tenantId });
  for (const path of ['ssn', 'codes', 'address']) account.markModified(path);
}

describe('a save of some paths', () => {
  it('does as on the twin, and leaves the other changes to the next save', async () => {
    await expectSame(twins, async (model) => {
      const account = await load(model);
      account.set({ ssn: '2', name: 'Eve', codes: ['z'] });
      await account.save({ pathsToSave: ['ssn', 'codes'] });
      const left = account.modifiedPaths();
      await account.save();
      return left;
    });
    await expectSameStored(rig, twins);
  });

  it('is refused where it leaves out a change of the tenant, whose key it needs', async () => {
    const account = await load(Accounts);
    account.set({ tenantId: 'globex', ssn: '2' });
    expect(await refusalOf(rig, () => account.save({ pathsToSave: ['ssn'] }))).toEqual({
      name: 'UnsupportedUpdateError',
      code: 'FLE_UNSUPPORTED_UPDATE',
      message:
        'Account.tenantId: data keys may be named by it, it has changed, and pathsToSave leaves the change out. Save it in the same save(), with all that is encrypted under the key that it names.',
    });
    expect(account.modifiedPaths().sort()).toEqual(['ssn', 'tenantId']);
    expect(await keysStored()).toEqual(['tenant:acme']);
    move(account, 'globex');
    await account.save();
    expect(await keysStored()).toEqual(['tenant:globex']);
  });

  it('is done where it needs no key of the tenant', async () => {
    await expectSame(twins, async (model) => {
      const account = await load(model);
      account.set({ tenantId: 'globex', name: 'Eve' });
      await account.save({ pathsToSave: ['name'] });
      return account.modifiedPaths();
    });
    await expectSameStored(rig, twins);
  });

  it('takes nothing for gone that is only to be gone later', async () => {
    const account = await load(Accounts);
    account.set({ tenantId: 'globex', ssn: null, codes: [], address: undefined });
    const refused = await refusalOf(rig, () => account.save({ pathsToSave: ['tenantId'] }));
    expect(refused.code).toBe('FLE_UNSUPPORTED_UPDATE');
    expect(await keysStored()).toEqual(['tenant:acme']);
    await account.save();
    expect(await keysStored()).toEqual([]);
  });

  it('is refused where it leaves out part of what is encrypted as one value', async () => {
    const account = await load(Accounts);
    account.set({ 'address.city': 'D', 'address.street': 'T' });
    const partly = { pathsToSave: ['address.city'] };
    expect(await refusalOf(rig, () => account.save(partly))).toMatchObject({
      code: 'FLE_UNSUPPORTED_UPDATE',
      message:
        'Account.address: it is encrypted so that it can only be saved whole, and pathsToSave leaves out what has changed in it. Name its own path in pathsToSave, or save all that has changed.',
    });
    await account.save({ pathsToSave: ['address'] });
    expect((await Accounts.findById(ID).lean())?.address).toEqual({ street: 'T', city: 'D' });
  });

  it('is refused beside other changes where a function names the key by the document', async () => {
    const schema = new Schema({
      tenantId: String,
      ssn: {
        type: String,
        encrypted: {
          algorithm: 'Deterministic',
          keyAltName: ({ document }: { document?: unknown }) =>
            `by:${String((document as { tenantId?: unknown } | undefined)?.tenantId)}`,
        },
      },
    }).plugin(rig.fle);
    const Named = rig.connection.model('Named', schema);
    const named = await Named.create({ tenantId: 'acme', ssn: '1' });
    named.set({ tenantId: 'globex', ssn: '2' });
    const refused = await refusalOf(rig, () => named.save({ pathsToSave: ['ssn'] }));
    expect(refused.message).toContain('Named.tenantId: data keys may be named by it');
    expect(await keysIn(rig, await rig.rawOne('nameds'))).toEqual(['by:acme']);
  });
});

describe('a save that moves a document to another tenant', () => {
  it.each<readonly [string, (account: Loaded) => unknown]>([
    ['save', (account) => account.save()],
    ['bulkSave', (account) => Accounts.bulkSave([account])],
  ])('by %s leaves nothing behind that was stored meanwhile', async (_, save) => {
    const account = await load(Accounts);
    await Accounts.updateOne({ _id: ID, tenantId: 'acme' }, { notes: ['meanwhile'] });
    move(account, 'globex');
    await expect(save(account)).rejects.toThrow(
      /^No matching document found|was not able to update 1/,
    );
    expect(await rig.rawOne('accounts')).toMatchObject({ tenantId: 'acme' });
    expect(await keysStored()).toEqual(['tenant:acme']);
    const again = await load(Accounts);
    move(again, 'globex');
    again.markModified('notes');
    await save(again);
    expect(await keysStored()).toEqual(['tenant:globex']);
    expect((await Accounts.findById(ID).lean())?.notes).toEqual(['meanwhile']);
  });

  it.each<readonly [string, UpdateQuery<Account>]>([
    ['an element of a subdocument array', { contacts: [{ kind: 'k' }, { phone: '5' }] }],
    ['a value of a Map', { labels: { k: 'v' } }],
  ])('finds %s that was stored meanwhile', async (_, meanwhile) => {
    const account = await load(Accounts);
    await Accounts.updateOne({ _id: ID, tenantId: 'acme' }, meanwhile);
    move(account, 'globex');
    await expect(account.save()).rejects.toMatchObject({ name: 'VersionError' });
    expect(await keysStored()).toEqual(['tenant:acme']);
  });

  it('does as on the twin where what was stored meanwhile is nothing, or is in the clear', async () => {
    await expectSame(twins, async (model) => {
      const account = await load(model);
      await model.updateOne(
        { _id: ID },
        {
          name: 'Eve',
          notes: [null],
          labels: {},
          contacts: [{ kind: 'k' }],
        },
      );
      move(account, 'globex');
      await account.save();
    });
    await expectSameStored(rig, twins);
    expect(await keysStored()).toEqual(['tenant:globex']);
  });

  it('assigns what it read over what was assigned meanwhile, as on the twin', async () => {
    await expectSame(twins, async (model) => {
      const account = await load(model);
      const other = await load(model);
      other.set({ ssn: '2' });
      await other.save();
      move(account, 'globex');
      await account.save();
      other.set({ ssn: '3' }).markModified('ssn');
      return await model.findById(ID).lean();
    });
    await expectSameStored(rig, twins);
    expect(await keysStored()).toEqual(['tenant:globex']);
  });

  it('takes no array for gone of which elements are taken out', async () => {
    const account = await load(Accounts);
    account.set({ tenantId: 'globex', ssn: null, address: undefined });
    (account as unknown as { codes: { pull(...values: string[]): void } }).codes.pull('x', 'y');
    expect((await refusalOf(rig, () => account.save())).code).toBe('FLE_UNSUPPORTED_UPDATE');
    expect(await keysStored()).toEqual(['tenant:acme']);
  });

  it('takes no empty value for nothing', async () => {
    const schema = new Schema({
      tenantId: String,
      list: {
        type: [String],
        default: undefined,
        encrypted: { algorithm: 'Random', keyAltName: TENANT, whole: true },
      },
    }).plugin(rig.fle);
    const Lists = rig.connection.model('List', schema);
    await Lists.create({ tenantId: 'acme', list: [] });
    const list = await Lists.findOne().orFail();
    list.set({ tenantId: 'globex' });
    expect((await refusalOf(rig, () => list.save())).code).toBe('FLE_UNSUPPORTED_UPDATE');
    expect(await keysIn(rig, await rig.rawOne('lists'))).toEqual(['tenant:acme']);
  });
});

describe('getters', () => {
  it('name no key and hide no value: what is stored counts', async () => {
    const shown = { get: (value: unknown) => `shown ${String(value)}` };
    const hidden = { get: () => undefined };
    const under = { encrypted: { algorithm: 'Deterministic', keyAltName: TENANT } };
    const schema = new Schema(
      {
        tenantId: { type: String, ...shown },
        ssn: { type: String, ...shown, ...under },
        pin: { type: String, ...hidden, ...under },
      },
      { toObject: { getters: true }, toJSON: { getters: true } },
    ).plugin(rig.fle);
    const Shown = rig.connection.model('Shown', schema);
    const document = await Shown.create({ tenantId: 'acme', ssn: '1', pin: '0' });
    expect(document.tenantId).toBe('shown acme');
    await document.set('ssn', '2').save();
    await Shown.insertMany([{ tenantId: 'acme', ssn: '3' }]);
    await Shown.bulkSave([document.set('ssn', '4')]);
    await document.updateOne({ ssn: '5' });
    expect(await Shown.countDocuments({ tenantId: 'acme', ssn: { $in: ['3', '5'] } })).toBe(2);
    document.set({ tenantId: 'globex', ssn: '6' });
    expect((await refusalOf(rig, () => document.save())).message).toContain('Shown.pin: ');
    for (const stored of await rig.raw('showns')) {
      expect(await keysIn(rig, stored)).toEqual(['tenant:acme']);
    }
  });
});

describe('updateOne of a document', () => {
  it.each<readonly [string, UpdateQuery<Account>]>([
    ['values', { ssn: '2', notes: ['n'], 'address.city': undefined }],
    ['$push and $set', { $push: { codes: 'z' }, $set: { name: 'Eve' } }],
    ['$pull', { $pull: { codes: 'x' } }],
    ['$unset', { $unset: { ssn: 1 } }],
    [
      'the tenant with all that is under its key',
      {
        tenantId: 'globex',
        ssn: '2',
        $unset: { notes: 1, codes: 1, contacts: 1, labels: 1, address: 1 },
      },
    ],
  ])('knows the tenant: %s', async (_, update) => {
    await expectSame(twins, async (model) => {
      const account = await load(model);
      const result: unknown = await account.updateOne(update);
      return [result, account.toObject(), account.isModified()] as unknown[];
    });
    await expectSameStored(rig, twins);
    expect(await keysStored()).toHaveLength(1);
  });

  it('finds nothing where the document has moved to another tenant', async () => {
    const account = await load(Accounts);
    await rig.tamper('accounts', { _id: ID }, { $set: { tenantId: 'moved' } });
    expect(await account.updateOne({ ssn: '2' })).toMatchObject({ matchedCount: 0 });
    expect(await account.updateOne({ name: 'Eve' })).toMatchObject({ matchedCount: 1 });
    expect(await keysStored()).toEqual(['tenant:acme']);
  });

  it('is refused where the tenant has changed and is not saved, or was not read', async () => {
    const account = await load(Accounts);
    account.tenantId = 'globex';
    const partial = await Accounts.findById(ID).select('name').orFail();
    for (const document of [account, partial]) {
      const refused = await refusalOf(rig, () => document.updateOne({ ssn: '2' }));
      expect(refused.code).toBe('FLE_KEY_UNRESOLVED');
    }
    expect(await keysStored()).toEqual(['tenant:acme']);
  });

  it('takes nothing for gone that is gone from the document only', async () => {
    const account = await load(Accounts);
    account.set({ ssn: null, codes: [], address: undefined });
    const refused = await refusalOf(rig, () => account.updateOne({ tenantId: 'globex' }));
    expect(refused.code).toBe('FLE_UNSUPPORTED_UPDATE');
  });

  it('inserts nothing that its filter made up', async () => {
    const account = await load(Accounts);
    const attempt = (): unknown => account.updateOne({ ssn: '2' }, { upsert: true });
    expect((await refusalOf(rig, attempt)).code).toBe('FLE_KEY_UNRESOLVED');
  });

  it('takes chained conditions and updates as on the twin', async () => {
    await expectSame(twins, async (model) => {
      const account = await load(model);
      const seen: unknown[] = [
        await account.updateOne({ ssn: '2' }).where({ name: 'nobody' }),
        await account.updateOne().set({ ssn: '3' }).where({ name: 'Ada' }).lean(),
      ];
      return seen;
    });
    await expectSameStored(rig, twins);
  });
});

describe('$pull', () => {
  it.each<readonly [string, UpdateQuery<Account>]>([
    ['a value', { $pull: { codes: 'x' } }],
    ['values', { $pull: { codes: { $in: ['x', 'q'] } } }],
    ['all but a value', { $pull: { codes: { $ne: 'x' } } }],
    ['subdocuments', { $pull: { contacts: { phone: '5' } } }],
  ])('takes %s out of documents of several tenants', async (_, update) => {
    const tenants = ['acme', 'globex', 'none'];
    await expectSame(twins, async (model) => {
      await model.deleteMany({});
      await model.create(
        tenants.slice(0, 2).map((tenantId, place) => ({
          _id: new mongo.ObjectId(`64b00000000000000000000${String(place + 2)}`),
          tenantId,
          codes: ['x', 'y', 'x'],
          contacts: [{ phone: '5' }, { phone: '6' }],
        })),
      );
      const filter = { tenantId: { $in: tenants } };
      await model.bulkWrite([{ updateMany: { filter: { tenantId: 'acme' }, update } }]);
      return await model.updateMany(filter, update);
    });
    await expectSameStored(rig, twins);
    const names = await rig.bare.collection('__keyVault').distinct('keyAltNames');
    expect(names).not.toContain('tenant:none');
  });
});

it('a missing key is not made by $pull, which only asks', async () => {
  const fle = fieldEncryption({
    kmsProviders: { local: { key: rig.masterKey } },
    keyVaultNamespace: `${rig.databaseName}.__keyVault`,
    createMissingKeys: false,
  });
  const encrypted = { algorithm: 'Deterministic', keyAltName: 'never' };
  const schema = new Schema({ tags: [{ type: String, encrypted }] }).plugin(fle);
  const Tagged = rig.connection.model('Tagged', schema);
  await rig.bare.collection('taggeds').insertOne({ tags: [] });
  expect(await Tagged.updateOne({}, { $pull: { tags: 'x' } })).toMatchObject({ matchedCount: 1 });
  await fle.close(rig.connection);
});
