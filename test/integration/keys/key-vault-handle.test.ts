import {
  DuplicateKeyNameError,
  InvalidOptionsError,
  KeyInUseError,
  KeyNameTakenError,
  KeyNotFoundError,
} from '../../../src/errors';
import type { KeyVaultHandle } from '../../../src/keys/key-vault-handle';
import { type TestVault, allOf, driver, firstOf, openTestVault, plain } from './test-vault';

let vault: TestVault;
let handle: KeyVaultHandle;

beforeEach(async () => {
  vault = await openTestVault('handle');
  handle = vault
    .openRing()
    .keyVault((name) => (name === 'used' ? [{ model: 'Patient', path: 'ssn' }] : []));
});

afterEach(() => vault.close());

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('list and find', () => {
  it('show what a key is and who uses it, and never its material', async () => {
    await handle.create('used', { alsoNamed: ['alias'] });
    await vault.bareEncryption().createDataKey('local');
    const [key, nameless] = await handle.list();
    const stored = await vault.keys.findOne({ keyAltNames: 'used' });

    expect(key).toEqual({
      id: stored?._id.toString(),
      keyAltNames: ['alias', 'used'],
      provider: 'local',
      masterKey: {},
      createdAt: stored?.creationDate,
      updatedAt: stored?.updateDate,
      usedBy: [{ model: 'Patient', path: 'ssn' }],
    });
    expect(nameless).toMatchObject({ keyAltNames: [], usedBy: [] });
    expect(Object.isFrozen(handle) && Object.isFrozen(key)).toBe(true);
    expect(await handle.find('alias')).toEqual(key);
    expect(await handle.find({ id: key?.id ?? '' })).toEqual(key);
    expect(await handle.find('nobody')).toBeUndefined();
  });

  it('refuse a name that two keys have, which each is still found by its identifier', async () => {
    const { id } = await handle.create('pii');
    const key = await vault.keys.findOne({ keyAltNames: 'pii' });
    if (key === null) throw new Error('there is no key');
    await vault.keys.dropIndexes();
    await vault.keys.insertOne({ ...key, _id: new driver.BSON.UUID() });

    expect(await failureOf(handle.find('pii'))).toBeInstanceOf(DuplicateKeyNameError);
    expect(await handle.find({ id })).toMatchObject({ id });
  });

  it.each([[''], ['a\0b'], ['a'.repeat(501)], [{ id: 'no uuid' }], [{}], [null], [5]])(
    'refuse what can mean no key: %j',
    async (selector) => {
      expect(await failureOf(handle.find(selector as string))).toBeInstanceOf(InvalidOptionsError);
    },
  );
});

describe('an option that is unknown or wrong', () => {
  it.each<[string, (given: never) => Promise<unknown>, unknown, string]>([
    ['create', (given) => handle.create('new', given), { alsonamed: ['x'] }, '"alsonamed"'],
    ['create', (given) => handle.create('new', given), { alsoNamed: 'xyz' }, '.alsoNamed'],
    ['delete', (given) => handle.delete('old', given), { dryRun: true }, '"dryRun"'],
    ['delete', (given) => handle.delete('old', given), { evenIfUsed: 1 }, '.evenIfUsed'],
    ['delete', (given) => handle.delete('old', given), true, 'a boolean, not an object'],
    ['removeName', (given) => handle.removeName('old', 'old', given), { force: true }, '"force"'],
    ['rewrap', (given) => handle.rewrap(given), null, 'null, not an object'],
  ])('is refused by %s, and nothing is sent (%#)', async (method, call, options, shown) => {
    await handle.create('old');
    vault.takeCommands();
    const error = await failureOf(call(options as never));

    expect(error).toBeInstanceOf(InvalidOptionsError);
    expect((error as Error).message).toContain(`keyVault.${method}`);
    expect((error as Error).message).toContain(shown);
    expect(vault.takeCommands()).toEqual([]);
  });
});

