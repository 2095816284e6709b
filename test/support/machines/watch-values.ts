import { mongo } from 'mongoose';
import type { ValueCipher } from '../../../src/codec/value-cipher';
import * as keyRings from '../../../src/keys/key-ring';
import { keepSecret } from './wire-machine';

/** From now on everything that a model encrypts or decrypts is kept as a secret. */
export function watchValues(): void {
  const { openKeyRing } = keyRings;
  const opened: typeof openKeyRing = (options) => {
    const keyRing = openKeyRing(options);
    return { ...keyRing, cipher: watchedCipher(keyRing.cipher) };
  };
  Object.assign(keyRings, { openKeyRing: opened });
}

function watchedCipher(cipher: ValueCipher): ValueCipher {
  return {
    encrypt: (values, purpose, soon) => {
      for (const { bytes } of values) keepSecret(mongo.BSON.deserialize(bytes)['v']);
      return cipher.encrypt(values, purpose, soon);
    },
    decrypt: async (ciphertexts, options) => {
      const outcome = await cipher.decrypt(ciphertexts, options);
      keepSecret(outcome.values);
      return outcome;
    },
  };
}
