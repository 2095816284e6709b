import { randomBytes } from 'node:crypto';
import { KeyNotFoundError, RewrapFailedError } from '../../../src/errors';
import type { KeyOptions } from '../../../src/keys/key-config';
import { readKeyConfig } from '../../../src/keys/key-config';
import { type KeyRing, openKeyRing } from '../../../src/keys/key-ring';
import type { KeyVaultHandle } from '../../../src/keys/key-vault-handle';
import type { RewrapOptions, RewrapProgress } from '../../../src/keys/rewrap-keys';
import { type TestVault, allOf, driver, openTestVault, plain } from './test-vault';

const KEYS = { a: randomBytes(96), b: randomBytes(96), wrong: randomBytes(96) };
const TO_B = { provider: 'local:b' } as const;

let vault: TestVault;

beforeEach(async () => {
  vault = await openTestVault('rewrap');
});

afterEach(() => vault.close());

function openRing(options: Partial<KeyOptions> = {}): KeyRing {
  const config = readKeyConfig({
    kmsProviders: { 'local:a': { key: KEYS.a }, 'local:b': { key: KEYS.b } },
    dataKeys: { '*': { provider: 'local:a' } },
    keyVaultNamespace: vault.namespace,
    ...options,
  });
  return openKeyRing({ driver, client: vault.client, config });
}

async function handleWith(...names: string[]): Promise<KeyVaultHandle> {
  const handle = openRing().keyVault(() => []);
  for (const name of names) await handle.create(name);
  return handle;
}