describe('create', () => {
  it('refuses a name that a key has, before and in spite of a race', async () => {
    await handle.create('pii');
    const error = await failureOf(handle.create('other', { alsoNamed: ['pii'] }));

    expect(error).toBeInstanceOf(KeyNameTakenError);
    expect(error).toMatchObject({
      code: 'FLE_KEY_NAME_TAKEN',
      keyAltName: 'pii',
      message: `${vault.namespace}: a data key is named "pii" already. Choose another name, or take this one from that key with removeName.`,
    });
    const race = await Promise.allSettled(Array.from({ length: 4 }, () => handle.create('raced')));
    expect(race.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const each of race) {
      if (each.status === 'rejected') expect(each.reason).toBeInstanceOf(KeyNameTakenError);
    }
    expect(await vault.keys.countDocuments()).toBe(2);
  });

  it('takes key material, of which two keys are alike', async () => {
    const keyMaterial = Buffer.alloc(96, 7);
    const { id } = await handle.create('one', { keyMaterial });
    await handle.create('two', { keyMaterial });
    const ring = vault.openRing();
    const ciphertext = firstOf(allOf(await ring.cipher.encrypt([plain('a', 'one')], 'query')));
    const two = await vault.keys.findOne({ keyAltNames: 'two' });
    if (two === null) throw new Error('there is no key');
    await vault.keys.deleteMany({});
    await vault.keys.insertOne({ ...two, _id: new driver.BSON.UUID(id) });

    expect(await vault.bareEncryption().decrypt(ciphertext)).toBe('a');
    for (const wrong of [Buffer.alloc(95), 'text' as unknown as Buffer]) {
      const error = await failureOf(handle.create('three', { keyMaterial: wrong }));
      expect(error).toMatchObject({
        code: 'FLE_INVALID_OPTIONS',
        message:
          'create.keyMaterial: the key material is not 96 bytes. Give them as a Buffer, or leave the option out for random ones.',
      });
    }
  });

  it('refuses a master key that is not configured, and names that no key can have', async () => {
    const wrappedBy = { provider: 'aws', masterKey: { region: 'a', key: 'b' } } as const;

    expect(await failureOf(handle.create('pii', { wrappedBy }))).toMatchObject({
      code: 'FLE_INVALID_KMS_CONFIG',
    });
    expect(await failureOf(handle.create('a\0b'))).toBeInstanceOf(InvalidOptionsError);
    expect(await failureOf(handle.create('pii', { alsoNamed: [''] }))).toBeInstanceOf(
      InvalidOptionsError,
    );
    expect(await vault.keys.countDocuments()).toBe(0);
  });
});

describe('names', () => {
  it('are added, each once, and taken away, until the key has none', async () => {
    const { id } = await handle.create('pii');

    expect((await handle.addName('pii', '$alias')).keyAltNames).toEqual(['$alias', 'pii']);
    expect((await handle.addName({ id }, '$alias')).keyAltNames).toEqual(['$alias', 'pii']);
    expect((await handle.removeName('$alias', '$alias')).keyAltNames).toEqual(['pii']);
    expect((await handle.removeName('pii', 'unknown')).keyAltNames).toEqual(['pii']);
    expect((await handle.removeName('pii', 'pii')).keyAltNames).toEqual([]);
    expect(await vault.keys.countDocuments({ keyAltNames: { $exists: true } })).toBe(0);
    expect((await handle.addName({ id }, 'again')).keyAltNames).toEqual(['again']);
  });

  it('of another key are refused', async () => {
    await handle.create('pii');
    await handle.create('other');
    const error = await failureOf(handle.addName('other', 'pii'));

    expect(error).toBeInstanceOf(KeyNameTakenError);
    expect(error).toMatchObject({ keyAltName: 'pii', cause: { code: 11000 } });
    expect((await handle.find('other'))?.keyAltNames).toEqual(['other']);
  });

  it.each(['', 'a\0b', 'a'.repeat(501)])('that no key can have are refused: %j', async (name) => {
    await handle.create('pii');

    expect(await failureOf(handle.addName('pii', name))).toBeInstanceOf(InvalidOptionsError);
  });

  it('in use are not taken away, unless it is told', async () => {
    await handle.create('used');
    const error = await failureOf(handle.removeName('used', 'used'));

    expect(error).toBeInstanceOf(KeyInUseError);
    expect(error).toMatchObject({
      code: 'FLE_KEY_IN_USE',
      model: 'Patient',
      path: 'ssn',
      message:
        'keyVault: the data key "used" is used by Patient.ssn. To give up what is stored under it, say { evenIfUsed: true }, or --even-if-used on the command line.',
    });
    expect((await handle.removeName('used', 'used', { evenIfUsed: true })).keyAltNames).toEqual([]);
  });

  it('of a key that is not there are refused', async () => {
    expect(await failureOf(handle.addName('a', 'b'))).toBeInstanceOf(KeyNotFoundError);
    expect(await failureOf(handle.removeName('a', 'b'))).toBeInstanceOf(KeyNotFoundError);
  });

  it('move from one key to another, for every ring of the process at once', async () => {
    await handle.create('pii');
    const rings = [vault.openRing(), vault.openRing({ batches: false })];
    const before = await Promise.all(
      rings.map(async (ring) => await ring.cipher.encrypt([plain('a')], 'query')),
    );
    const { id } = await handle.create('next');
    await handle.removeName('pii', 'pii');
    await handle.addName('next', 'pii');

    for (const ring of rings) {
      const after = firstOf(allOf(await ring.cipher.encrypt([plain('a')], 'query')));
      expect(Buffer.from(after.value().subarray(1, 17)).toString('hex')).toBe(
        id.replaceAll('-', ''),
      );
      const old = before.map((each) => firstOf(allOf(each)));
      expect((await ring.cipher.decrypt(old, {})).values).toEqual(['a', 'a']);
    }
  });
});

