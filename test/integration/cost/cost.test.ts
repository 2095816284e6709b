import { type Model, Schema } from 'mongoose';
import { openRig, type Rig } from '../../support/rig';
import { allocatedBy, countWork, fewestPromises, givenToDecrypt } from './count-work';

interface Person {
  name: string;
  ssn?: string;
  phone?: string;
  email?: string;
  street?: string;
  notes?: string;
}

const DOCUMENTS = 1000;
/** How many documents the server sends at first, where nothing else is said. */
const FIRST_REPLY = 101;
/** How many values libmongocrypt gets at once: `CHUNK_VALUES` of src/keys/end-of-chunk.ts. */
const CHUNK = 512;

/** Where the type of the first element of `v` stands in the BSON document `{ v: […] }`, and the type of a document. */
const ELEMENT_AT = 11;
const DOCUMENT = 0x03;

/** How many contexts read all documents, with so many values in each: each reply is decrypted for itself. */
const contextsOf = (values: number): number =>
  Math.ceil((FIRST_REPLY * values) / CHUNK) +
  Math.ceil(((DOCUMENTS - FIRST_REPLY) * values) / CHUNK);

const people = (count: number): Person[] =>
  Array.from({ length: count }, (_, index) => ({
    name: `Person ${index}`,
    ssn: `${index}-45-6789`,
    phone: `+41 44 000 ${index}`,
    email: `person.${index}@example.org`,
    street: `Langstrasse ${index}`,
    notes: 'Asks to be called in the evening.',
  }));

