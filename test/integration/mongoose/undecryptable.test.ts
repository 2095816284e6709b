import { randomBytes } from 'node:crypto';
import { Schema, type Model } from 'mongoose';
import { DecryptionFailedError, isFleError, Undecryptable } from '../../../src/index';
import { DECRYPTED_HERE } from '../../support/connection-mode';
import { openRig, type Rig } from '../../support/rig';

interface Person {
  name?: string;
  ssn?: string;
  notes?: string[];
}

const encrypted = (keyAltName: string): object => ({
  encrypted: { algorithm: 'Random', keyAltName },
});

function personModel({ connection, fle }: Rig): Model<Person> {
  const schema = new Schema<Person>({
    name: String,
    ssn: { type: String, ...encrypted('kept') },
    notes: [{ type: String, ...encrypted('lost') }],
  });
  schema.plugin(fle);
  return connection.model<Person>('Person', schema);
}

async function storeAndLoseKey(rig: Rig, People: Model<Person>): Promise<void> {
  await People.create({ name: 'Ada', ssn: '1', notes: ['a', 'b'] });
  await rig.loseKeys('lost');
  await rig.fle.close(rig.connection);
}

async function failure(attempt: Promise<unknown>): Promise<unknown> {
  return await attempt.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe("with undecryptable: 'error'", () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await openRig('undecryptable', { connect: DECRYPTED_HERE });
  });
  afterAll(async () => {
    await rig.close();
  });

  it('fails a read, naming model, path, key and cause', async () => {
    const People = personModel(rig);
    await storeAndLoseKey(rig, People);
    const error = await failure(People.findOne().exec());
    expect(error).toBeInstanceOf(DecryptionFailedError);
    expect(error).toMatchObject({
      code: 'FLE_DECRYPTION_FAILED',
      model: 'Person',
      path: 'notes',
      operation: 'findOne',
      keyAltName: 'lost',
      keyId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      message:
        'Person.notes: the data key that encrypted the stored value is not in the key vault. Restore the key from a backup of the vault; without it the value is lost.',
    });
    expect(isFleError((error as Error).cause)).toBe(true);
  });
});

describe("with undecryptable: 'mark'", () => {
  let rig: Rig;
  let People: Model<Person>;

  beforeAll(async () => {
    rig = await openRig('marked', {
      handle: { undecryptable: 'mark' },
      connect: DECRYPTED_HERE,
    });
    People = personModel(rig);
    await storeAndLoseKey(rig, People);
  });

  afterAll(async () => {
    await rig.close();
  });

  it('puts a marker in lean and aggregate results, and reads everything else', async () => {
    const [lean] = await People.find().lean();
    const [aggregated] = await People.aggregate<Person>([{ $match: { name: 'Ada' } }]);
    for (const read of [lean, aggregated]) {
      expect(read).toMatchObject({ name: 'Ada', ssn: '1' });
      expect(read?.notes?.[0]).toBeInstanceOf(Undecryptable);
      expect(read?.notes?.[0]).toMatchObject({ path: 'notes' });
    }
  });

  it('leaves it out of a document and tells its paths', async () => {
    const person = await People.findOne().orFail();
    expect(person.ssn).toBe('1');
    expect(person.notes).toEqual([null, null]);
    expect(rig.fle.undecryptable(person)).toEqual(['notes.0', 'notes.1']);
    expect(person.isModified()).toBe(false);
  });

  it('leaves it out also where hooks are skipped', async () => {
    const skipped = { middleware: false } as never;
    const person = await People.findOne().setOptions(skipped).orFail();
    expect(person.notes).toEqual([null, null]);
    expect(rig.fle.undecryptable(person)).toEqual(['notes.0', 'notes.1']);
  });

  it('saves what else has changed, and refuses to write over what is lost', async () => {
    const person = await People.findOne().orFail();
    person.ssn = '2';
    await person.save();
    person.notes = ['new'];
    const error = await failure(person.save());
    expect(error).toMatchObject({
      code: 'FLE_UNSUPPORTED_UPDATE',
      message:
        'Person.notes: the stored value there could not be decrypted, and saving would write over it. Restore the data key, or write over it on purpose with Person.updateOne().',
    });
    expect(person.isModified('notes')).toBe(true);
    expect(await People.findOne().lean()).toMatchObject({ ssn: '2' });
  });

  it('knows nothing lost in a document that was read whole', () => {
    expect(rig.fle.undecryptable(new People({ name: randomBytes(2).toString('hex') }))).toEqual([]);
  });
});
