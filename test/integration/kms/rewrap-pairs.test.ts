import type { MasterKeyChoice } from '../../../src/index';
import type { KeyOptions } from '../../../src/keys/key-config';
import { readKeyConfig } from '../../../src/keys/key-config';
import { type KeyRing, openKeyRing } from '../../../src/keys/key-ring';
import { type KmsRig, MASTER_KEYS, openKmsRig } from '../../support/kms/kms-rig';
import { type TestVault, allOf, driver, openTestVault, plain } from '../keys/test-vault';

const CHOICES: readonly MasterKeyChoice[] = [
  { provider: 'aws', masterKey: MASTER_KEYS.aws },
  { provider: 'azure', masterKey: MASTER_KEYS.azure },
  { provider: 'gcp', masterKey: MASTER_KEYS.gcp },
  { provider: 'kmip' },
  { provider: 'local' },
];
const PAIRS = CHOICES.flatMap((from) => CHOICES.map((to) => [from.provider, to.provider] as const));

let kms: KmsRig;
let vault: TestVault;

beforeAll(async () => {
  kms = await openKmsRig();
}, 60_000);

afterAll(() => kms.close());

beforeEach(async () => {
  vault = await openTestVault('pairs');
});

afterEach(() => vault.close());

function openRing(options: Partial<KeyOptions> = {}): KeyRing {
  const config = readKeyConfig({
    kmsProviders: kms.kmsProviders,
    tlsOptions: kms.tlsOptions,
    kmsConnectCallback: kms.kmsConnectCallback,
    dataKeys: { '*': { provider: 'local' } },
    keyVaultNamespace: vault.namespace,
    ...options,
  });
  return openKeyRing({ driver, client: vault.client, config });
}

function choiceOf(provider: string): MasterKeyChoice {
  const choice = CHOICES.find((each) => each.provider === provider);
  if (choice === undefined) throw new Error(`there is no ${provider}`);
  return choice;
}

describe('rewrap', () => {
  // Source: the client-side encryption specification, prose test 16 ("Rewrap").
  it.each(PAIRS)('leads from %s to %s, and what was written before is read', async (from, to) => {
    const handle = openRing().keyVault(() => []);
    const { id } = await handle.create('pii', { wrappedBy: choiceOf(from) });
    const written = allOf(await openRing().cipher.encrypt([plain('text')], 'query'));
    const evenIfCurrent = from === to;
    const { rewrapped } = await handle.rewrap({ to: choiceOf(to), evenIfCurrent });

    expect(rewrapped).toMatchObject([{ id, provider: from }]);
    expect(await handle.find('pii')).toMatchObject({ id, provider: to });
    expect((await openRing().cipher.decrypt(written, {})).values).toEqual(['text']);
    expect(allOf(await openRing().cipher.encrypt([plain('text')], 'query'))).toEqual(written);
    // Stored as the KMS wants it, the master key is known again for the same.
    expect(await handle.rewrap({ to: choiceOf(to) })).toMatchObject({
      rewrapped: [],
      current: [{ id }],
    });
  });

  it('changes nothing that the KMS does not wrap, and goes on when it does', async () => {
    const handle = openRing().keyVault(() => []);
    await handle.create('one');
    await handle.create('two');
    const away = openRing({
      kmsRetries: 0,
      kmsTimeoutMS: 1000,
      kmsConnectCallback: () => Promise.reject(new Error('no route')),
    }).keyVault(() => []);

    await expect(away.rewrap({ to: choiceOf('aws') })).rejects.toMatchObject({
      code: 'FLE_REWRAP_FAILED',
    });
    expect((await handle.list()).map(({ provider }) => provider)).toEqual(['local', 'local']);
    expect((await handle.rewrap({ to: choiceOf('aws') })).rewrapped).toHaveLength(2);
  });
});

describe('diagnose', () => {
  it('reaches every provider, and writes nothing', async () => {
    const handle = openRing().keyVault(() => []);
    for (const choice of CHOICES) await handle.create(choice.provider, { wrappedBy: choice });
    const dataKeys = Object.fromEntries(CHOICES.map((choice) => [choice.provider, choice]));
    const before = await vault.keys.find({}).toArray();
    const checks = await openRing({ dataKeys }).diagnose(CHOICES.map(({ provider }) => provider));

    expect(checks.filter(({ state }) => state !== 'ok')).toEqual([]);
    expect(new Set(checks.map(({ subject }) => subject))).toEqual(
      new Set([
        ...['key vault', 'index', 'duplicates', 'names'],
        ...CHOICES.map(({ provider }) => provider),
      ]),
    );
    expect(await vault.keys.find({}).toArray()).toEqual(before);
  });
});
