import { mongo } from 'mongoose';
import { readKeyConfig } from '../../../src/keys/key-config';
import { openNativeCrypt } from '../../../src/keys/native-crypt';

const client = new mongo.MongoClient('mongodb://127.0.0.1:9');
const config = readKeyConfig({ kmsProviders: { local: { key: Buffer.alloc(96) } } });

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
const crypt = {
  makeEncryptionContext: () => work,
  makeExplicitEncryptionContext: () => work,
  makeDecryptionContext: () => work,
};

describe('openNativeCrypt', () => {
  it('finds the inner parts of the driver that is installed', () => {
    expect(openNativeCrypt({ driver: mongo, client, config })).toBeDefined();
  });

  it('finds the inner parts it knows', () => {
    expect(openNativeCrypt({ driver: driverWith(crypt), client, config })).toBeDefined();
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['other methods', {}],
    ['no way to decrypt', { ...crypt, makeDecryptionContext: undefined }],
    ['no way to encrypt one', { ...crypt, makeExplicitEncryptionContext: undefined }],
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
    expect(openNativeCrypt({ driver: driverWith(inner), client, config })).toBeUndefined();
  });

  it('finds none where the driver refuses an option it does not know', () => {
    const ClientEncryption = function (): never {
      throw new TypeError('schemaMap is not an option');
    };
    const driver = { ...mongo, ClientEncryption } as unknown as typeof mongo;

    expect(openNativeCrypt({ driver, client, config })).toBeUndefined();
  });

  it('says why work failed', () => {
    const native = openNativeCrypt({ driver: mongo, client, config });
    const garbage = mongo.BSON.serialize({
      result: { v: [new mongo.Binary(Buffer.from([0]), 6)] },
    });

    expect(() => native?.finish(native.encryption(garbage))).toThrow(mongo.MongoCryptError);
    expect(() => native?.finish({ ...work, state: 0, status: {} } as never)).toThrow(
      'libmongocrypt gave no reason',
    );
  });
});
