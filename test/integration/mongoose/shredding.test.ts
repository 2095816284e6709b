import { Mongoose, Schema } from 'mongoose';
import { fieldEncryption, Undecryptable } from '../../../src/index';
import { databaseUri } from '../../support/database';
import { DECRYPTED_HERE } from '../../support/connection-mode';
import { openRig, type Rig } from '../../support/rig';

interface Person {
  name?: string;
  email?: string;
  diary?: string;
}

let rig: Rig;

beforeEach(async () => {
  rig = await openRig('shredding', {
    handle: { undecryptable: 'mark' },
    connect: DECRYPTED_HERE,
  });
});

afterEach(() => rig.close());

function personSchema(): Schema<Person> {
  const schema = new Schema<Person>({
    name: String,
    email: { type: String, encrypted: { algorithm: 'Deterministic', keyAltName: 'contact' } },
    diary: { type: String, encrypted: { algorithm: 'Random', keyAltName: 'diaries' } },
  });
  schema.plugin(rig.fle);
  return schema;
}

describe('a deleted data key', () => {
  it('is guarded while models use it, and then takes what is stored under it along, and nothing else', async () => {
    const People = rig.connection.model('Person', personSchema());
    const { _id } = await People.create({ name: 'Ada', email: 'a@b.c', diary: 'Dear diary' });
    expect((await People.findById(_id))?.diary).toBe('Dear diary'); // the key is in memory
    const vault = await rig.fle.keyVault(rig.connection);

    expect((await vault.find('diaries'))?.usedBy).toEqual([{ model: 'Person', path: 'diary' }]);
    await expect(vault.delete('diaries')).rejects.toMatchObject({
      code: 'FLE_KEY_IN_USE',
      model: 'Person',
      path: 'diary',
    });
    expect((await People.findById(_id))?.diary).toBe('Dear diary');
    await vault.delete('diaries', { evenIfUsed: true });

    const document = await People.findById(_id);
    expect(document?.toObject()).toMatchObject({ name: 'Ada', email: 'a@b.c' });
    expect(document?.diary).toBeUndefined();
    expect(rig.fle.undecryptable(document ?? {})).toEqual(['diary']);
    const lean: unknown = (await People.findOne({ email: 'a@b.c' }).lean())?.diary;
    expect(lean).toBeInstanceOf(Undecryptable);
  });

  it('is forgotten also where the answer of the server that deleted it is lost', async () => {
    const { Collection, MongoNetworkError } = rig.connection.base.mongo;
    const deleteOne: unknown = Reflect.get(Collection.prototype, 'deleteOne');
    const losing = jest.spyOn(Collection.prototype, 'deleteOne');
    losing.mockImplementation(async function (this: unknown, ...parameters) {
      await Reflect.apply(deleteOne as () => Promise<unknown>, this, parameters);
      throw new MongoNetworkError('the answer is lost');
    });
    const People = rig.connection.model('Person', personSchema());
    const { _id } = await People.create({ diary: 'Dear diary' });
    const vault = await rig.fle.keyVault(rig.connection);
    const deleted = vault.delete('diaries', { evenIfUsed: true });

    await expect(deleted).rejects.toMatchObject({ code: 'FLE_KEY_VAULT_UNAVAILABLE' });
    losing.mockRestore();
    expect(await vault.find('diaries')).toBeUndefined();
    expect(rig.fle.undecryptable((await People.findById(_id)) ?? {})).toEqual(['diary']);
  });

  it('is found to be used through other databases of the client, and by no model whose keys are in another vault', async () => {
    rig.connection.useDb('elsewhere').model('Person', personSchema());
    const other = await openRig('shredding_other', { connect: DECRYPTED_HERE });
    try {
      const schema = new Schema({
        x: { type: String, encrypted: { algorithm: 'Random', keyAltName: 'foreign' } },
      });
      schema.plugin(other.fle);
      rig.connection.model('Foreign', schema);
      const vault = await rig.fle.keyVault(rig.connection);
      await vault.create('contact');
      await vault.create('foreign');

      expect((await vault.find('contact'))?.usedBy).toEqual([{ model: 'Person', path: 'email' }]);
      expect((await vault.find('foreign'))?.usedBy).toEqual([]);
      expect((await rig.fle.bootstrapKeys(rig.connection)).created).toEqual([]);
    } finally {
      await other.close();
    }
  });

  it('is found to be used through other clients of the handle', async () => {
    const { base } = rig.connection;
    const other = base.createConnection(databaseUri(rig.connection.name));
    try {
      await other.asPromise();
      other.model('Person', personSchema());
      const vault = await rig.fle.keyVault(rig.connection);
      await vault.create('contact');

      expect((await vault.find('contact'))?.usedBy).toEqual([{ model: 'Person', path: 'email' }]);
      await expect(vault.delete('contact')).rejects.toMatchObject({ code: 'FLE_KEY_IN_USE' });
      expect(await vault.find('contact')).toBeDefined();
    } finally {
      await rig.fle.close(other);
      await other.destroy();
    }
  });

  it('is found to be used through other handles, and other instances of Mongoose, on a vault of that name', async () => {
    const fle = fieldEncryption({
      kmsProviders: { local: { key: rig.masterKey } },
      keyVaultNamespace: `${rig.databaseName}.__keyVault`,
    });
    const schema = new Schema({
      x: { type: String, encrypted: { algorithm: 'Random', keyAltName: 'shared' } },
    });
    schema.plugin(fle);
    const foreign = new Mongoose();
    const other = await foreign.createConnection(databaseUri(rig.connection.name)).asPromise();
    try {
      rig.connection.model('OfAnotherHandle', schema);
      other.model('OfAnotherMongoose', schema.clone());
      const vault = await rig.fle.keyVault(rig.connection);
      await vault.create('shared');

      expect((await vault.find('shared'))?.usedBy).toEqual([
        { model: 'OfAnotherHandle', path: 'x' },
        { model: 'OfAnotherMongoose', path: 'x' },
      ]);
      await expect(vault.delete('shared')).rejects.toMatchObject({ code: 'FLE_KEY_IN_USE' });
      expect((await rig.fle.bootstrapKeys(rig.connection)).unused).toEqual(['shared']);
    } finally {
      await other.destroy();
    }
  });

  it('of a tenant is guarded by the fields whose keys documents name', async () => {
    const schema = new Schema({
      tenantId: String,
      secret: {
        type: String,
        encrypted: {
          algorithm: 'Random',
          keyAltName: { pointer: '/tenantId', prefix: 'tenant:' },
        },
      },
    });
    schema.plugin(rig.fle);
    rig.connection.model('Account', schema);
    const vault = await rig.fle.keyVault(rig.connection);
    await vault.create('tenant:acme');

    await expect(vault.delete('tenant:acme')).rejects.toMatchObject({ code: 'FLE_KEY_IN_USE' });
    expect(await vault.delete('tenant:acme', { evenIfUsed: true })).toMatchObject({
      usedBy: [{ model: 'Account', path: 'secret' }],
    });
  });
});
