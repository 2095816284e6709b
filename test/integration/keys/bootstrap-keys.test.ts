import { type ChildProcess, fork } from 'node:child_process';
import path from 'node:path';
import { DuplicateKeyNameError, KeyNotFoundError, KeyVaultIndexError } from '../../../src/errors';
import type { BootstrapOptions } from '../../../src/keys/bootstrap-keys';
import { databaseUri } from '../../support/database';
import type { RaceOrder, RaceResult } from './race-bootstrap';
import { type TestVault, driver, openTestVault, plain } from './test-vault';

let vault: TestVault;

beforeEach(async () => {
  vault = await openTestVault('bootstrap');
});

afterEach(() => vault.close());

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** A key document like `name`'s, inserted past all checks. */
async function insertTwin(name: string): Promise<void> {
  const key = await vault.keys.findOne({ keyAltNames: name });
  if (key === null) throw new Error(`no key is named ${name}`);
  await vault.keys.insertOne({ ...key, _id: new driver.BSON.UUID() });
}

describe('bootstrap', () => {
  it.each([
    [{ dryrun: true }, 'bootstrapKeys: "dryrun" is not an option. The options are dryRun, signal.'],
    [
      { dryRun: 'yes' },
      'bootstrapKeys.dryRun: the value is text, not true or false. Correct it, or leave it out.',
    ],
    [
      { signal: {} },
      'bootstrapKeys.signal: the value is an object, not an AbortSignal. Correct it, or leave it out.',
    ],
  ])('refuses wrong options before anything is sent: %j', async (options, message) => {
    const refused = vault.openRing().bootstrap(['pii'], options as BootstrapOptions);

    expect(await failureOf(refused)).toMatchObject({ code: 'FLE_INVALID_OPTIONS', message });
    expect(vault.takeCommands()).toEqual([]);
  });

  it('creates what is missing, and reports what exists and what nobody names', async () => {
    await vault.openRing().bootstrap(['old', 'retired']);
    const ring = vault.openRing({ declared: ['old', 'pii'] });

    expect(await ring.bootstrap(['notes'])).toEqual({
      created: ['pii', 'notes'],
      existing: ['old'],
      unused: ['retired'],
    });
    expect(await ring.bootstrap(['notes'])).toEqual({
      created: [],
      existing: ['old', 'pii', 'notes'],
      unused: ['retired'],
    });
  });

  it('does not call a key unused that has a second name', async () => {
    const ring = vault.openRing();
    await vault.bareEncryption().createDataKey('local', { keyAltNames: ['pii', 'alias'] });
    await vault.bareEncryption().createDataKey('local');

    expect(await ring.bootstrap(['pii'])).toEqual({ created: [], existing: ['pii'], unused: [] });
  });

  it('creates keys also where writes may not', async () => {
    const ring = vault.openRing({ createMissingKeys: false });

    expect(await ring.bootstrap(['pii'])).toEqual({ created: ['pii'], existing: [], unused: [] });
  });

  it('makes the unique index before the first key', async () => {
    await vault.openRing().bootstrap([]);
    const indexes = await vault.keys.listIndexes().toArray();

    expect(indexes).toContainEqual(
      expect.objectContaining({
        name: 'keyAltNames_1',
        key: { keyAltNames: 1 },
        unique: true,
        partialFilterExpression: { keyAltNames: { $exists: true } },
      }),
    );
    expect(await vault.keys.countDocuments()).toBe(0);
  });

  it('makes no index where there is one', async () => {
    await vault.openRing().bootstrap(['pii']);
    vault.takeCommands();
    await vault.openRing().bootstrap(['pii']);

    expect(vault.takeCommands()).toEqual(['listIndexes', 'find']);
  });

  it('creates keys that the driver reads, wrapped by the master key', async () => {
    await vault.openRing().bootstrap(['pii']);
    const key = await vault.keys.findOne({ keyAltNames: 'pii' });

    expect(key?.masterKey).toEqual({ provider: 'local' });
    expect(key?._id.sub_type).toBe(4);
  });

  it('refuses a vault in which keys share a name', async () => {
    await vault.bareEncryption().createDataKey('local', { keyAltNames: ['pii'] });
    await insertTwin('pii');
    const error = await failureOf(vault.openRing().bootstrap(['other']));

    expect(error).toBeInstanceOf(DuplicateKeyNameError);
    expect(error).toMatchObject({
      code: 'FLE_DUPLICATE_KEY_NAME',
      message: `${vault.namespace}: more than one data key is named "pii", so that the unique index on keyAltNames cannot be made. Find out which key the stored values name, and take the name from the others with removeKeyAltName.`,
      cause: { code: 11000 },
    });
    expect(await vault.keys.countDocuments({ keyAltNames: 'other' })).toBe(0);
  });
});

