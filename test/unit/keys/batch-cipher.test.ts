import * as bson from 'bson';
import { InvalidOptionsError } from '../../../src/errors';
import { openBatchCipher } from '../../../src/keys/batch-cipher';
import type { KeySupply } from '../../../src/keys/key-supply';
import type { NativeContext, NativeCrypt } from '../../../src/keys/native-crypt';

const WORK: NativeContext = {
  state: 3,
  status: {},
  addMongoOperationResponse: () => undefined,
  finishMongoOperation: () => undefined,
  finalize: () => new Uint8Array(),
};

/** A libmongocrypt that has forgotten every key by the time it is asked. */
const FORGETFUL: NativeCrypt = {
  encryption: () => WORK,
  encryptionOfOne: () => WORK,
  decryption: () => WORK,
  finish: () => undefined,
  execute: () => Promise.resolve(),
};

const NO_KEYS: KeySupply = {
  find: () => Promise.resolve(new Map()),
  provide: () => Promise.resolve(new Map()),
};

describe('openBatchCipher', () => {
  it('leaves whole documents alone whose keys are not in memory, or that libmongocrypt refuses', () => {
    const documents = [bson.serialize({ a: 1 })];
    const forgetful = openBatchCipher({ bson, native: FORGETFUL, supply: NO_KEYS });
    expect(forgetful.decryptWhole(documents)).toBeUndefined();

    const refusing: NativeCrypt = {
      ...FORGETFUL,
      finish: () => {
        throw new Error('HMAC validation failure');
      },
    };
    const cipher = openBatchCipher({ bson, native: refusing, supply: NO_KEYS });
    expect(cipher.decryptWhole(documents)).toBeUndefined();
  });

  it('gives up where keys expire before they can be used', async () => {
    const cipher = openBatchCipher({ bson, native: FORGETFUL, supply: NO_KEYS });
    const value = {
      bytes: bson.serialize({ v: 1 }),
      algorithm: 'Random',
      keyAltName: 'pii',
    } as const;
    const encrypt = async (): Promise<unknown> => await cipher.encrypt([value], 'write');
    const error = await encrypt().catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(InvalidOptionsError);
    expect(error).toMatchObject({
      code: 'FLE_INVALID_OPTIONS',
      message: 'keyExpirationMS: data keys expire before they can be used. Give a larger value.',
    });
  });
});
