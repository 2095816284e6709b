/** Length of what no ciphertext lacks: its kind, key, type, and one encrypted block with its vector and its tag. */
const MIN_LENGTH = 1 + 16 + 1 + 16 + 16 + 32;
const DETERMINISTIC = 1;
const RANDOM = 2;
const BINARY = 0x05;
const PLAIN_TYPE_AT = 17;

/** What is wrong with a ciphertext that decrypts to another: nobody's value is a binary of subtype 6. */
export const NESTED_CIPHERTEXT = 'the stored ciphertext holds another ciphertext.';

/**
 * Why the bytes of a binary of subtype 6 cannot be a ciphertext of field level encryption, as a sentence; undefined where they
 * can. libmongocrypt hands back unchanged what it takes for no ciphertext.
 *
 * Source: the specification "BSON Binary Encrypted".
 */
export function ciphertextFault(bytes: Uint8Array): string | undefined {
  if (!isKind(bytes[0])) {
    return 'the stored binary is not a ciphertext of client-side field level encryption.';
  }
  return bytes.length < MIN_LENGTH ? 'the stored ciphertext is cut off.' : undefined;
}

/** Whether the `length` bytes of `document` from `start` on can be such a ciphertext. */
export function isCiphertextAt(document: Uint8Array, start: number, length: number): boolean {
  return isKind(document[start]) && length >= MIN_LENGTH;
}

function isKind(byte: number | undefined): boolean {
  return byte === DETERMINISTIC || byte === RANDOM;
}

/** The identifier of the data key that a ciphertext names: its 16 bytes. */
export function keyIdOf(ciphertext: Uint8Array): Uint8Array {
  return ciphertext.subarray(1, 17);
}

/** Whether two ciphertexts name the same data key. */
export function haveSameKey(one: Uint8Array, other: Uint8Array): boolean {
  for (let at = 1; at < 17; at += 1) if (one[at] !== other[at]) return false;
  return true;
}

/** The BSON type, by its byte, of the value in a ciphertext. */
export function plainTypeOf(ciphertext: Uint8Array): number | undefined {
  return ciphertext[PLAIN_TYPE_AT];
}

/** Whether the value in a ciphertext, which begins at `start`, is a BSON binary, and so perhaps one of subtype 6. */
export function mayHoldBinary(bytes: Uint8Array, start = 0): boolean {
  return bytes[start + PLAIN_TYPE_AT] === BINARY;
}