describe('the index on names', () => {
  const right = { name: 'keyAltNames_1', unique: true };
  const exists = { keyAltNames: { $exists: true } };

  it.each([
    [{ name: 'keyAltNames_1' }, 'is not unique'],
    [{ name: 'other', partialFilterExpression: exists }, 'is not unique'],
    [
      { ...right, partialFilterExpression: { status: 1 } },
      'leaves names out by its partialFilterExpression',
    ],
  ])('is refused where it is another: %j', async (options, fault) => {
    await vault.keys.createIndex({ keyAltNames: 1 }, options, {});
    for (const dryRun of [false, true]) {
      const error = await failureOf(vault.openRing().bootstrap(['pii'], { dryRun }));

      expect(error).toBeInstanceOf(KeyVaultIndexError);
      expect(error).toMatchObject({
        code: 'FLE_KEY_VAULT_INDEX',
        message: `${vault.namespace}: the index "${options.name}" ${fault}, so that two data keys could get one name. Drop it, and call bootstrapKeys, which makes the right one.`,
      });
    }
    expect(await vault.keys.countDocuments()).toBe(0);
  });

  it('is refused where its name stands for another', async () => {
    await vault.keys.createIndex({ status: 1 }, right, {});

    expect(await failureOf(vault.openRing().bootstrap(['pii']))).toMatchObject({
      code: 'FLE_KEY_VAULT_INDEX',
      message: expect.stringContaining('is on other fields than keyAltNames') as string,
    });
  });

  it.each([
    [right],
    [{ ...right, name: 'my own', sparse: true }],
    [{ ...right, partialFilterExpression: exists }],
  ])('is left alone where it keeps names unique: %j', async (options) => {
    await vault.keys.createIndex({ keyAltNames: 1 }, options, {});
    await vault.openRing().bootstrap(['pii']);

    expect(await vault.keys.listIndexes().toArray()).toHaveLength(2);
  });
});

describe('a dry run', () => {
  it('says what would be created, and writes nothing', async () => {
    await vault.openRing().bootstrap(['old', 'retired']);
    const ring = vault.openRing({ declared: ['pii'] });
    vault.takeCommands();

    expect(await ring.bootstrap(['old'], { dryRun: true })).toEqual({
      created: ['pii'],
      existing: ['old'],
      unused: ['retired'],
    });
    expect(vault.takeCommands()).toEqual(['listIndexes', 'find']);
    expect(await vault.keys.countDocuments()).toBe(2);
  });

  it('makes no index', async () => {
    await vault.openRing().bootstrap(['pii'], { dryRun: true });

    expect(vault.takeCommands()).toEqual(['listIndexes', 'find']);
  });

  it('names all names that keys share', async () => {
    for (const name of ['a', 'b', 'c']) {
      await vault.bareEncryption().createDataKey('local', { keyAltNames: [name] });
      if (name !== 'b') await insertTwin(name);
    }

    expect(await failureOf(vault.openRing().bootstrap([], { dryRun: true }))).toMatchObject({
      code: 'FLE_DUPLICATE_KEY_NAME',
      message: expect.stringMatching(
        /: more than one data key is named ("a", "c"|"c", "a"), so that /,
      ) as string,
    });
  });
});

describe('an aborted bootstrap', () => {
  it('does nothing where the signal was aborted before', async () => {
    const signal = AbortSignal.abort(new Error('enough'));

    await expect(vault.openRing().bootstrap(['pii'], { signal })).rejects.toThrow('enough');
    expect(vault.takeCommands()).toEqual([]);
  });

  it('ends between keys, and what is created stays and is found the next time', async () => {
    const names = Array.from({ length: 25 }, (_, n) => `key ${n}`);
    const controller = new AbortController();
    const client = vault.connect({ monitorCommands: true });
    client.on('commandSucceeded', ({ commandName }) => {
      if (commandName === 'insert') controller.abort(new Error('enough'));
    });
    const { signal } = controller;

    await expect(vault.openRing({ client }).bootstrap(names, { signal })).rejects.toThrow('enough');
    const created = await vault.keys.countDocuments();
    expect(created).toBeGreaterThan(0);
    expect(created).toBeLessThan(25);
    const report = await vault.openRing().bootstrap(names);
    expect(report.existing).toHaveLength(created);
    expect(report.created).toHaveLength(25 - created);
  });
});

