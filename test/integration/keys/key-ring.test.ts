import { type ChildProcess, fork } from 'node:child_process';
import path from 'node:path';
import { HandleClosedError } from '../../../src/errors';
import { databaseUri } from '../../support/database';
import type { AbortProneOrder, AbortProneResult } from './abort-prone-values';
import { type TestVault, allOf, firstOf, openTestVault, plain } from './test-vault';

let vault: TestVault;

beforeEach(async () => {
  vault = await openTestVault('ring');
});

afterEach(() => vault.close());

describe.each([true, false])('a key ring (batches: %j)', (batches) => {
  it.each([
    { promoteBuffers: true },
    { promoteValues: false },
    { promoteLongs: false },
    { useBigInt64: true },
    { raw: true },
    { bsonRegExp: true },
    { readPreference: 'secondaryPreferred' as const },
    { ignoreUndefined: true },
  ])('works on a client that is set to %j', async (options) => {
    const ring = vault.openRing({ batches, client: vault.connect(options), declared: ['pii'] });

    expect(await ring.bootstrap(['other'])).toMatchObject({ created: ['pii', 'other'] });
    const values = allOf(await ring.cipher.encrypt([plain('a'), plain('b', 'other')], 'write'));
    expect(await ring.cipher.decrypt(values, {})).toMatchObject({ values: ['a', 'b'] });
    expect(await ring.clientEncryption().decrypt(firstOf(values))).toBe('a');
    expect(await ring.clientEncryption().getKeys().toArray()).toHaveLength(2);
  });

  it("hands out the driver's own object on the same vault", async () => {
    const ring = vault.openRing({ batches });
    const id = await ring.clientEncryption().createDataKey('local', { keyAltNames: ['by hand'] });
    const values = allOf(await ring.cipher.encrypt([plain('a', 'by hand')], 'query'));

    expect(await ring.clientEncryption().decrypt(firstOf(values))).toBe('a');
    expect(await ring.clientEncryption().getKeyByAltName('by hand')).toMatchObject({ _id: id });
  });

  it('refuses everything after it was closed', async () => {
    const ring = vault.openRing({ batches, declared: ['pii'] });
    const values = allOf(await ring.cipher.encrypt([plain('a')], 'write'));
    await ring.close();
    const calls: (() => Promise<unknown>)[] = [
      async () => await ring.cipher.encrypt([plain('a')], 'write'),
      async () => await ring.cipher.decrypt(values, {}),
      () => ring.prepareKeys(['pii'], 'query'),
      () => ring.bootstrap([]),
    ];
    const refusals = await Promise.all(
      calls.map((call) => call().catch((error: unknown) => error)),
    );

    for (const refusal of refusals) {
      expect(refusal).toBeInstanceOf(HandleClosedError);
      expect(refusal).toMatchObject({
        code: 'FLE_HANDLE_CLOSED',
        message:
          'mongoose-fle: the keys of this connection were closed by fle.close(connection). Close them after the last operation.',
      });
    }
    await expect(ring.close()).resolves.toBeUndefined();
  });

  it('finishes what is under way before it is closed', async () => {
    const ring = vault.openRing({ batches, declared: ['pii'] });
    const writing = Promise.resolve(ring.cipher.encrypt([plain('a')], 'write'));
    let written = false;
    void writing.then(() => (written = true));
    await ring.close();

    expect(written).toBe(true);
    expect((await writing).failures).toEqual(new Map());
  });

  it('keeps a key in memory for ever where it never expires, and forgets it where it does', async () => {
    const lasting = vault.openRing({ batches, keyExpirationMS: 0, declared: ['pii'] });
    const short = vault.openRing({ batches, keyExpirationMS: 100, declared: ['pii'] });
    await lasting.prepareKeys(['pii'], 'write');
    await short.prepareKeys(['pii'], 'write');
    await new Promise((resolve) => setTimeout(resolve, 150));
    vault.takeCommands();

    await lasting.prepareKeys(['pii'], 'write');
    expect(vault.takeCommands()).toEqual([]);
    await short.prepareKeys(['pii'], 'write');
    expect(vault.takeCommands()).toEqual(['find']);
  });

  it('survives every input that makes libmongocrypt abort the process', async () => {
    await vault.openRing().bootstrap(['pii']);
    const [database = ''] = vault.namespace.split('.');
    const order: AbortProneOrder = {
      uri: databaseUri(database),
      namespace: vault.namespace,
      batches,
    };
    const child = fork(path.join(__dirname, 'abort-prone-values.ts'), {
      execArgv: ['--import', 'tsx'],
    });
    child.send(order);

    expect(await resultOf(child)).toEqual({ encryptions: 'refused', decryptions: 'refused' });
  }, 60_000);
});

async function resultOf(child: ChildProcess): Promise<AbortProneResult> {
  return new Promise((resolve, reject) => {
    child.once('message', (message) => {
      resolve(message as AbortProneResult);
    });
    child.once('exit', (code, signal) => {
      reject(new Error(`the process ended with ${code ?? signal ?? 'nothing'}`));
    });
  });
}
