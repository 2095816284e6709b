import { mongo, type Model } from 'mongoose';
import { isFleError, type FleErrorCode } from '../../../src/index';
import { openRig, type Rig, storedAs } from '../../support/rig';
import { expectSame, expectSameStored, expectSealed, type Twins } from './compare-twins';
import { type Account, accountModels, keysIn, keyNames } from './tenant-model';

const ID = new mongo.ObjectId('64b000000000000000000001');

let rig: Rig;
let Accounts: Model<Account>;
let twins: Twins<Account>;

beforeAll(async () => {
  rig = await openRig('tenants', { handle: { createMissingKeys: 'all' } });
  const models = accountModels(rig);
  ({ Accounts } = models);
  twins = { encrypted: Accounts, plain: models.Twins };
});

afterEach(async () => {
  await Promise.all([Accounts.deleteMany({}), twins.plain.deleteMany({})]);
});

afterAll(async () => {
  await rig.close();
});

/** What the documents are encrypted under, in the order of their `_id`. */
async function keysOfAll(): Promise<string[][]> {
  const documents = await rig.raw('accounts');
  return await Promise.all(
    documents.map(async (document) => await keysIn(rig, { ...document, tag: undefined })),
  );
}

async function codeOf(attempt: () => unknown): Promise<FleErrorCode | undefined> {
  try {
    await attempt();
    return undefined;
  } catch (error) {
    if (isFleError(error)) return error.code;
    throw error;
  }
}

const full = (tenantId: string, more: Partial<Account> = {}): Omit<Account, '_id' | '__v'> => ({
  tenantId,
  name: 'Ada',
  ssn: '1',
  notes: ['a', 'b'],
  codes: ['x', 'y'],
  tag: 't',
  contacts: [{ kind: 'home', phone: '5' }],
  labels: new Map([['k', 'v']]),
  address: { street: 'S', city: 'C' },
  ...more,
});

/** Does the same on both models, and looks at what each stores. */
async function expectTwins(attempt: (model: Model<Account>) => unknown): Promise<void> {
  await expectSame(twins, attempt);
  await expectSameStored(rig, twins);
}

describe('documents that are created', () => {
  it('are encrypted under the key of their tenant, every field of them', async () => {
    await expectTwins(async (model) => {
      await model.create({ _id: ID, ...full('acme') });
    });
    const [stored] = await expectSealed(rig, Accounts);
    expect(await keysIn(rig, stored)).toEqual(['shared', 'tenant:acme']);
    expect(await keysOfAll()).toEqual([['tenant:acme']]);
    expect(await keysIn(rig, stored?.['tag'])).toEqual(['shared']);
  });

  it('by insertMany have one batch and one look at the vault, though they are of many tenants', async () => {
    const tenants = Array.from({ length: 20 }, (_, place) => `many-${place}`);
    await Accounts.insertMany(tenants.map((tenantId) => ({ tenantId, ssn: '1' })));
    await Accounts.deleteMany({});
    await rig.fle.close(rig.connection);
    rig.wire.clear();
    await Accounts.insertMany(tenants.map((tenantId) => ({ tenantId, ssn: '1', notes: ['a'] })));
    expect(rig.wire.count('find', '__keyVault')).toBe(1);
    expect(rig.wire.count('insert', 'accounts')).toBe(1);
    const names = (await keysOfAll()).flat();
    expect(names.sort()).toEqual(tenants.map((tenant) => `tenant:${tenant}`).sort());
  });

  it.each(['bulkSave', 'bulkWrite'] as const)('by %s have each their own key', async (method) => {
    const documents = ['acme', 'globex'].map((tenantId) => new Accounts(full(tenantId)));
    if (method === 'bulkSave') await Accounts.bulkSave(documents);
    else {
      await Accounts.bulkWrite(
        documents.map((document) => ({ insertOne: { document: document.toObject() } })),
      );
    }
    expect((await keysOfAll()).flat().sort()).toEqual(['tenant:acme', 'tenant:globex']);
  });

  it.each([undefined, null, ''])(
    'without a tenant (%j) are refused, not stored',
    async (tenantId) => {
      rig.wire.clear();
      const attempt = Accounts.create({ tenantId, ssn: 'secret-ssn' });
      await expect(attempt).rejects.toMatchObject({
        code: 'FLE_KEY_UNRESOLVED',
        model: 'Account',
        path: 'ssn',
        operation: 'insertOne',
        message:
          'Account.ssn: its data key depends on "tenantId", and there is no value for it that could name a key. Give "tenantId" in the document, or as an equality in the filter.',
      });
      expect(rig.wire.text()).not.toContain('secret-ssn');
      expect(await rig.raw('accounts')).toEqual([]);
    },
  );

  it('without a tenant are stored where they hold nothing that is encrypted under its key', async () => {
    await expectTwins(async (model) => {
      await model.create({ _id: ID, name: 'nobody', tag: 't', ssn: null });
    });
  });

  it('are refused as a whole where one of many has no tenant', async () => {
    const documents = [{ tenantId: 'acme', ssn: '1' }, { ssn: '2' }];
    expect(await codeOf(() => Accounts.insertMany(documents))).toBe('FLE_KEY_UNRESOLVED');
    expect(await rig.raw('accounts')).toEqual([]);
  });
});

