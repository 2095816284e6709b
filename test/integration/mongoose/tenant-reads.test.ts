import { type Model, Schema } from 'mongoose';
import { type FleErrorCode, isFleError, Undecryptable } from '../../../src/index';
import { DECRYPTED_HERE } from '../../support/connection-mode';
import { openRig, type Rig } from '../../support/rig';
import { expectSame, type Twins } from './compare-twins';
import { type Account, accountModels, keyNames } from './tenant-model';

let rig: Rig;
let Accounts: Model<Account>;
let twins: Twins<Account>;

const NAMES = ['Ada', 'Bob', 'Cyd', 'Dan'];

beforeAll(async () => {
  rig = await openRig('tenantreads', { handle: { createMissingKeys: 'all' } });
  const models = accountModels(rig);
  ({ Accounts } = models);
  twins = { encrypted: Accounts, plain: models.Twins };
  const documents = NAMES.map((name, place) => ({
    name,
    tenantId: ['acme', 'acme', 'globex', 'initech'][place],
    ssn: ['1', '2', '1', '1'][place],
    codes: place === 3 ? [] : ['x', String(place)],
    contacts: [{ kind: 'home', phone: String(place) }],
    tag: 't',
    notes: ['n'],
  }));
  await Promise.all([Accounts.insertMany(documents), models.Twins.insertMany(documents)]);
});

afterAll(async () => {
  await rig.close();
});

const found = async (model: Model<Account>, filter: object): Promise<unknown> =>
  await model.find(filter).sort({ name: 1 }).select('-_id -__v').lean();

async function codeOf(attempt: () => unknown): Promise<FleErrorCode | undefined> {
  try {
    await attempt();
    return undefined;
  } catch (error) {
    if (isFleError(error)) return error.code;
    throw error;
  }
}

describe('a filter', () => {
  it.each<[string, object]>([
    ['nothing', {}],
    ['a tenant', { tenantId: 'acme' }],
    ['a value of a tenant', { tenantId: 'acme', ssn: '1' }],
    ['a value of tenants', { tenantId: { $in: ['acme', 'globex'] }, ssn: '1' }],
    [
      'values of tenants',
      { tenantId: { $in: ['acme', 'globex'] }, ssn: { $in: ['1', '2', null] } },
    ],
    ['other values of tenants', { tenantId: { $in: ['acme', 'globex'] }, ssn: { $ne: '1' } }],
    ['none of values', { tenantId: { $in: ['acme', 'initech'] }, ssn: { $nin: ['2', null] } }],
    ['$eq of tenants', { tenantId: { $in: ['acme', 'initech'] }, ssn: { $eq: '1' } }],
    ['a negation', { tenantId: { $in: ['acme', 'initech'] }, ssn: { $not: { $eq: '1' } } }],
    ['an array', { tenantId: { $in: ['acme', 'globex'] }, codes: ['x', '0'] }],
    ['an element', { tenantId: { $in: ['acme', 'globex'] }, codes: 'x' }],
    ['all elements', { tenantId: 'acme', codes: { $all: ['x', '1'] } }],
    [
      'elements that match',
      { tenantId: { $in: ['acme', 'globex'] }, codes: { $elemMatch: { $in: ['0', '2'] } } },
    ],
    [
      'subdocuments',
      { tenantId: { $in: ['acme', 'globex'] }, contacts: { $elemMatch: { phone: '2' } } },
    ],
    [
      'a subdocument',
      { tenantId: { $in: ['acme', 'globex'] }, contacts: { kind: 'home', phone: '1' } },
    ],
    [
      'a tenant each',
      {
        $or: [
          { tenantId: 'acme', ssn: '2' },
          { tenantId: 'globex', ssn: '1' },
        ],
      },
    ],
    ['a branch of a tenant', { tenantId: 'acme', $or: [{ ssn: '2' }, { name: 'Dan' }] }],
    [
      'tenants that exclude each other',
      { tenantId: 'acme', $and: [{ tenantId: 'globex', ssn: '1' }] },
    ],
    ['no tenant of a list', { tenantId: { $in: [] }, ssn: '1' }],
    ['a tenant that is not', { tenantId: 'nobody', ssn: '1' }],
    ['what is not, of a tenant that is not', { tenantId: 'nobody', ssn: { $ne: '1' } }],
    ['$nor beside a tenant', { tenantId: 'acme', $nor: [{ ssn: '1' }] }],
    ['a field of a fixed key', { tag: 't' }],
    ['presence', { ssn: { $exists: true }, codes: { $size: 2 } }],
    ['null', { ssn: null }],
  ])('for %s finds what it finds on the twin', async (_, filter) => {
    await expectSame(twins, async (model) => await found(model, filter));
  });

  it.each<[string, object]>([
    ['no tenant', { ssn: '1' }],
    ['a tenant that is negated', { tenantId: { $ne: 'acme' }, ssn: '1' }],
    ['a tenant under $nor', { $nor: [{ tenantId: 'acme' }], ssn: '1' }],
    ['a tenant inside $not', { tenantId: { $not: { $ne: 'acme' } }, ssn: '1' }],
    ['a tenant of one branch', { $or: [{ tenantId: 'acme' }, { name: 'x' }], ssn: '1' }],
    ['a tenant or none', { tenantId: { $in: ['acme', null] }, ssn: '1' }],
    ['a pattern', { tenantId: /acme/, ssn: '1' }],
    ['a NUL', { tenantId: 'acme\0x', ssn: '1' }],
    ['a name without end', { tenantId: 'a'.repeat(600), ssn: '1' }],
    ['half a character', { tenantId: '\ud800', ssn: '1' }],
    ['operators from JSON', JSON.parse('{"tenantId":{"$gt":""},"ssn":"1"}') as object],
    ['$all values of several', { tenantId: { $in: ['acme', 'globex'] }, codes: { $all: ['x'] } }],
  ])('with %s is refused, and sends nothing', async (_, filter) => {
    rig.wire.clear();
    expect(await codeOf(async () => await Accounts.find(filter))).toBe('FLE_KEY_UNRESOLVED');
    expect(await codeOf(async () => await Accounts.countDocuments(filter))).toBe(
      'FLE_KEY_UNRESOLVED',
    );
    expect(rig.wire.commands).toEqual([]);
  });

  it('for several tenants becomes one $in of their ciphertexts', async () => {
    rig.wire.clear();
    await Accounts.find({ tenantId: { $in: ['acme', 'globex'] }, ssn: 'sentinel' });
    const [find] = rig.wire.commands.filter(({ command }) => command['find'] === 'accounts');
    const { ssn } = find?.command['filter'] as { ssn: { $in: unknown[] } };
    expect(ssn.$in).toHaveLength(2);
    expect(rig.wire.text()).not.toContain('sentinel');
  });
});

