import { mongo } from 'mongoose';
import { DuplicateKeyNameError, KeyVaultUnavailableError } from '../../../src/errors';
import { bootstrapKeys } from '../../../src/keys/bootstrap-keys';
import { createKeysWith } from '../../../src/keys/create-keys';
import { readKeyConfig } from '../../../src/keys/key-config';
import { type KeyRef, keyNamed } from '../../../src/keys/key-ref';
import type { KeyDocument, KeyVault } from '../../../src/keys/key-vault';

const config = readKeyConfig({ kmsProviders: { local: { key: Buffer.alloc(96) } } });
const KEY = {} as KeyDocument;

/** A vault whose look-ups answer, one after the other, whether the key is there. */
function vaultThatFinds(...answers: boolean[]): KeyVault {
  return {
    namespace: 'encryption.__keyVault',
    client: new mongo.MongoClient('mongodb://127.0.0.1:9'),
    find: ([ref = keyNamed('')]) => {
      const there = answers.shift() ?? false;
      return Promise.resolve(new Map<KeyRef, KeyDocument>(there ? [[ref, KEY]] : []));
    },
    names: () => Promise.resolve([['pii'], ['pii', 'other']]),
    ensureIndex: () => Promise.resolve(true),
    hasIndex: () => Promise.resolve(true),
    run: () => Promise.reject(new Error('nothing is to be run')),
    change: () => Promise.reject(new Error('nothing is to be changed')),
    changed: () => undefined,
  };
}

/** A ClientEncryption whose attempts to create a key fail, one after the other, and succeed after the last. */
function encryptionThatFails(...errors: Error[]): mongo.ClientEncryption {
  const createDataKey = (): Promise<mongo.UUID> => {
    const error = errors.shift();
    return error === undefined ? Promise.resolve(new mongo.UUID()) : Promise.reject(error);
  };
  return { createDataKey } as unknown as mongo.ClientEncryption;
}

const duplicate = (): Error => new mongo.MongoServerError({ message: 'E11000', code: 11000 });
const deadlock = (): Error =>
  new mongo.MongoServerError({ message: 'deadlock detected', code: 40 });

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('createKeysWith', () => {
  it('says that it created a key', async () => {
    const create = createKeysWith({
      vault: vaultThatFinds(),
      config,
      clientEncryption: encryptionThatFails(),
    });

    expect(await create(['pii'])).toEqual(new Map([['pii', 'created']]));
  });

  it('wraps a key once, also where the server gives the write up for good', async () => {
    const clientEncryption = encryptionThatFails(deadlock());
    const create = createKeysWith({ vault: vaultThatFinds(), config, clientEncryption });
    const error = await failureOf(create(['pii']));

    expect(error).toBeInstanceOf(KeyVaultUnavailableError);
    expect(error).toMatchObject({
      code: 'FLE_KEY_VAULT_UNAVAILABLE',
      message:
        'encryption.__keyVault: the data key "pii" could not be created. Check that the server can be reached, and that its user may read and write there.',
      cause: { message: 'deadlock detected' },
    });
  });

  it("waits, after a lost race, until the winner's key can be read", async () => {
    const create = createKeysWith({
      vault: vaultThatFinds(false, false, true),
      config,
      clientEncryption: encryptionThatFails(duplicate()),
    });

    expect(await create(['pii'])).toEqual(new Map([['pii', 'existing']]));
  });

  it("gives up on a winner's key that never can be read", async () => {
    const create = createKeysWith({
      vault: vaultThatFinds(),
      config,
      clientEncryption: encryptionThatFails(duplicate()),
    });
    const error = await failureOf(create(['pii']));

    expect(error).toBeInstanceOf(KeyVaultUnavailableError);
    expect(error).toMatchObject({
      code: 'FLE_KEY_VAULT_UNAVAILABLE',
      keyAltName: 'pii',
      message:
        'encryption.__keyVault: the data key "pii" exists, and cannot be read. Try again when the servers of the replica set can reach each other.',
    });
  }, 20_000);
});

describe('bootstrapKeys', () => {
  it('refuses a name that two keys have, although the index claims that it cannot be', async () => {
    const createKeys = (): Promise<Map<string, undefined>> =>
      Promise.resolve(new Map<string, undefined>());
    const vault = vaultThatFinds();
    const error = await failureOf(bootstrapKeys(['pii'], { vault, createKeys }));

    expect(error).toBeInstanceOf(DuplicateKeyNameError);
    expect(error).toMatchObject({
      code: 'FLE_DUPLICATE_KEY_NAME',
      keyAltName: 'pii',
      message:
        'encryption.__keyVault: more than one data key is named "pii". Find out which key the stored values name, and take the name from the others with removeKeyAltName.',
    });
  });
});