describe('documents that are saved', () => {
  beforeEach(async () => {
    for (const model of [Accounts, twins.plain]) await model.create({ _id: ID, ...full('acme') });
  });

  it('keep to the key of their tenant, whatever of them has changed', async () => {
    await expectTwins(async (model) => {
      const account = await model.findById(ID).orFail();
      account.ssn = '2';
      account.notes?.push('c');
      account.codes?.splice(0, 1);
      account.contacts?.push({ kind: 'work', phone: '6' });
      account.labels?.set('other', 'w');
      account.set('address.city', 'D');
      await account.save();
    });
    expect(await keysOfAll()).toEqual([['tenant:acme']]);
  });

  it('guard the tenant: what another process has moved is not written under the old key', async () => {
    const account = await Accounts.findById(ID).orFail();
    await rig.tamper('accounts', { _id: ID }, { $set: { tenantId: 'moved' } });
    account.ssn = '9';
    await expect(account.save()).rejects.toMatchObject({ name: 'DocumentNotFoundError' });
    expect(await keysOfAll()).toEqual([['tenant:acme']]);
  });

  it('need the tenant among what was selected', async () => {
    const account = await Accounts.findById(ID).select('ssn name').orFail();
    account.name = 'Eve';
    await account.save();
    account.ssn = '2';
    expect(await codeOf(() => account.save())).toBe('FLE_KEY_UNRESOLVED');
    expect(account.isModified('ssn')).toBe(true);
    const whole = await Accounts.findById(ID).select('ssn tenantId').orFail();
    whole.ssn = '2';
    await whole.save();
    expect(await Accounts.findById(ID)).toMatchObject({ name: 'Eve', ssn: '2' });
  });

  it('may change their tenant with all that is encrypted under its key, and not without', async () => {
    const account = await Accounts.findById(ID).orFail();
    account.tenantId = 'globex';
    expect(await codeOf(() => account.save())).toBe('FLE_UNSUPPORTED_UPDATE');
    expect(await rig.rawOne('accounts')).toMatchObject({ tenantId: 'acme' });
    account.set(
      full('globex', { ssn: '2', notes: ['n'], codes: ['z'], contacts: [{ phone: '7' }] }),
    );
    account.labels = new Map([['a', 'b']]);
    account.address = { city: 'X' };
    for (const path of ['notes', 'codes', 'contacts', 'labels', 'address'])
      account.markModified(path);
    await account.save();
    expect(await keysOfAll()).toEqual([['tenant:globex']]);
    expect(await Accounts.findOne({ tenantId: 'globex', ssn: '2' })).toMatchObject({
      notes: ['n'],
    });
  });

  it('may not change their tenant where not all that is encrypted under its key was read', async () => {
    const account = await Accounts.findById(ID).select('tenantId').orFail();
    account.tenantId = 'globex';
    expect(await codeOf(() => account.save())).toBe('FLE_UNSUPPORTED_UPDATE');
    expect(await rig.rawOne('accounts')).toMatchObject({ tenantId: 'acme' });
  });

  it('may be given a tenant where nothing was encrypted before', async () => {
    const id = new mongo.ObjectId();
    await expectTwins(async (model) => {
      await model.create({ _id: id, name: 'new' });
      const account = await model.findById(id).orFail();
      account.tenantId = 'acme';
      account.ssn = '3';
      await account.save();
    });
  });

  it('by bulkSave keep to the keys of their tenants', async () => {
    await Accounts.create(full('globex'));
    const accounts = await Accounts.find();
    for (const account of accounts) account.ssn = '7';
    await Accounts.bulkSave(accounts);
    expect((await keysOfAll()).flat().sort()).toEqual(['tenant:acme', 'tenant:globex']);
    expect(await Accounts.countDocuments({ tenantId: { $in: ['acme', 'globex'] }, ssn: '7' })).toBe(
      2,
    );
  });
});

