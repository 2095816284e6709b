import { inspect } from 'node:util';
import { Binary } from 'bson';
import { InvalidKmsConfigError, InvalidOptionsError } from '../../../src/errors';
import { readKeyConfig } from '../../../src/keys/key-config';

const KEY = Buffer.alloc(96, 'sentinel');
const BASE64 = KEY.toString('base64');
const kmsProviders = { local: { key: KEY } };
const LOCAL_REMEDY =
  'Give 96 random bytes, or their base64: 128 characters, as `openssl rand -base64 96 | tr -d "\\n"` prints.';

function refusal(options: unknown, ...others: string[]): unknown {
  try {
    readKeyConfig(options, others);
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('readKeyConfig', () => {
  it('fills in the defaults', () => {
    const config = readKeyConfig({ kmsProviders });

    expect(config.keyVault).toEqual({
      database: 'encryption',
      collection: '__keyVault',
      text: 'encryption.__keyVault',
    });
    expect(config.createMissingKeys).toBe('declared');
    expect(config.keyExpirationMS).toBeUndefined();
    expect(config.masterKeyOf('pii')).toEqual({ provider: 'local' });
  });

  it('reads every option', () => {
    const config = readKeyConfig({
      kmsProviders,
      keyVaultNamespace: 'keys.of.us',
      createMissingKeys: false,
      keyExpirationMS: 0,
    });

    expect(config.keyVault).toEqual({ database: 'keys', collection: 'of.us', text: 'keys.of.us' });
    expect(config.createMissingKeys).toBe(false);
    expect(config.keyExpirationMS).toBe(0);
  });

  it('is frozen', () => {
    const config = readKeyConfig({ kmsProviders });

    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.keyVault)).toBe(true);
  });

  it.each([
    ['a Buffer', KEY],
    ['a Uint8Array', new Uint8Array(KEY)],
    ['a BSON binary', new Binary(KEY)],
    ['base64', BASE64],
  ])('takes the master key as %s', (_, key) => {
    const { readCredentials } = readKeyConfig({ kmsProviders: { local: { key } } });

    expect(readCredentials()).toEqual({ local: { key: KEY } });
  });

  it('copies the master key, when it is given and when it is read', () => {
    const key = Buffer.from(KEY);
    const { readCredentials } = readKeyConfig({ kmsProviders: { local: { key } } });
    key.fill(0);
    (readCredentials().local?.key as Buffer).fill(1);

    expect(readCredentials()).toEqual({ local: { key: KEY } });
  });

  it.each([
    [undefined, 'the value is undefined, as that of an unset environment variable is.'],
    ['', 'the master key is empty text.'],
    [`${BASE64}\n`, 'the text of the master key holds white space.'],
    [BASE64.replaceAll(/.$/g, '_'), 'the text of the master key is not base64.'],
    [BASE64.slice(4), 'the text of the master key is not the base64 of 96 bytes.'],
    [Buffer.alloc(32), 'the master key has 32 bytes, not 96.'],
    [new Binary(Buffer.alloc(97)), 'the master key has 97 bytes, not 96.'],
    [null, 'the master key is null, neither bytes nor text.'],
    [96, 'the master key is a number, neither bytes nor text.'],
    [[...KEY], 'the master key is an array, neither bytes nor text.'],
    [{ _bsontype: 'Binary' }, 'the master key is an object, neither bytes nor text.'],
  ])('refuses a master key that is none (%#)', (key, wrong) => {
    const error = refusal({ kmsProviders: { local: { key } } });

    expect(error).toBeInstanceOf(InvalidKmsConfigError);
    expect(error).toMatchObject({
      code: 'FLE_INVALID_KMS_CONFIG',
      message: `kmsProviders.local.key: ${wrong} ${LOCAL_REMEDY}`,
    });
  });

  it.each([
    [
      undefined,
      'kmsProviders: the KMS providers are undefined, not an object. Give them as in { local: { key } }.',
    ],
    [
      'local',
      'kmsProviders: the KMS providers are text, not an object. Give them as in { local: { key } }.',
    ],
    [{}, 'kmsProviders: no KMS provider is configured. Give one, as in { local: { key } }.'],
    [
      { local: undefined },
      'kmsProviders: no KMS provider is configured. Give one, as in { local: { key } }.',
    ],
    [
      { local: null },
      'kmsProviders.local: the configuration is null, not an object. Give it as in { local: { key } }.',
    ],
    [
      { local: { key: KEY, kez: 1 } },
      'kmsProviders.local.kez: there is no such field. The only field is "key".',
    ],
  ])('refuses providers that are wrong (%#)', (providers, message) => {
    const error = refusal({ kmsProviders: providers });

    expect(error).toBeInstanceOf(InvalidKmsConfigError);
    expect(error).toMatchObject({ code: 'FLE_INVALID_KMS_CONFIG', message });
  });

  it.each([
    [
      undefined,
      'fieldEncryption: the options are undefined, not an object. Give at least kmsProviders, as in fieldEncryption({ kmsProviders: { local: { key } } }).',
    ],
    [
      [],
      'fieldEncryption: the options are an array, not an object. Give at least kmsProviders, as in fieldEncryption({ kmsProviders: { local: { key } } }).',
    ],
    [
      { kmsProviders, keyvault: 1 },
      'fieldEncryption: "keyvault" is not an option. The options are createMissingKeys, credentialProviders, dataKeys, keyExpirationMS, keyVaultNamespace, kmsConnectCallback, kmsProviders, kmsRetries, kmsTimeoutMS, proxyOptions, tlsOptions.',
    ],
    [
      { kmsProviders, keyVaultNamespace: 1 },
      'keyVaultNamespace: the namespace is a number, not text. Write it as "database.collection", or leave it out for "encryption.__keyVault".',
    ],
    [
      { kmsProviders, keyVaultNamespace: 'vault' },
      'keyVaultNamespace: the namespace names no collection. Write it as "database.collection", or leave it out for "encryption.__keyVault".',
    ],
    [
      { kmsProviders, keyVaultNamespace: '.vault' },
      'keyVaultNamespace: the namespace begins with no valid name of a database. Write it as "database.collection", or leave it out for "encryption.__keyVault".',
    ],
    [
      { kmsProviders, keyVaultNamespace: 'mongodb://user:pass@host.com' },
      'keyVaultNamespace: the namespace begins with no valid name of a database. Write it as "database.collection", or leave it out for "encryption.__keyVault".',
    ],
    [
      { kmsProviders, keyVaultNamespace: 'keys.' },
      'keyVaultNamespace: the namespace ends with no valid name of a collection. Write it as "database.collection", or leave it out for "encryption.__keyVault".',
    ],
    [
      { kmsProviders, keyVaultNamespace: 'keys.$vault' },
      'keyVaultNamespace: the namespace ends with no valid name of a collection. Write it as "database.collection", or leave it out for "encryption.__keyVault".',
    ],
    [
      { kmsProviders, keyVaultNamespace: 'keys.system.users' },
      'keyVaultNamespace: the namespace ends with no valid name of a collection. Write it as "database.collection", or leave it out for "encryption.__keyVault".',
    ],
    [
      { kmsProviders, keyVaultNamespace: `keys.${'k'.repeat(300)}` },
      'keyVaultNamespace: the namespace ends with no valid name of a collection. Write it as "database.collection", or leave it out for "encryption.__keyVault".',
    ],
    [
      { kmsProviders, createMissingKeys: true },
      'createMissingKeys: the value is neither "declared" nor "all" nor false. Leave it out for "declared".',
    ],
    [
      { kmsProviders, keyExpirationMS: -1 },
      'keyExpirationMS: the value is not a whole number of milliseconds, 0 or more. Leave it out for 60000, or give 0 for data keys that stay in memory.',
    ],
    [
      { kmsProviders, keyExpirationMS: '1' },
      'keyExpirationMS: the value is not a whole number of milliseconds, 0 or more. Leave it out for 60000, or give 0 for data keys that stay in memory.',
    ],
  ])('refuses options that are wrong (%#)', (options, message) => {
    const error = refusal(options);

    expect(error).toBeInstanceOf(InvalidOptionsError);
    expect(error).toMatchObject({ code: 'FLE_INVALID_OPTIONS', message });
  });

  it('passes over the options that others read, and names them beside its own', () => {
    expect(refusal({ kmsProviders, plaintext: 'read' }, 'plaintext')).toBeUndefined();
    expect(refusal({ kmsProviders, plain: 'read' }, 'plaintext')).toMatchObject({
      message:
        'fieldEncryption: "plain" is not an option. The options are createMissingKeys, credentialProviders, dataKeys, keyExpirationMS, keyVaultNamespace, kmsConnectCallback, kmsProviders, kmsRetries, kmsTimeoutMS, plaintext, proxyOptions, tlsOptions.',
    });
  });

  it('takes an option that is undefined for one that is absent', () => {
    const config = readKeyConfig({ kmsProviders, keyVaultNamespace: undefined });

    expect(config.keyVault.text).toBe('encryption.__keyVault');
  });
});

describe('the master key', () => {
  const fragments = ['sentinel', BASE64.slice(0, 20), KEY.toString('hex').slice(0, 12), '73 65 6e'];

  function traces(value: unknown): string[] {
    const shown = [
      inspect(value, { depth: 20, showHidden: true, getters: true }),
      JSON.stringify({ value }),
      value instanceof Error ? `${value.message}${value.stack ?? ''}` : '',
    ].join('\n');
    return fragments.filter((fragment) => shown.includes(fragment));
  }

  it('shows nowhere in the configuration', () => {
    expect(traces(readKeyConfig({ kmsProviders }))).toEqual([]);
  });

  it.each([
    [{ local: { key: `${BASE64}=` } }],
    [{ local: { key: KEY.subarray(1) } }],
    [{ local: { key: KEY, extra: BASE64 } }],
    [{ local: BASE64 }],
    [BASE64],
  ])('shows nowhere in an error (%#)', (providers) => {
    const error = refusal({ kmsProviders: providers });

    expect(error).toBeInstanceOf(InvalidKmsConfigError);
    expect(traces(error)).toEqual([]);
  });
});
