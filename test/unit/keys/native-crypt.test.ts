import { mongo } from 'mongoose';
import { openNativeCrypt } from '../../../src/keys/native-crypt';

const client = new mongo.MongoClient('mongodb://127.0.0.1:9');
const options: mongo.ClientEncryptionOptions = {
  keyVaultNamespace: 'encryption.__keyVault',
  kmsProviders: { local: { key: Buffer.alloc(96) } },
};

/** A driver whose `ClientEncryption` has this for its inner part. */
function driverWith(_mongoCrypt: unknown): typeof mongo {
  const ClientEncryption = function (): unknown {
    return { _mongoCrypt };
  };
  return { ...mongo, ClientEncryption } as unknown as typeof mongo;
}

const work = {
  state: 2,
  addMongoOperationResponse: () => undefined,
  finishMongoOperation: () => undefined,
  finalize: () => undefined,
};
const crypt = { makeEncryptionContext: () => work, makeDecryptionContext: () => work };

describe('openNativeCrypt', () => {
  it('finds the inner parts of the driver that is installed', () => {
    expect(openNativeCrypt(mongo, client, options)).toBeDefined();
  });

  it('finds the inner parts it knows', () => {
    expect(openNativeCrypt(driverWith(crypt), client, options)).toBeDefined();
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['other methods', {}],
    ['no way to decrypt', { makeEncryptionContext: () => work }],
    ['methods that are none', { ...crypt, makeEncryptionContext: 1 }],
    [
      'contexts that ask for something else',
      { ...crypt, makeEncryptionContext: () => ({ ...work, state: 1 }) },
    ],
    ['contexts without a way to answer', { ...crypt, makeEncryptionContext: () => ({ state: 2 }) }],
    [
      'contexts that cannot be made',
      {
        ...crypt,
        makeEncryptionContext: () => {
          throw new TypeError('no');
        },
      },
    ],
  ])('finds none where there is %s', (_, inner) => {
    expect(openNativeCrypt(driverWith(inner), client, options)).toBeUndefined();
  });

  it('finds none where the driver refuses an option it does not know', () => {
    const ClientEncryption = function (): never {
      throw new TypeError('schemaMap is not an option');
    };
    const driver = { ...mongo, ClientEncryption } as unknown as typeof mongo;

    expect(openNativeCrypt(driver, client, options)).toBeUndefined();
  });

  it('says why work failed', () => {
    const native = openNativeCrypt(mongo, client, options);
    const garbage = mongo.BSON.serialize({
      result: { v: [new mongo.Binary(Buffer.from([0]), 6)] },
    });

    expect(() => native?.finish(native.encryption(garbage))).toThrow(mongo.MongoCryptError);
    expect(() => native?.finish({ ...work, state: 0, status: {} } as never)).toThrow(
      'libmongocrypt gave no reason',
    );
  });
});