describe('updates', () => {
  beforeEach(async () => {
    for (const model of [Accounts, twins.plain]) await model.create({ _id: ID, ...full('acme') });
  });

  it.each<[string, (model: Model<Account>) => unknown]>([
    ['updateOne', (m) => m.updateOne({ tenantId: 'acme' }, { ssn: '2', $push: { codes: 'z' } })],
    ['updateMany', (m) => m.updateMany({ tenantId: { $eq: 'acme' } }, { 'contacts.0.phone': '9' })],
    [
      'an equality in $and',
      (m) => m.updateOne({ $and: [{ tenantId: 'acme' }, { ssn: '1' }] }, { ssn: '3' }),
    ],
    ['$pull and $addToSet', (m) => m.updateOne({ tenantId: 'acme' }, { $pull: { codes: 'x' } })],
    [
      '$[] with arrayFilters',
      (m) =>
        m.updateOne(
          { tenantId: 'acme' },
          { $set: { 'contacts.$[c].phone': '8' } },
          { arrayFilters: [{ 'c.phone': '5' }] },
        ),
    ],
    [
      'findOneAndUpdate',
      (m) =>
        m
          .findOneAndUpdate(
            { tenantId: 'acme', ssn: '1' },
            { ssn: '4' },
            { returnDocument: 'after' },
          )
          .lean(),
    ],
    [
      'findOneAndReplace',
      (m) =>
        m
          .findOneAndReplace({ tenantId: 'acme' }, full('acme', { ssn: '5' }), {
            returnDocument: 'after',
          })
          .lean(),
    ],
    [
      'replaceOne by another tenant',
      (m) => m.replaceOne({ _id: ID }, full('globex', { ssn: '6' })),
    ],
    [
      'bulkWrite',
      (m) =>
        m.bulkWrite([
          { updateOne: { filter: { tenantId: 'acme', ssn: '1' }, update: { $set: { ssn: '7' } } } },
          {
            replaceOne: { filter: { _id: ID }, replacement: full('acme', { ssn: '8' }) as Account },
          },
        ]),
    ],
    [
      '$set of the same tenant',
      (m) => m.updateOne({ tenantId: 'acme' }, { tenantId: 'acme', ssn: '2' }),
    ],
    [
      'a change of nothing encrypted',
      (m) => m.updateOne({ name: 'Ada' }, { name: 'Eve', tag: 'u' }),
    ],
    ['a removal', (m) => m.updateOne({ name: 'Ada' }, { $unset: { ssn: 1, notes: 1 } })],
    [
      'an upsert that finds',
      (m) => m.updateOne({ tenantId: 'acme', ssn: '1' }, { name: 'X' }, { upsert: true }),
    ],
  ])('by %s do as on the twin', async (_, attempt) => {
    const withoutIds = async (model: Model<Account>): Promise<void> => {
      const result = (await attempt(model)) as Partial<Account> | undefined;
      expect(result).toBeDefined();
    };
    await expectTwins(withoutIds);
  });

  it.each<[string, (model: Model<Account>) => unknown]>([
    [
      'updateOne',
      (m) =>
        m.updateOne({ _id: ID, tenantId: 'new', ssn: '1' }, { notes: ['n'] }, { upsert: true }),
    ],
    [
      '$setOnInsert',
      (m) =>
        m.updateOne({ _id: ID }, { $setOnInsert: { tenantId: 'new', ssn: '1' } }, { upsert: true }),
    ],
    [
      'bulkWrite',
      (m) =>
        m.bulkWrite([
          {
            updateOne: {
              filter: { _id: ID, tenantId: 'new' },
              update: { $set: { ssn: '1' } },
              upsert: true,
            },
          },
        ]),
    ],
    [
      'findOneAndReplace',
      (m) =>
        m.findOneAndReplace(
          { _id: ID },
          { tenantId: 'new', ssn: '1' },
          { upsert: true, returnDocument: 'after' },
        ),
    ],
  ])('that insert by %s store under the key of the new document', async (_, attempt) => {
    await Promise.all([Accounts.deleteMany({}), twins.plain.deleteMany({})]);
    await attempt(Accounts);
    await attempt(twins.plain);
    await expectSameStored(rig, twins);
    expect(await keysOfAll()).toEqual([['tenant:new']]);
    expect(await Accounts.countDocuments({ tenantId: 'new', ssn: '1' })).toBe(1);
  });

  it.each<[string, FleErrorCode, (model: Model<Account>) => unknown]>([
    ['no tenant', 'FLE_KEY_UNRESOLVED', (m) => m.updateOne({ _id: ID }, { ssn: '2' })],
    [
      'several',
      'FLE_KEY_UNRESOLVED',
      (m) => m.updateMany({ tenantId: { $in: ['acme', 'b'] } }, { ssn: '2' }),
    ],
    [
      'a branch of $or',
      'FLE_KEY_UNRESOLVED',
      (m) => m.updateOne({ $or: [{ tenantId: 'acme' }] }, { ssn: '2' }),
    ],
    [
      'what is negated',
      'FLE_KEY_UNRESOLVED',
      (m) => m.updateOne({ $nor: [{ tenantId: 'acme' }] }, { ssn: '2' }),
    ],
    [
      'a negation',
      'FLE_KEY_UNRESOLVED',
      (m) => m.updateOne({ tenantId: { $not: { $eq: 'acme' } } }, { ssn: '2' }),
    ],
    [
      'an operator from JSON',
      'FLE_KEY_UNRESOLVED',
      (m) => m.updateOne({ tenantId: { $ne: null } } as object, { ssn: '2' }),
    ],
    [
      'a collation',
      'FLE_KEY_UNRESOLVED',
      (m) =>
        m.updateOne(
          { tenantId: 'ACME' },
          { notes: ['n'] },
          { collation: { locale: 'en', strength: 2 } },
        ),
    ],
    [
      'an upsert among several',
      'FLE_KEY_UNRESOLVED',
      (m) =>
        m.updateOne({ tenantId: { $in: ['a', 'b'] }, ssn: '1' }, { name: 'x' }, { upsert: true }),
    ],
    [
      'another tenant for what is inserted than the filter',
      'FLE_UNSUPPORTED_UPDATE',
      (m) =>
        m.updateOne(
          { tenantId: 'acme', ssn: '9' },
          { $set: { notes: ['n'] }, $setOnInsert: { tenantId: 'b' } },
          { upsert: true },
        ),
    ],
    [
      'another tenant',
      'FLE_UNSUPPORTED_UPDATE',
      (m) => m.updateOne({ tenantId: 'acme' }, { tenantId: 'b' }),
    ],
    [
      'another tenant with some',
      'FLE_UNSUPPORTED_UPDATE',
      (m) => m.updateOne({}, { tenantId: 'b', ssn: '1' }),
    ],
    [
      'a tenant that is removed',
      'FLE_UNSUPPORTED_UPDATE',
      (m) => m.updateOne({}, { $unset: { tenantId: 1 } }),
    ],
    [
      'a tenant that is renamed',
      'FLE_UNSUPPORTED_UPDATE',
      (m) => m.updateOne({}, { $rename: { name: 'tenantId' } }),
    ],
    [
      'a pipeline',
      'FLE_UNSUPPORTED_UPDATE',
      (m) => m.updateOne({}, [{ $set: { tenantId: 'b' } }], { updatePipeline: true }),
    ],
    [
      'a replacement without',
      'FLE_KEY_UNRESOLVED',
      (m) => m.replaceOne({ tenantId: 'acme' }, { ssn: '1' }),
    ],
  ])('that tell %s are refused', async (_, code, attempt) => {
    const before = await rig.raw('accounts');
    rig.wire.clear();
    expect(await codeOf(() => attempt(Accounts))).toBe(code);
    expect(rig.wire.names()).toEqual([]);
    expect(await rig.raw('accounts')).toEqual(before);
  });

  it('may change the tenant with every field that is encrypted under its key', async () => {
    await Accounts.updateOne(
      { tenantId: 'acme' },
      {
        $set: { tenantId: 'globex', ssn: '2', codes: ['z'], contacts: [] },
        $unset: { notes: 1, labels: 1, address: 1 },
      },
    );
    expect(await keysOfAll()).toEqual([['tenant:globex']]);
    expect(await Accounts.findOne({ tenantId: 'globex', ssn: '2' })).toMatchObject({
      codes: ['z'],
    });
  });
});

