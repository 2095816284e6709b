import { Schema, type Model } from 'mongoose';
import { fieldEncryption } from '../../../src/index';
import { DECRYPTED_HERE } from '../../support/connection-mode';
import { openRig, type Rig } from '../../support/rig';

interface Person {
  name?: string;
  ssn?: string;
}

function personModel(
  { connection }: Pick<Rig, 'connection'>,
  fle: Rig['fle'],
  keyAltName = 'people',
): Model<Person> {
  const encrypted = { algorithm: 'Deterministic', keyAltName } as const;
  const schema = new Schema<Person>({ name: String, ssn: { type: String, encrypted } });
  schema.plugin(fle);
  return connection.model<Person>('Person', schema);
}

let rig: Rig;

beforeEach(async () => {
  rig = await openRig('first', { connect: DECRYPTED_HERE });
});

afterEach(async () => {
  await rig.close();
});

describe('the first operations', () => {
  it('make one data key and look the vault up at most twice, though 50 run at once', async () => {
    const People = personModel(rig, rig.fle);
    rig.wire.clear();
    await Promise.all(
      Array.from({ length: 50 }, async (_, place) => {
        if (place % 3 === 0) await People.find({ ssn: String(place) });
        else await People.create({ ssn: String(place) });
      }),
    );
    expect(rig.wire.count('find', '__keyVault')).toBeLessThanOrEqual(2);
    expect(rig.wire.count('insert', '__keyVault')).toBe(1);
    expect(await rig.bare.collection('__keyVault').countDocuments()).toBe(1);
    expect(await People.countDocuments({ ssn: '1' })).toBe(1);
  });

  it('look the vault up once, though 50 documents are read at once by a process that starts', async () => {
    const People = personModel(rig, rig.fle);
    await People.create({ ssn: '1' });
    await rig.fle.close(rig.connection);
    rig.wire.clear();
    const read = await Promise.all(Array.from({ length: 50 }, async () => await People.findOne()));
    expect(read.every((person) => person?.ssn === '1')).toBe(true);
    expect(rig.wire.count('find', '__keyVault')).toBe(1);
  });

  it('by a filter create no data key, and match nothing', async () => {
    const People = personModel(rig, rig.fle);
    await rig.plant('people', { name: 'without' });
    expect(await People.find({ ssn: '1' })).toEqual([]);
    expect(await People.countDocuments({ ssn: { $ne: '1' } })).toBe(1);
    expect(await rig.bare.collection('__keyVault').countDocuments()).toBe(0);
  });
});

describe('createMissingKeys: false', () => {
  it('refuses a write under a key that does not exist, before anything is written', async () => {
    const fle = fieldEncryption({
      kmsProviders: { local: { key: rig.masterKey } },
      keyVaultNamespace: `${rig.databaseName}.__keyVault`,
      createMissingKeys: false,
    });
    const People = personModel(rig, fle, 'nobody-made-it');
    const person = new People({ ssn: '1' });
    const error = await person.save().catch((cause: unknown) => cause);
    expect(error).toMatchObject({
      code: 'FLE_KEY_NOT_FOUND',
      keyAltName: 'nobody-made-it',
      message: expect.stringContaining('fle.bootstrapKeys(connection)') as string,
    });
    expect(person.isNew).toBe(true);
    expect(await rig.raw('people')).toEqual([]);
    await expect(People.insertMany([{ ssn: '1' }], { lean: true })).rejects.toMatchObject({
      code: 'FLE_KEY_NOT_FOUND',
      model: 'Person',
      path: 'ssn',
      operation: 'insertMany',
    });
    expect(await fle.bootstrapKeys(rig.connection)).toEqual({
      created: ['nobody-made-it'],
      existing: [],
      unused: [],
    });
    await person.save();
    expect(await rig.raw('people')).toHaveLength(1);
    await fle.close(rig.connection);
  });
});

describe('a database that is down', () => {
  it('is reported with a code, a cause and what to do', async () => {
    const People = personModel(rig, rig.fle);
    const connection = rig.mongoose.createConnection('mongodb://127.0.0.1:9/', {
      serverSelectionTimeoutMS: 200,
      bufferTimeoutMS: 300,
    } as object);
    connection.on('error', () => undefined);
    const Elsewhere = personModel({ connection }, rig.fle);
    const twin = connection.model('Twin', new Schema({ name: String }));
    const seen = await Promise.all(
      [Elsewhere, twin].map(async (each) => {
        const error = await (each as Model<Person>)
          .findOne({ name: 'x' })
          .catch((cause: unknown) => cause);
        return (error as Error).message.replace(/people|twins/, '');
      }),
    );
    expect(seen[0]).toBe(seen[1]);
    await connection.close();
    expect(await People.countDocuments()).toBe(0);
  });
});
