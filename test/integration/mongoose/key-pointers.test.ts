import mongoose, { type Model, Schema, type Types } from 'mongoose';
import { isFleError } from '../../../src/index';
import { openRig, type Rig } from '../../support/rig';
import { keyNames, keysIn } from './tenant-model';

const random = (pointer: string, prefix: string): object => ({
  encrypted: { algorithm: 'Random', keyAltName: { pointer, prefix } },
});

let rig: Rig;

beforeAll(async () => {
  rig = await openRig('pointers', { handle: { createMissingKeys: 'all' } });
});

afterAll(async () => {
  await rig.close();
});

async function codeOf(attempt: () => unknown): Promise<string | undefined> {
  try {
    await attempt();
    return undefined;
  } catch (error) {
    if (isFleError(error)) return error.code;
    throw error;
  }
}

it('the key of a person, by _id, is that of every document about them', async () => {
  const people = new Schema({ name: { type: String, ...random('/_id', 'person:') } });
  const letters = new Schema({
    owner: { id: Schema.Types.ObjectId },
    text: { type: String, ...random('/owner/id', 'person:') },
  });
  for (const schema of [people, letters]) schema.plugin(rig.fle);
  const People = rig.connection.model('Person', people) as unknown as Model<{ name: string }>;
  const Letters = rig.connection.model('Letter', letters) as unknown as Model<{
    owner: { id: Types.ObjectId };
    text: string;
  }>;
  const ada = await People.create({ name: 'Ada' });
  await Letters.create({ owner: { id: ada._id }, text: 'dear' });
  await Letters.updateOne({ 'owner.id': ada._id }, { text: 'dearest' });
  ada.name = 'Ada L.';
  await ada.save();
  const expected = [`person:${ada._id.toHexString()}`];
  for (const collection of ['people', 'letters']) {
    expect(await keysIn(rig, await rig.rawOne(collection))).toEqual(expected);
  }
  expect(await codeOf(() => Letters.updateOne({}, { owner: { id: ada._id } }))).toBe(
    'FLE_UNSUPPORTED_UPDATE',
  );
  expect(await Letters.findOne()).toMatchObject({ text: 'dearest' });
});

it('numbers that MongoDB takes for equal name one key, and others none', async () => {
  const schema = new Schema({
    shop: Number,
    note: {
      type: String,
      encrypted: { algorithm: 'Deterministic', keyAltName: { pointer: '/shop', prefix: 'shop:' } },
    },
  });
  schema.plugin(rig.fle);
  const Notes = rig.connection.model('Note', schema) as unknown as Model<{
    shop: number;
    note: string;
  }>;
  await Notes.create({ shop: 7, note: 'a' });
  await Notes.create({ shop: -0, note: 'b' });
  expect(await codeOf(() => Notes.create({ shop: 1.5, note: 'c' }))).toBe('FLE_KEY_UNRESOLVED');
  const { Double } = mongoose.mongo.BSON;
  expect(await Notes.aggregate([{ $match: { shop: new Double(7), note: 'a' } }])).toHaveLength(1);
  expect(await codeOf(() => Notes.aggregate([{ $match: { shop: '7', note: 'a' } }]))).toBe(
    'FLE_KEY_UNRESOLVED',
  );
  const shops = [...(await keyNames(rig)).values()].filter((name) => name.startsWith('shop:'));
  expect(shops.sort()).toEqual(['shop:0', 'shop:7']);
});