describe('delete', () => {
  it('is refused while fields use the key', async () => {
    await handle.create('used');

    expect(await failureOf(handle.delete('used'))).toBeInstanceOf(KeyInUseError);
    expect(await vault.keys.countDocuments()).toBe(1);
    expect(await handle.delete('used', { evenIfUsed: true })).toMatchObject({
      keyAltNames: ['used'],
    });
    expect(await vault.keys.countDocuments()).toBe(0);
    expect(await failureOf(handle.delete('used'))).toBeInstanceOf(KeyNotFoundError);
  });

  it.each([true, false])(
    'takes effect in every ring of the process at once, under way or not (batches: %j)',
    async (batches) => {
      await handle.create('pii');
      await handle.create('kept');
      const rings = [vault.openRing({ batches, keyExpirationMS: 0 }), vault.openRing({ batches })];
      const values = [plain('a'), plain('b', 'kept')];
      const ciphertexts = await Promise.all(
        rings.map(async (ring) => allOf(await ring.cipher.encrypt(values, 'query'))),
      );
      const explicit = vault.openRing().clientEncryption();
      const [first] = ciphertexts;
      expect(await explicit.decrypt(firstOf(first ?? []))).toBe('a');
      await handle.delete('pii');

      for (const [index, ring] of rings.entries()) {
        const { values: read, failures } = await ring.cipher.decrypt(ciphertexts[index] ?? [], {});
        expect(read).toEqual([undefined, 'b']);
        expect(failures.get(0)).toMatchObject({ code: 'FLE_KEY_NOT_FOUND' });
      }
    },
  );
});

describe('flush', () => {
  it('makes every ring of the process look into the vault again', async () => {
    await handle.create('pii');
    const ring = vault.openRing({ keyExpirationMS: 0 });
    await ring.prepareKeys(['pii'], 'query');
    vault.takeCommands();
    await ring.prepareKeys(['pii'], 'query');
    expect(vault.takeCommands()).toEqual([]);
    handle.flush();
    await ring.prepareKeys(['pii'], 'query');

    expect(vault.takeCommands()).toEqual(['find']);
  });
});

describe('a closed ring', () => {
  it('refuses all that its key vault is asked for', async () => {
    const ring = vault.openRing();
    const closed = ring.keyVault(() => []);
    await ring.close();
    const refused = await Promise.all(
      [
        closed.list(),
        closed.find('a'),
        closed.create('a'),
        closed.addName('a', 'b'),
        closed.removeName('a', 'b'),
        closed.rewrap(),
        closed.delete('a'),
      ].map(failureOf),
    );
    for (const each of refused) expect(each).toMatchObject({ code: 'FLE_HANDLE_CLOSED' });
  });
});