async function providers(): Promise<Record<string, unknown>> {
  const keys = await vault.keys.find({}).toArray();
  return Object.fromEntries(
    keys.map(({ keyAltNames = [], masterKey }) => [
      keyAltNames.join(),
      masterKey['provider'] as unknown,
    ]),
  );
}

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('rewrap', () => {
  it('wraps keys under another master key, which alone then reads what was written before', async () => {
    const handle = await handleWith('one', 'two');
    const [before] = await handle.list();
    const values = [plain('a', 'one'), plain('b', 'two')];
    const written = allOf(await openRing().cipher.encrypt(values, 'query'));
    const { rewrapped, current } = await handle.rewrap({ to: TO_B });
    const onlyB = openRing({
      kmsProviders: { 'local:b': { key: KEYS.b } },
      dataKeys: { '*': TO_B },
    });

    expect(rewrapped.map(({ provider }) => provider)).toEqual(['local:a', 'local:a']);
    expect(current).toEqual([]);
    expect(await providers()).toEqual({ one: 'local:b', two: 'local:b' });
    expect((await onlyB.cipher.decrypt(written, {})).values).toEqual(['a', 'b']);
    expect(allOf(await onlyB.cipher.encrypt(values, 'query'))).toEqual(written);
    const [after] = await handle.list();
    expect(after).toEqual({ ...before, provider: 'local:b', updatedAt: after?.updatedAt });
    expect(after?.updatedAt.getTime()).toBeGreaterThanOrEqual(before?.updatedAt.getTime() ?? NaN);
  });

  it('goes by dataKeys where it is not told, so that the vault comes to what is configured', async () => {
    await handleWith('one', 'tenant:1', 'tenant:2');
    const next = openRing({ dataKeys: { '*': { provider: 'local:a' }, 'tenant:*': TO_B } });
    const { rewrapped, current } = await next.keyVault(() => []).rewrap();

    expect(rewrapped.flatMap(({ keyAltNames }) => keyAltNames).sort()).toEqual([
      'tenant:1',
      'tenant:2',
    ]);
    expect(current.flatMap(({ keyAltNames }) => keyAltNames)).toEqual(['one']);
    expect(await providers()).toEqual({
      one: 'local:a',
      'tenant:1': 'local:b',
      'tenant:2': 'local:b',
    });
  });

  it('needs to be told for a key without a name', async () => {
    const handle = await handleWith();
    await openRing().clientEncryption().createDataKey('local:a');

    expect(await failureOf(handle.rewrap())).toMatchObject({
      code: 'FLE_INVALID_OPTIONS',
      message: expect.stringMatching(
        /: the data key .{36} has no name, by which dataKeys could tell its master key\. Say which one with the option to\.$/,
      ) as string,
    });
    expect((await handle.rewrap({ to: TO_B })).rewrapped).toHaveLength(1);
  });

  it('leaves keys alone that are there, unless it is told', async () => {
    const handle = await handleWith('one', 'two');
    await handle.rewrap({ to: TO_B, keyAltNames: ['two'] });
    const material = async (): Promise<unknown> =>
      (await vault.keys.findOne({ keyAltNames: 'two' }))?.keyMaterial;
    const before = await material();
    expect(await handle.rewrap({ to: TO_B })).toMatchObject({
      rewrapped: [{ keyAltNames: ['one'] }],
      current: [{ keyAltNames: ['two'] }],
    });
    expect(await material()).toEqual(before);
    expect((await handle.rewrap({ to: TO_B, evenIfCurrent: true })).rewrapped).toHaveLength(2);
    expect(await material()).not.toEqual(before);
  });

  it('chooses keys by name and by provider', async () => {
    const handle = await handleWith('one', 'two', 'three');
    await handle.rewrap({ to: TO_B, keyAltNames: ['two'] });
    expect(await providers()).toEqual({ one: 'local:a', two: 'local:b', three: 'local:a' });
    expect((await handle.rewrap({ to: TO_B, from: 'local:b' })).rewrapped).toEqual([]);
    const { rewrapped } = await handle.rewrap({ to: { provider: 'local:a' }, from: 'local:b' });
    expect(rewrapped.flatMap(({ keyAltNames }) => keyAltNames)).toEqual(['two']);

    const error = await failureOf(handle.rewrap({ to: TO_B, keyAltNames: ['one', 'onne'] }));
    expect(error).toBeInstanceOf(KeyNotFoundError);
    expect(error).toMatchObject({ keyAltName: 'onne' });
    expect(await providers()).toEqual({ one: 'local:a', two: 'local:a', three: 'local:a' });
  });

  it('refuses to choose by a provider that is not configured', async () => {
    const handle = await handleWith('one');

    expect(await failureOf(handle.rewrap({ to: TO_B, from: 'local:typo' }))).toMatchObject({
      code: 'FLE_INVALID_KMS_CONFIG',
      message:
        'rewrap.from: the provider is none that kmsProviders configures. Give one of local:a, local:b.',
    });
    expect(await providers()).toEqual({ one: 'local:a' });
  });

  it.each([
    [
      { dryrun: true },
      'keyVault.rewrap: "dryrun" is not an option. The options are dryRun, evenIfCurrent, from, keyAltNames, onProgress, signal, to.',
    ],
    [
      { dryRun: 'yes' },
      'keyVault.rewrap.dryRun: the value is text, not true or false. Correct it, or leave it out.',
    ],
    [
      { keyAltNames: 'one' },
      'keyVault.rewrap.keyAltNames: the value is text, not an array of text. Correct it, or leave it out.',
    ],
  ])('refuses wrong options, and changes nothing: %j', async (options, message) => {
    const handle = await handleWith('one');
    const before = await vault.keys.find({}).toArray();
    const refused = handle.rewrap({ to: TO_B, ...options } as RewrapOptions);

    expect(await failureOf(refused)).toMatchObject({ code: 'FLE_INVALID_OPTIONS', message });
    expect(await vault.keys.find({}).toArray()).toEqual(before);
  });

  it('rejects with what onProgress throws, when nothing goes on any more', async () => {
    const names = Array.from({ length: 20 }, (_, n) => `key ${n}`);
    const handle = await handleWith(...names);
    const seen: number[] = [];
    const onProgress = ({ done }: RewrapProgress): void => {
      seen.push(done);
      if (done === 1) throw new Error('enough');
    };
    const failure = await failureOf(handle.rewrap({ to: TO_B, onProgress }));
    const then = await providers();

    expect(failure).toEqual(new Error('enough'));
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(Object.values(then).filter((provider) => provider === 'local:b')).toHaveLength(8);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await providers()).toEqual(then);
  });

  it('changes nothing in a dry run', async () => {
    const handle = await handleWith('one', 'two');
    const before = await vault.keys.find({}).toArray();
    const planned = await handle.rewrap({ to: TO_B, dryRun: true });

    expect(planned.rewrapped).toHaveLength(2);
    expect(await vault.keys.find({}).toArray()).toEqual(before);
  });

  it('tells how far it has come, ends when it is told to, and goes on the next time', async () => {
    const names = Array.from({ length: 20 }, (_, n) => `key ${n}`);
    const handle = await handleWith(...names);
    const controller = new AbortController();
    const seen: RewrapProgress[] = [];
    const onProgress = (progress: RewrapProgress): void => {
      seen.push(progress);
      if (progress.done === 8) controller.abort(new Error('enough'));
    };
    const { signal } = controller;
    expect(await failureOf(handle.rewrap({ to: TO_B, onProgress, signal }))).toEqual(
      new Error('enough'),
    );

    expect(seen.map(({ done }) => done)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(new Set(seen.map(({ total }) => total))).toEqual(new Set([20]));
    const rest = await handle.rewrap({ to: TO_B });
    expect([rest.rewrapped.length, rest.current.length]).toEqual([12, 8]);
  });

  it('re-wraps what it can, and says of each key why it could not', async () => {
    const handle = await handleWith('one', 'two', 'three');
    const alien = openRing({ kmsProviders: { 'local:a': { key: KEYS.wrong } } });
    await alien.keyVault(() => []).create('alien');
    const error = await failureOf(handle.rewrap({ to: TO_B }));

    expect(error).toBeInstanceOf(RewrapFailedError);
    expect(error).toMatchObject({
      code: 'FLE_REWRAP_FAILED',
      message: `${vault.namespace}: of 4 data keys, 3 were re-wrapped and 1 could not be. The cause says why for each. Do away with it, and call rewrap again for the rest.`,
      cause: {
        errors: [{ message: expect.stringContaining('the data key "alien"') as string }],
      },
    });
    expect(await providers()).toEqual({
      one: 'local:b',
      two: 'local:b',
      three: 'local:b',
      alien: 'local:a',
    });
  });

  it('changes neither the names nor the being of a key that others change at the same time', async () => {
    const names = Array.from({ length: 12 }, (_, n) => `key ${n}`);
    const handle = await handleWith(...names);
    const [first] = await Promise.all([
      handle.rewrap({ to: TO_B }),
      handle.rewrap({ to: TO_B, evenIfCurrent: true }),
      handle.addName('key 3', 'third'),
      handle.delete('key 5'),
      handle.rewrap({ to: { provider: 'local:a' }, evenIfCurrent: true }),
    ]);

    expect(first.rewrapped.length).toBeGreaterThanOrEqual(11);
    expect(await vault.keys.countDocuments()).toBe(11);
    expect((await handle.find('third'))?.keyAltNames).toEqual(['key 3', 'third']);
    const left = names.filter((name) => name !== 'key 5');
    const ring = openRing();
    const written = allOf(
      await ring.cipher.encrypt(
        left.map((name) => plain(name, name)),
        'query',
      ),
    );
    expect((await openRing().cipher.decrypt(written, {})).values).toEqual(left);
  });
});
