import { type Binary, type Bson, type BsonReadOptions, isCiphertext } from '../codec/bson';
import { NESTED_CIPHERTEXT, haveSameKey, keyIdOf, mayHoldBinary } from '../codec/ciphertext-fault';
import type { PlainValue, ValueCipher } from '../codec/value-cipher';
import {
  type SuffixOf,
  ciphertextsDocument,
  markingSuffixes,
  markingsDocument,
} from './batch-documents';
import {
  type Placed,
  decryptable,
  decryptionFailed,
  decryptionRefused,
  encryptable,
  encryptionFailed,
  openOutcome,
} from './batch-outcome';
import { keepResults } from './keep-results';
import { keyIdentified, keyNamed } from './key-ref';
import type { KeySupply } from './key-supply';
import { loadKeysInto } from './load-keys';
import type { NativeCrypt } from './native-crypt';
import { holdsOthers } from './plain-value-fault';
import { type Batch, runBatch } from './run-batch';

/** What a batch cipher stands on. */
export interface BatchCipherOptions {
  readonly bson: Bson;
  readonly native: NativeCrypt;
  readonly supply: KeySupply;
}

/**
 * A cipher that hands libmongocrypt whole chunks of values instead of one after the other, and does so without leaving the turn
 * of the event loop where the keys are in memory. Its ciphertexts are those of the driver's `ClientEncryption`, byte for byte.
 */
export function openBatchCipher({ bson, native, supply }: BatchCipherOptions): ValueCipher {
  const runner = { native, supply, load: loadKeysInto(native, supply) };
  const tools = {
    bson,
    native,
    suffixOf: markingSuffixes(),
    namingOf: keepResults((keyAltName: string) => bson.serialize({ keyAltName })),
  };
  return {
    encrypt: (values, purpose, soon) =>
      runBatch(encryption(values, { purpose, soon }, tools), runner),
    decrypt: (ciphertexts, options) => runBatch(decryption(ciphertexts, options, tools), runner),
  };
}

interface Tools extends Pick<BatchCipherOptions, 'bson' | 'native'> {
  readonly suffixOf: SuffixOf;
  /** The serialised document `{ keyAltName }`. */
  readonly namingOf: (keyAltName: string) => Uint8Array;
}

function encryption(
  values: readonly PlainValue[],
  { purpose, soon }: Pick<Batch<PlainValue, Binary>, 'purpose' | 'soon'>,
  { bson, native, suffixOf, namingOf }: Tools,
): Batch<PlainValue, Binary> {
  const outcome = openOutcome<Binary>(values.length);
  return {
    outcome,
    items: encryptable(values, outcome),
    purpose,
    soon,
    sizeOf: ({ bytes }) => bytes.length,
    refOf: ({ keyAltName }) => keyNamed(keyAltName),
    isSameKey: (one, other) => one.keyAltName === other.keyAltName,
    open: (items) => {
      const [first] = items;
      // Batches refuse what is nested thousands of levels deep; the context of one value would encrypt it, and nobody could read it.
      if (first !== undefined && items.length === 1 && !holdsOthers(first.bytes)) {
        const { bytes, algorithm, keyAltName } = first;
        return native.encryptionOfOne(bytes, { algorithm, keyAltName: namingOf(keyAltName) });
      }
      const markings = items.map(({ bytes, algorithm, keyAltName }) => ({
        bytes,
        suffix: suffixOf(algorithm, keyAltName),
      }));
      return native.encryption(markingsDocument(markings));
    },
    read: (output, items) => {
      const { v } = bson.deserialize(output) as { v: Binary | Binary[] };
      items.forEach(({ place }, index) => {
        outcome.values[place] = Array.isArray(v) ? v[index] : v;
      });
    },
    failureOf: encryptionFailed,
  };
}

function decryption(
  ciphertexts: readonly Binary[],
  options: BsonReadOptions,
  { bson, native }: Tools,
): Batch<Uint8Array, unknown> {
  const outcome = openOutcome<unknown>(ciphertexts.length);
  const refuse = ({ place }: Placed<Uint8Array>): void => {
    outcome.values[place] = undefined;
    outcome.failures.set(place, decryptionRefused(NESTED_CIPHERTEXT));
  };
  return {
    outcome,
    items: decryptable(ciphertexts, outcome),
    purpose: 'query',
    sizeOf: ({ length }) => length,
    refOf: (bytes) => keyIdentified(keyIdOf(bytes)),
    isSameKey: haveSameKey,
    open: (items) => native.decryption(ciphertextsDocument(items)),
    read: (output, items) => {
      const { v } = bson.deserialize(output, options as object) as { v: unknown[] };
      items.forEach(({ place }, index) => (outcome.values[place] = v[index]));
      if (!items.some(({ item }) => mayHoldBinary(item))) return;
      // Under promoteBuffers, a binary of subtype 6 would pass for a plain one.
      const plain = bson.deserialize(output, { promoteValues: false }) as { v: unknown[] };
      items.filter((_, index) => isCiphertext(plain.v[index])).forEach(refuse);
    },
    failureOf: decryptionFailed,
  };
}
