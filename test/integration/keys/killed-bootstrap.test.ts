import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { databaseUri } from '../../support/database';
import { type TestVault, allOf, driver, openTestVault, plain } from './test-vault';

const NAMES = Array.from({ length: 20 }, (_, n) => `key-${n}`);

let vault: TestVault;

beforeEach(async () => {
  vault = await openTestVault('killed');
});

afterEach(() => vault.close());

/** A process that bootstraps, once it has begun to. */
async function startBootstrap(): Promise<ChildProcess> {
  const [database = ''] = vault.namespace.split('.');
  const child = spawn(
    process.execPath,
    [
      ...['--import', 'tsx', join(__dirname, 'bootstrap-process.ts')],
      ...[databaseUri(database), vault.namespace, ...NAMES],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await new Promise((resolve, reject) => {
    child.stdout.once('data', resolve);
    child.once('exit', reject);
  });
  return child;
}

async function endOf(child: ChildProcess): Promise<number | NodeJS.Signals | null> {
  if (child.exitCode !== null) return child.exitCode;
  if (child.signalCode !== null) return child.signalCode;
  return await new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      resolve(code ?? signal);
    });
  });
}

describe('two processes that bootstrap 20 keys at once', () => {
  it('end up with one key for each name, however often they are killed and started again', async () => {
    const early = vault.openRing();
    const written = new Map<string, unknown>();
    let killed = 0;
    for (let round = 0; round < 4; round += 1) {
      const children = await Promise.all([startBootstrap(), startBootstrap()]);
      await pause(Math.random() * 25);
      for (const child of children) child.kill('SIGKILL');
      const ends = await Promise.all(children.map(endOf));
      killed += ends.filter((end) => end === 'SIGKILL').length;
      for (const { keyAltNames: [name = ''] = [] } of await vault.keys.find({}).toArray()) {
        if (written.has(name)) continue;
        const [ciphertext] = allOf(await early.cipher.encrypt([plain(name, name)], 'query'));
        written.set(name, ciphertext);
      }
    }
    const last = await Promise.all([startBootstrap(), startBootstrap()]);
    expect(await Promise.all(last.map(endOf))).toEqual([0, 0]); // they end by themselves

    expect(killed).toBeGreaterThan(0);
    const keys = await vault.keys.find({}).toArray();
    expect(keys.map(({ keyAltNames }) => keyAltNames?.join()).sort()).toEqual(NAMES.toSorted());
    const values = NAMES.map((name) => plain(name, name));
    const ciphertexts = allOf(await vault.openRing().cipher.encrypt(values, 'query'));
    const bare = vault.bareEncryption();
    for (const [index, ciphertext] of ciphertexts.entries()) {
      const name = NAMES[index] ?? '';
      expect(await bare.decrypt(ciphertext)).toBe(name);
      const before = written.get(name);
      if (before !== undefined) expect(ciphertext).toEqual(before);
    }
    expect(ciphertexts.every((each) => each instanceof driver.BSON.Binary)).toBe(true);
  }, 120_000);
});