describe('what encryption costs', () => {
  let rig: Rig;
  let People: Model<Person>;
  let Twins: Model<Person>;

  beforeAll(async () => {
    // Keys that expire while a slow machine counts would have to be loaded again.
    rig = await openRig('cost', { handle: { keyExpirationMS: 0 } });
    const text = (algorithm: 'Deterministic' | 'Random') => ({
      type: String,
      encrypted: { algorithm, keyAltName: 'people' },
    });
    const schema = new Schema<Person>({
      name: String,
      ssn: text('Deterministic'),
      phone: text('Deterministic'),
      email: text('Random'),
      street: text('Random'),
      notes: text('Random'),
    });
    schema.plugin(rig.fle);
    People = rig.connection.model<Person>('Person', schema);
    const twin = { name: String, ssn: String, phone: String, email: String, street: String };
    Twins = rig.twinConnection.model<Person>(
      'Person',
      new Schema<Person>({ ...twin, notes: String }),
    );
    await People.insertMany(people(DOCUMENTS));
    await Twins.insertMany(people(DOCUMENTS));
    await People.findOne().lean();
  });
  afterAll(() => rig.close());

  it('decrypts a reply in one context for each chunk of values', async () => {
    const lean = await countWork(() => People.find().lean());
    expect(lean).toMatchObject({ encryptions: 0, decryptions: contextsOf(5) });
    const hydrated = await countWork(() => People.find());
    expect(hydrated).toMatchObject({ encryptions: 0, decryptions: contextsOf(5) });
    const aggregated = await countWork(() => People.aggregate([{ $project: { number: '$ssn' } }]));
    expect(aggregated).toMatchObject({ encryptions: 0, decryptions: contextsOf(1) });
  });

  it('makes nothing of the ciphertexts of a reply: documents are decrypted as they came', async () => {
    const given = await givenToDecrypt(async () => {
      await People.find().lean();
      await People.find();
      await People.aggregate([{ $match: {} }]);
    });
    const types = given.map((document) => document[ELEMENT_AT]);
    expect(new Set(types)).toEqual(new Set([DOCUMENT]));
  });

  it('encrypts a command in one context for each chunk of values', async () => {
    const inserted = await countWork(() => People.insertMany(people(200)));
    expect(inserted).toMatchObject({ encryptions: 2, decryptions: 0 });
    const written = people(100).map((document) => ({ insertOne: { document } }));
    expect(await countWork(() => People.bulkWrite(written))).toMatchObject({ encryptions: 1 });
    await People.deleteMany({ _id: { $gt: (await lastOf(People, DOCUMENTS))._id } });
  });

  it('saves a document with one context for its values', async () => {
    await People.create(people(1)[0] ?? {}); // The first makes the keys ready.
    const created = await countWork(() => People.create(people(1)[0] ?? {}));
    expect(created).toMatchObject({ encryptions: 1, decryptions: 0 });
  });

  it('makes no promise for each document or value', async () => {
    const promises = (model: Model<Person>, limit: number): Promise<number> =>
      fewestPromises(() => model.find().limit(limit).lean());
    const [few, many] = [await promises(People, 10), await promises(People, 100)];
    const [fewTwins, manyTwins] = [await promises(Twins, 10), await promises(Twins, 100)];
    expect(many - few - (manyTwins - fewTwins)).toBeLessThanOrEqual(10);
    expect(few - fewTwins).toBeLessThanOrEqual(50);
  });

  it('looks into the key vault once for many cold operations, and not again', async () => {
    await rig.fle.close(rig.connection);
    rig.wire.clear();
    await Promise.all(Array.from({ length: 20 }, () => People.find().limit(5).lean()));
    const looked = rig.wire.count('find', '__keyVault');
    expect(looked).toBe(1);
    await People.find().limit(5).lean();
    expect(rig.wire.count('find', '__keyVault')).toBe(looked);
  });

  it('does no work for operations that do not touch encrypted paths', async () => {
    const none = { encryptions: 0, decryptions: 0 };
    const byName = { name: 'Person 1' };
    expect(await countWork(() => People.find({}, { name: 1 }).lean())).toMatchObject(none);
    expect(await countWork(() => People.countDocuments(byName))).toMatchObject(none);
    expect(await countWork(() => People.updateOne(byName, { name: 'Person 1' }))).toMatchObject(
      none,
    );
    expect(await countWork(() => People.distinct('name'))).toMatchObject(none);
  });

  it('allocates at most three times what the twin allocates', async () => {
    const read = async (model: Model<Person>): Promise<number> => {
      await model.find().lean();
      return await allocatedBy(() => model.find().lean());
    };
    const [ours, twin] = [await read(People), await read(Twins)];
    expect(twin).toBeGreaterThan(0);
    expect(ours / twin).toBeLessThan(3.3);
  });

  it('leaves models without encrypted fields as they are', async () => {
    const schema = new Schema<Person>({ name: String });
    schema.plugin(rig.fle);
    const Plugged = rig.connection.model<Person>('Plugged', schema, 'plain');
    const Plain = rig.connection.model<Person>(
      'Plain',
      new Schema<Person>({ name: String }),
      'plain',
    );
    await Plain.insertMany([{ name: 'a' }, { name: 'b' }]);
    for (const run of [
      (model: Model<Person>) => model.find().lean(),
      (model: Model<Person>) => model.find(),
      (model: Model<Person>) => model.insertMany([{ name: 'c' }, { name: 'd' }]),
      (model: Model<Person>) => model.updateOne({ name: 'a' }, { name: 'a' }),
      (model: Model<Person>) => model.countDocuments(),
      (model: Model<Person>) => model.create({ name: 'e' }),
    ]) {
      await run(Plugged);
      await run(Plain);
      expect(await countWork(() => run(Plugged))).toMatchObject({ encryptions: 0, decryptions: 0 });
      const plugged = await fewestPromises(() => run(Plugged));
      expect(plugged).toBeLessThanOrEqual(await fewestPromises(() => run(Plain)));
    }
    const initOf = (model: Model<Person>): unknown => (model.prototype as { init: unknown }).init;
    expect(initOf(Plugged)).toBe(initOf(Plain));
  });
});

/** The document at a place in the order of insertion. */
async function lastOf(model: Model<Person>, place: number): Promise<{ _id: unknown }> {
  const [found] = await model
    .find({}, { _id: 1 })
    .sort({ _id: 1 })
    .skip(place - 1)
    .limit(1)
    .lean();
  if (found === undefined) throw new Error('There are too few documents');
  return found;
}
