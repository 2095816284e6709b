import { mongo } from 'mongoose';
import { bsonTypeOf, isCiphertext } from '../../../src/codec/bson';
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

/** Also regular expressions that JavaScript does not have. */
const read = (bytes: Uint8Array): mongo.Document =>
  mongo.BSON.deserialize(bytes, { bsonRegExp: true });

/** Keeps what was ciphertext in `documents`, and is not in the `output` that was made of them. */
function keepSecretsOf(documents: readonly Uint8Array[], output: Uint8Array): void {
  const { v: decrypted } = read(output) as { v: unknown[] };
  documents.forEach((document, place) => {
    keepWhereCiphertext(read(document), decrypted[place]);
  });
}

function keepWhereCiphertext(before: unknown, after: unknown): void {
  if (isCiphertext(before)) keepSecret(after);
  else if (typeof before === 'object' && before !== null && bsonTypeOf(before) === undefined) {
    for (const [key, value] of Object.entries(before)) {
      keepWhereCiphertext(value, (after as Record<string, unknown>)[key]);
    }
  }
}

function watchedCipher(cipher: ValueCipher): ValueCipher {
  return {
    encrypt: (values, purpose, soon) => {
      for (const { bytes } of values) keepSecret(read(bytes)['v']);
      return cipher.encrypt(values, purpose, soon);
    },
    decrypt: async (ciphertexts, options) => {
      const outcome = await cipher.decrypt(ciphertexts, options);
      keepSecret(outcome.values);
      return outcome;
    },
    decryptWhole: (documents) => {
      const output = cipher.decryptWhole(documents);
      if (output !== undefined) keepSecretsOf(documents, output);
      return output;
    },
  };
}
