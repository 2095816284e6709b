import { InvalidKmsConfigError } from '../../../src/errors';
import { readDataKeys } from '../../../src/keys/data-keys';
import type { KmsProviderName } from '../../../src/keys/kms-providers';

const ALL: readonly KmsProviderName[] = ['aws', 'aws:eu', 'azure', 'gcp', 'kmip', 'local'];
const AWS_KEY = { region: 'us-east-1', key: 'arn:1', endpoint: 'kms.example.com:443' };
const AZURE_KEY = { keyVaultEndpoint: 'a.vault.azure.net', keyName: 'k', keyVersion: 'v' };
const GCP_KEY = {
  projectId: 'p',
  location: 'l',
  keyRing: 'r',
  keyName: 'k',
  keyVersion: '1',
  endpoint: 'cloudkms.example.com',
};
const KMIP_KEY = { keyId: '7', endpoint: 'localhost', delegated: true };

function refusal(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('readDataKeys', () => {
  it('chooses by the whole name, then by the longest beginning', () => {
    const { masterKeyOf } = readDataKeys(
      {
        '*': { provider: 'local' },
        'tenant:*': { provider: 'aws', masterKey: AWS_KEY },
        'tenant:eu:*': { provider: 'aws:eu', masterKey: AWS_KEY },
        'tenant:eu:1': { provider: 'kmip' },
      },
      ALL,
      true,
    );

    expect(masterKeyOf('patients')).toEqual({ provider: 'local' });
    expect(masterKeyOf('tenant:1')).toEqual({ provider: 'aws', masterKey: AWS_KEY });
    expect(masterKeyOf('tenant:eu:2')).toEqual({ provider: 'aws:eu', masterKey: AWS_KEY });
    expect(masterKeyOf('tenant:eu:1')).toEqual({ provider: 'kmip' });
    expect(masterKeyOf('__proto__')).toEqual({ provider: 'local' });
  });

  it('reads every field of a master key, and keeps a copy', () => {
    const given = {
      a: { provider: 'aws', masterKey: { ...AWS_KEY } },
      b: { provider: 'azure', masterKey: AZURE_KEY },
      c: { provider: 'gcp', masterKey: GCP_KEY },
      d: { provider: 'kmip', masterKey: KMIP_KEY },
    };
    const { masterKeyOf } = readDataKeys(given, ALL, true);
    given.a.masterKey.region = 'elsewhere';

    expect(masterKeyOf('a')).toEqual({ provider: 'aws', masterKey: AWS_KEY });
    expect(masterKeyOf('b')).toEqual(given.b);
    expect(masterKeyOf('c')).toEqual(given.c);
    expect(masterKeyOf('d')).toEqual(given.d);
  });

  it.each(['local', 'kmip', 'local:a'] as const)(
    'needs no choice where there is only %s',
    (name) => {
      expect(readDataKeys(undefined, [name], true).masterKeyOf('any')).toEqual({ provider: name });
    },
  );

  it.each<[readonly KmsProviderName[], string]>([
    [['aws'], 'no master key is chosen for new data keys, and the provider has many.'],
    [
      ['local', 'kmip'],
      'no master key is chosen for new data keys, and there are several providers.',
    ],
  ])('refuses at once that there is no choice (%#)', (providers, wrong) => {
    const error = refusal(() => readDataKeys(undefined, providers, true));
    expect(refusal(() => readDataKeys({ a: undefined }, providers, true))).toEqual(error);

    expect(error).toBeInstanceOf(InvalidKmsConfigError);
    expect(error).toMatchObject({
      message: `dataKeys: ${wrong} Give it as in dataKeys: { "patients": { provider, masterKey } }, where "*" stands for all names.`,
    });
    expect(refusal(() => readDataKeys(undefined, providers, false))).toBeUndefined();
  });

  it('refuses a name without a choice when it is asked for', () => {
    const { masterKeyOf } = readDataKeys({ 'a*': { provider: 'local' } }, ['local', 'aws'], true);

    expect(refusal(() => masterKeyOf('b'))).toMatchObject({
      code: 'FLE_INVALID_KMS_CONFIG',
      keyAltName: 'b',
      message: expect.stringContaining('no master key is chosen for the data key "b"') as string,
    });
  });

  it.each<[unknown, string]>([
    ['x', 'dataKeys: the data keys are text, not an object.'],
    [new Map([['a', { provider: 'local' }]]), 'dataKeys: the data keys are a Map, not an object.'],
    [{ a: new Map([['provider', 'local']]) }, 'dataKeys.a: the choice is a Map, not an object.'],
    [
      { a: { provider: 'kmip', masterKey: new Map([['keyId', '1']]) } },
      'dataKeys.a.masterKey: the master key is a Map, not an object.',
    ],
    [{ '': { provider: 'local' } }, 'dataKeys: keyAltName is empty. Give a text of 1 to 500'],
    [{ 'a\0*': { provider: 'local' } }, 'dataKeys: keyAltName holds a NUL character.'],
    [{ a: 'aws' }, 'dataKeys.a: the choice is text, not an object.'],
    [
      { a: { provider: 'vault' } },
      'dataKeys.a.provider: the provider is none that kmsProviders configures. Give one of aws, aws:eu, azure, gcp, kmip, local.',
    ],
    [
      { a: { provider: 'aws' } },
      'dataKeys.a.masterKey: the provider "aws" needs a master key. Its fields are region, key, endpoint.',
    ],
    [
      { a: { provider: 'aws', masterKey: 'arn' } },
      'dataKeys.a.masterKey: the master key is text, not an object.',
    ],
    [
      { a: { provider: 'aws', masterKey: { key: 'arn' } } },
      'dataKeys.a.masterKey.region: the field is missing.',
    ],
    [
      { a: { provider: 'aws', masterKey: { ...AWS_KEY, keyName: 'k' } } },
      'dataKeys.a.masterKey.keyName: there is no such field. The fields are region, key, endpoint.',
    ],
    [
      { a: { provider: 'azure', masterKey: { ...AZURE_KEY, keyVaultEndpoint: 'https://a.b/' } } },
      'dataKeys.a.masterKey.keyVaultEndpoint: the value is neither',
    ],
    [
      { a: { provider: 'kmip', masterKey: { delegated: 'yes' } } },
      'dataKeys.a.masterKey.delegated: the value is text, not true or false. Give true or false.',
    ],
    [
      { a: { provider: 'local', masterKey: {} } },
      'dataKeys.a.masterKey: the provider "local" has a single master key. Leave masterKey out.',
    ],
    [
      { a: { provider: 'local', key: 1 } },
      'dataKeys.a.key: there is no such field. The fields are provider and masterKey.',
    ],
  ])('refuses a choice that is wrong (%#)', (dataKeys, message) => {
    const error = refusal(() => readDataKeys(dataKeys, ALL, true));

    expect(error).toBeInstanceOf(InvalidKmsConfigError);
    expect((error as Error).message.slice(0, message.length)).toBe(message);
  });
});
