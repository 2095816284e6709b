import { deserialize } from 'bson';
import { type Model, mongo, Schema } from 'mongoose';
import { isCiphertext } from '../../../src/codec/bson';
import { openRig, type Rig } from '../../support/rig';
import { countWork, fewestPromises, givenToDecrypt } from './count-work';

interface Person {
  tenantId: string;
  ssn?: string;
  notes?: string[];
}

const TENANTS = 250;
/** As many documents for each tenant, far apart, and as many notes for each document. */
const EACH = 4;
/** How many keys libmongocrypt gets at once: `CHUNK_KEYS` of src/keys/end-of-chunk.ts, `GROUP_KEYS` of src/keys/load-keys.ts. */
const CHUNK_KEYS = 100;
/** Of how many keys documents are decrypted whole: `MOST_KEYS` of src/codec/stored-survey.ts. */
const WHOLE_KEYS = 8;

const people = (): Person[] =>
  Array.from({ length: TENANTS * EACH }, (_, index) => ({
    tenantId: `t${index % TENANTS}`,
    ssn: `${index}-45-6789`,
    notes: [`first of ${index}`],
  }));

/** All documents, in one reply. */
const readAtOnce = (model: Model<Person>) =>
  model
    .find()
    .batchSize(TENANTS * EACH)
    .lean();

describe('what many data keys cost', () => {
  let rig: Rig;
  let People: Model<Person>;
  const close = async (): Promise<void> => {
    await rig.fle.close(rig.connection);
    rig.wire.clear();
  };
  const looked = (): number => rig.wire.count('find', '__keyVault');

  beforeAll(async () => {
    rig = await openRig('tenants', { handle: { keyExpirationMS: 0, createMissingKeys: 'all' } });
    const keyAltName = { pointer: '/tenantId', prefix: 'tenant:' };
    const schema = new Schema<Person>({
      tenantId: String,
      ssn: { type: String, encrypted: { algorithm: 'Deterministic', keyAltName } },
      notes: [{ type: String, encrypted: { algorithm: 'Random', keyAltName } }],
    });
    schema.plugin(rig.fle);
    People = rig.connection.model<Person>('Person', schema);
    await makeKeys(rig);
  }, 60_000);
  beforeEach(async () => {
    await People.deleteMany({});
    await People.insertMany(people());
  }, 60_000);
  afterAll(() => rig.close());

  it('is one look-up for all that one write needs, however many values it holds', async () => {
    await close();
    const byTenant = people().sort((one, other) => one.tenantId.localeCompare(other.tenantId));
    await People.insertMany(byTenant);
    expect(looked()).toBe(1);
  });

  it('is one look-up for all that one reply needs', async () => {
    await close();
    await readAtOnce(People);
    expect(looked()).toBe(1);
    await close();
    await People.find().batchSize(TENANTS * EACH);
    expect(looked()).toBe(1);
    await close();
    await People.find(); // in two replies, each with keys of its own
    expect(looked()).toBe(2);
  });

  it('is one look-up for a search under all of them', async () => {
    await close();
    const tenantId = { $in: Array.from({ length: TENANTS }, (_, index) => `t${index}`) };
    const found = await People.find({ tenantId, ssn: '7-45-6789' }).lean();
    expect(found).toMatchObject([{ tenantId: 't7' }]);
    expect(looked()).toBe(1);
  });

  it('is one unit of work for each hundred of them that are loaded', async () => {
    await close();
    const { encryptions } = await countWork(() => readAtOnce(People));
    // One more, when libmongocrypt is opened, asks whether it is the one that we know.
    expect(encryptions).toBe(Math.ceil(TENANTS / CHUNK_KEYS) + 1);
  });

  it('is no promise for each of them', async () => {
    const promises = (limit: number): Promise<number> =>
      fewestPromises(async () => {
        await close();
        await readAtOnce(People).sort({ _id: 1 }).limit(limit);
      });
    expect((await promises(TENANTS)) - (await promises(10))).toBeLessThan(TENANTS / 2);
  });

  it('is one search for each of them, and not one for each chunk of values', async () => {
    await People.find().lean();
    const given = await givenToDecrypt(() => readAtOnce(People));
    const keys = given.map(keysIn);
    expect(keys.reduce((sum, count) => sum + count, 0)).toBeLessThan(
      TENANTS + keys.length + WHOLE_KEYS,
    );
    expect(Math.max(...keys)).toBeLessThanOrEqual(CHUNK_KEYS);
  });
});

/** How many data keys the ciphertexts in a document name. */
function keysIn(document: Uint8Array): number {
  const ids = ciphertextsIn(deserialize(document)).map((each) => each.value().subarray(1, 17));
  return new Set(ids.map((id) => Buffer.from(id).toString('hex'))).size;
}

function ciphertextsIn(value: unknown): mongo.Binary[] {
  if (isCiphertext(value)) return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(ciphertextsIn);
}

/** Keys that share their material: that takes one unit of work, not one for each. */
async function makeKeys({ fle, connection, bare }: Rig): Promise<void> {
  await (await fle.keyVault(connection)).create('tenant:t0');
  const vault = bare.collection('__keyVault');
  const key = await vault.findOne({ keyAltNames: 'tenant:t0' });
  await vault.insertMany(
    Array.from({ length: TENANTS - 1 }, (_each, index) => ({
      ...key,
      _id: new mongo.BSON.UUID() as never,
      keyAltNames: [`tenant:t${index + 1}`],
    })),
  );
}