describe('data keys of tenants', () => {
  it('are made by the first write, and never by a read', async () => {
    expect(await Accounts.find({ tenantId: 'unheard', ssn: '1' })).toEqual([]);
    expect(await Accounts.deleteMany({ tenantId: 'unheard', ssn: '1' })).toMatchObject({
      deletedCount: 0,
    });
    expect([...(await keyNames(rig)).values()]).not.toContain('tenant:unheard');
    await Accounts.create({ tenantId: 'unheard', ssn: '1' });
    expect([...(await keyNames(rig)).values()]).toContain('tenant:unheard');
  });

  it('are made once, though many write at once', async () => {
    const documents = Array.from({ length: 20 }, () => ({ tenantId: 'busy', ssn: '1' }));
    await Promise.all(documents.map(async (document) => await Accounts.create(document)));
    const names = [...(await keyNames(rig)).values()];
    expect(names.filter((name) => name === 'tenant:busy')).toHaveLength(1);
  });

  it('are neither created nor called unused by bootstrapKeys', async () => {
    await Accounts.create(full('acme'));
    expect(await rig.fle.bootstrapKeys(rig.connection)).toEqual({
      created: [],
      existing: ['shared'],
      unused: [],
    });
  });

  it('are shown by encryptedPaths as they were declared', () => {
    const [ssn] = rig.fle.encryptedPaths(Accounts);
    expect(ssn).toEqual({
      path: 'ssn',
      algorithm: 'Deterministic',
      keyAltName: { pointer: '/tenantId', prefix: 'tenant:' },
      whole: false,
    });
  });

  it('are not made by default: a name that a document gives needs createMissingKeys "all"', async () => {
    const careful = await openRig('careful');
    try {
      const { Accounts: Careful } = accountModels(careful);
      await expect(Careful.create({ tenantId: 'acme', ssn: '1' })).rejects.toMatchObject({
        code: 'FLE_KEY_NOT_FOUND',
        keyAltName: 'tenant:acme',
        // No bootstrap would make it.
        message: expect.stringContaining(
          'Create it with `npx mongoose-fle keys create` or fle.keyVault(connection), or set createMissingKeys to "all".',
        ) as unknown,
      });
      const encryption = await careful.fle.clientEncryption(careful.connection);
      await encryption.createDataKey('local', { keyAltNames: ['tenant:acme'] });
      await Careful.create({ tenantId: 'acme', ssn: '1' });
      expect(storedAs((await careful.rawOne('accounts'))['ssn'])).toBe('Deterministic');
    } finally {
      await careful.close();
    }
  });
});