it('fields of discriminators, and of child schemas in arrays, have the key of the document', async () => {
  const item = new Schema(
    { tenantId: String, price: { type: Number, ...random('/tenantId', 'tenant:') } },
    { _id: false },
  );
  const base = new Schema({ tenantId: String, items: [item] }, { discriminatorKey: 'kind' });
  base.plugin(rig.fle);
  const Orders = rig.connection.model('Order', base);
  const gift = new Schema({ card: { type: String, ...random('/tenantId', 'tenant:') } });
  gift.plugin(rig.fle);
  const Gifts = Orders.discriminator('Gift', gift);
  const order = await Gifts.create({
    tenantId: 'acme',
    card: 'hello',
    items: [{ tenantId: 'globex', price: 5 }],
  });
  const item2 = { tenantId: 'globex', price: 6 };
  await Orders.updateOne({ _id: order._id, tenantId: 'acme' }, { $push: { items: item2 } });
  expect(await keysIn(rig, await rig.rawOne('orders'))).toEqual(['tenant:acme']);
  expect(await Orders.findOne().lean()).toMatchObject({
    card: 'hello',
    items: [{ price: 5 }, { price: 6 }],
  });
});

it.each<[string, unknown]>([
  ['an operator', { $ne: null }],
  ['an array', ['acme', 'globex']],
  ['an object', { toString: 'acme' }],
  ['a prototype', JSON.parse('{"__proto__":{"tenantId":"acme"}}')],
  ['a NUL behind another name', 'victim\0attacker'],
])('a tenant that is %s, past every cast, is refused and sends nothing', async (_, tenantId) => {
  const name = `Doc${new mongoose.Types.ObjectId().toHexString()}`;
  const schema = new Schema({
    tenantId: String,
    text: { type: String, ...random('/tenantId', 'tenant:') },
  });
  schema.plugin(rig.fle);
  const Docs = rig.connection.model(name, schema);
  rig.wire.clear();
  for (const attempt of [
    () => Docs.collection.insertOne({ tenantId, text: 'sentinel' }),
    () => Docs.collection.insertMany([{ tenantId, text: 'sentinel' }]),
    () => Docs.collection.updateOne({ tenantId }, { $set: { text: 'sentinel' } }),
    () => Docs.collection.replaceOne({}, { tenantId, text: 'sentinel' }),
    () => Docs.collection.updateOne({}, { $set: { tenantId, text: 'sentinel' } }),
  ]) {
    expect(await codeOf(attempt)).toBe('FLE_KEY_UNRESOLVED');
  }
  expect(rig.wire.names().filter((sent) => sent !== 'create')).toEqual([]);
  expect(rig.wire.text()).not.toContain('sentinel');
});

it('a polluted prototype names no key', async () => {
  const schema = new Schema({
    tenantId: String,
    text: { type: String, ...random('/tenantId', 'tenant:') },
  });
  schema.plugin(rig.fle);
  const Docs = rig.connection.model('Polluted', schema);
  Object.defineProperty(Object.prototype, 'tenantId', { value: 'victim', configurable: true });
  try {
    expect(await codeOf(() => Docs.collection.insertOne({ text: 'a' }))).toBe('FLE_KEY_UNRESOLVED');
  } finally {
    Reflect.deleteProperty(Object.prototype, 'tenantId');
  }
});

it('names and prefixes of different models may not be taken for each other', async () => {
  const other = await openRig('collide', { handle: { createMissingKeys: 'all' } });
  try {
    const one = new Schema({
      tenantId: String,
      text: { type: String, ...random('/tenantId', 'tenant:') },
    });
    const two = new Schema({
      text: { type: String, encrypted: { algorithm: 'Random', keyAltName: 'tenant:root' } },
    });
    for (const schema of [one, two]) schema.plugin(other.fle);
    const One = other.connection.model('One', one);
    other.connection.model('Two', two);
    await expect(One.create({ tenantId: 'root', text: 'a' })).rejects.toMatchObject({
      code: 'FLE_INVALID_DECLARATION',
      message:
        'keyAltName: the key name "tenant:root" begins with the prefix "tenant:". Choose names and prefixes of which none begins another, such as "tenant:".',
    });
    await expect(other.fle.verify(other.connection)).rejects.toMatchObject({
      code: 'FLE_INVALID_DECLARATION',
    });
  } finally {
    await other.close();
  }
});