describe('reading', () => {
  it('needs no tenant, in documents, lean ones, cursors and aggregates', async () => {
    const read = await Accounts.find().sort({ name: 1 });
    expect(read.map(({ ssn }) => ssn)).toEqual(['1', '2', '1', '1']);
    const seen: unknown[] = [];
    for await (const account of Accounts.find().sort({ name: 1 }).lean().cursor())
      seen.push(account.ssn);
    expect(seen).toEqual(['1', '2', '1', '1']);
    await expectSame(
      twins,
      async (m) =>
        await m.aggregate<Account>([{ $sort: { name: 1 } }, { $project: { _id: 0, ssn: 1 } }]),
    );
  });

  it.each<[string, (model: Model<Account>) => unknown]>([
    ['distinct', async (m) => (await m.distinct('ssn', { tenantId: 'acme' })).sort()],
    [
      '$match, then $match',
      (m) =>
        m.aggregate([
          { $match: { tenantId: 'acme' } },
          { $sort: { name: 1 } },
          { $match: { ssn: '1' } },
          { $project: { _id: 0, name: 1, ssn: 1 } },
        ]),
    ],
    [
      '$match behind $unwind',
      (m) =>
        m.aggregate([
          { $unwind: '$codes' },
          { $match: { tenantId: 'acme', codes: 'x' } },
          { $sort: { name: 1 } },
          { $project: { _id: 0, codes: 1 } },
        ]),
    ],
    [
      '$group of a tenant',
      (m) =>
        m.aggregate([
          { $match: { tenantId: 'acme' } },
          { $group: { _id: '$ssn', n: { $sum: 1 } } },
          { $sort: { n: 1 } },
          { $count: 'groups' },
        ]),
    ],
    [
      '$group of all, by what is clear',
      (m) =>
        m.aggregate([
          { $group: { _id: '$tenantId', first: { $min: '$name' } } },
          { $sort: { _id: 1 } },
        ]),
    ],
    [
      '$facet',
      (m) =>
        m.aggregate([
          { $match: { tenantId: 'acme' } },
          { $facet: { ones: [{ $match: { ssn: '1' } }, { $project: { _id: 0, ssn: 1 } }] } },
        ]),
    ],
    [
      '$lookup of one tenant',
      (m) =>
        m.aggregate([
          { $match: { tenantId: 'acme', ssn: '1' } },
          {
            $lookup: {
              from: m.collection.name,
              localField: 'ssn',
              foreignField: 'ssn',
              pipeline: [{ $match: { tenantId: 'acme' } }],
              as: 'same',
            },
          },
          { $project: { _id: 0, 'same.name': 1, 'same.ssn': 1 } },
        ]),
    ],
  ])('by %s gives what it gives on the twin', async (_, attempt) => {
    await expectSame(twins, attempt);
  });

  it.each<[string, FleErrorCode, (model: Model<Account>) => unknown]>([
    ['distinct', 'FLE_KEY_UNRESOLVED', (m) => m.distinct('ssn')],
    [
      'distinct of several',
      'FLE_KEY_UNRESOLVED',
      (m) => m.distinct('ssn', { tenantId: { $in: ['acme', 'globex'] } }),
    ],
    ['$group', 'FLE_KEY_UNRESOLVED', (m) => m.aggregate([{ $group: { _id: '$ssn' } }])],
    ['$sortByCount', 'FLE_KEY_UNRESOLVED', (m) => m.aggregate([{ $sortByCount: '$ssn' }])],
    [
      '$addToSet',
      'FLE_KEY_UNRESOLVED',
      (m) => m.aggregate([{ $group: { _id: null, all: { $addToSet: '$ssn' } } }]),
    ],
    [
      '$match behind a tenant that was made',
      'FLE_KEY_UNRESOLVED',
      (m) =>
        m.aggregate([
          { $addFields: { tenantId: 'acme' } },
          { $match: { tenantId: 'acme', ssn: '1' } },
        ]),
    ],
    [
      '$match behind a union of others',
      'FLE_KEY_UNRESOLVED',
      (m) =>
        m.aggregate([
          { $match: { tenantId: 'acme' } },
          { $unionWith: 'accounts' },
          { $match: { ssn: '1' } },
        ]),
    ],
    [
      '$lookup of several',
      'FLE_UNSUPPORTED_STAGE',
      (m) =>
        m.aggregate([
          { $match: { tenantId: 'acme' } },
          { $lookup: { from: 'accounts', localField: 'ssn', foreignField: 'ssn', as: 'same' } },
        ]),
    ],
    [
      '$merge',
      'FLE_UNSUPPORTED_STAGE',
      (m) => m.aggregate([{ $set: { tenantId: 'acme' } }, { $merge: { into: 'accounts' } }]),
    ],
  ])('by %s is refused without one key', async (_, code, attempt) => {
    rig.wire.clear();
    expect(await codeOf(() => attempt(Accounts))).toBe(code);
    expect(rig.wire.commands).toEqual([]);
  });

  it('populates by an encrypted path where match tells the tenant', async () => {
    const schema = new Schema({ ssn: String });
    schema.virtual('accounts', { ref: 'Account', localField: 'ssn', foreignField: 'ssn' });
    const Letters = rig.connection.model('Letter', schema);
    const letter = await Letters.create({ ssn: '1' });
    await letter.populate({ path: 'accounts', match: { tenantId: 'acme' } });
    expect(letter.get('accounts')).toMatchObject([{ name: 'Ada', ssn: '1' }]);
    await expect(letter.populate('accounts')).rejects.toMatchObject({ code: 'FLE_KEY_UNRESOLVED' });
  });

  it('works in a transaction', async () => {
    await rig.connection.transaction(async (session) => {
      const account = await Accounts.findOne({ tenantId: 'acme', ssn: '1' })
        .session(session)
        .orFail();
      account.notes = ['m'];
      await account.save({ session });
    });
    expect(await Accounts.findOne({ name: 'Ada' }).lean()).toMatchObject({ notes: ['m'] });
  });
});

it('a tenant whose key is deleted is gone, and everybody else still reads', async () => {
  const other = await openRig('erased', {
    handle: { createMissingKeys: 'all', undecryptable: 'mark' },
    connect: DECRYPTED_HERE,
  });
  try {
    const { Accounts: Erasable } = accountModels(other);
    await Erasable.create([
      { tenantId: 'acme', name: 'Ada', ssn: '1' },
      { tenantId: 'globex', name: 'Bob', ssn: '2' },
    ]);
    await other.loseKeys('tenant:acme');
    await other.fle.close(other.connection);
    const [ada, bob] = await Erasable.find().sort({ name: 1 }).lean();
    expect(ada?.ssn).toBeInstanceOf(Undecryptable);
    expect(bob?.ssn).toBe('2');
    const document = await Erasable.findOne({ name: 'Ada' }).orFail();
    expect([document.ssn, other.fle.undecryptable(document)]).toEqual([undefined, ['ssn']]);
    expect(await Erasable.find({ tenantId: 'acme', ssn: '1' })).toEqual([]);
    expect([...(await keyNames(other)).values()].sort()).toEqual(['shared', 'tenant:globex']);
  } finally {
    await other.close();
  }
});