describe('createMissingKeys', () => {
  async function write(
    createMissingKeys: 'declared' | 'all' | false,
    keyAltName: string,
  ): Promise<unknown> {
    const ring = vault.openRing({ createMissingKeys, declared: ['pii'] });
    const { failures } = await ring.cipher.encrypt([plain('a', keyAltName)], 'write');
    expect(await failureOf(ring.prepareKeys([keyAltName], 'write'))).toEqual(failures.get(0));
    return failures.get(0);
  }

  it('lets writes create declared keys by default', async () => {
    expect(await write('declared', 'pii')).toBeUndefined();
    expect(await vault.keys.countDocuments({ keyAltNames: 'pii' })).toBe(1);
  });

  it('lets writes create any key where it is "all"', async () => {
    expect(await write('all', 'tenant:1')).toBeUndefined();
  });

  it.each([
    [
      'declared' as const,
      'tenant:1',
      'No schema declares this name: create the key with `npx mongoose-fle keys create tenant:1`, or set createMissingKeys to "all".',
    ],
    [
      'declared' as const,
      'tenant:`reboot`',
      'No schema declares this name: create the key with `npx mongoose-fle keys create NAME`, or set createMissingKeys to "all".',
    ],
    [
      false as const,
      'tenant:1',
      'No schema declares this name: create the key with `npx mongoose-fle keys create tenant:1`, or set createMissingKeys to "all".',
    ],
    [
      false as const,
      'pii',
      'Create it with `npx mongoose-fle bootstrap`, or fle.bootstrapKeys(connection).',
    ],
  ])('lets no write create a key where it is %j and the name %j', async (mode, name, remedy) => {
    const error = await write(mode, name);

    expect(error).toBeInstanceOf(KeyNotFoundError);
    expect(error).toMatchObject({
      code: 'FLE_KEY_NOT_FOUND',
      keyAltName: name,
      message: `${vault.namespace}: no data key is named "${name}". ${remedy}`,
    });
    expect(await vault.keys.countDocuments()).toBe(0);
  });

  it.each(['declared' as const, 'all' as const])(
    'lets no query create a key where it is %j',
    async (mode) => {
      const ring = vault.openRing({ createMissingKeys: mode, declared: ['pii'] });
      const error = await failureOf(ring.prepareKeys(['pii', 'tenant:1'], 'query'));

      expect(error).toBeInstanceOf(KeyNotFoundError);
      expect(error).toMatchObject({
        message: `${vault.namespace}: no data key is named "pii". Create it with \`npx mongoose-fle bootstrap\`, or fle.bootstrapKeys(connection).`,
      });
      expect(await vault.keys.countDocuments()).toBe(0);
    },
  );
});

describe('a name that two keys have', () => {
  it.each([true, false])(
    'encrypts nothing, and the keys still decrypt (batches: %j)',
    async (batches) => {
      const ring = vault.openRing({ batches });
      await vault.bareEncryption().createDataKey('local', { keyAltNames: ['pii'] });
      const before = await ring.cipher.encrypt([plain('a')], 'write');
      await insertTwin('pii');
      await vault.bareEncryption().createDataKey('local', { keyAltNames: ['other'] });

      const cold = vault.openRing({ batches });
      const [written, read] = await Promise.all([
        cold.cipher.encrypt([plain('a'), plain('a', 'other')], 'write'),
        cold.cipher.decrypt([before.values[0] ?? new driver.BSON.Binary()], {}),
      ]);

      expect(written.values.map((ciphertext) => ciphertext?.sub_type)).toEqual([undefined, 6]);
      expect(written.failures.get(0)).toBeInstanceOf(DuplicateKeyNameError);
      expect(written.failures.get(0)).toMatchObject({
        code: 'FLE_DUPLICATE_KEY_NAME',
        keyAltName: 'pii',
        message: `${vault.namespace}: more than one data key is named "pii". Find out which key the stored values name, and take the name from the others with removeKeyAltName.`,
      });
      expect(read.values).toEqual(['a']);
    },
  );
});

describe('a race for the first key', () => {
  const NAMES = ['one', 'two', 'three'];

  it.each([1, 2, 3, 4, 5])('leaves one key for each name, whichever client wins (%d)', async () => {
    const rings = Array.from({ length: 6 }, () =>
      vault.openRing({ client: vault.connect(), declared: NAMES }),
    );
    await Promise.all(
      rings.map((ring, index) =>
        index % 2 === 0 ? ring.bootstrap([]) : ring.prepareKeys(NAMES, 'write'),
      ),
    );

    for (const name of NAMES)
      expect(await vault.keys.countDocuments({ keyAltNames: name })).toBe(1);
    const ciphertexts = await Promise.all(
      rings.map(
        async (ring) =>
          await ring.cipher.encrypt(
            NAMES.map((name) => plain('a', name)),
            'query',
          ),
      ),
    );
    expect(new Set(ciphertexts.map(({ values }) => values.join())).size).toBe(1);
  });

  it('leaves one key for each name, whichever process wins', async () => {
    const [database = ''] = vault.namespace.split('.');
    const order: RaceOrder = {
      uri: databaseUri(database),
      namespace: vault.namespace,
      names: NAMES,
    };
    const children = Array.from({ length: 3 }, () =>
      fork(path.join(__dirname, 'race-bootstrap.ts'), { execArgv: ['--import', 'tsx'] }),
    );
    await Promise.all(children.map((child) => messageFrom(child)));
    const results = children.map((child) => messageFrom(child));
    children.forEach((child) => child.send(order));

    const ciphertexts = (await Promise.all(results)) as RaceResult[];
    expect(new Set(ciphertexts.map((result) => result.join()))).toHaveProperty('size', 1);
    for (const name of NAMES)
      expect(await vault.keys.countDocuments({ keyAltNames: name })).toBe(1);
  }, 60_000);
});

async function messageFrom(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (code, signal) => {
      reject(new Error(`the process ended with ${code ?? signal ?? 'nothing'}`));
    });
  });
}
