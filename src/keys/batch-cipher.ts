import {
  type Binary,
  type Bson,
  type BsonReadOptions,
  deserializeOptions,
  isCiphertext,
} from '../codec/bson';
import { NESTED_CIPHERTEXT, haveSameKey, keyIdOf, mayHoldBinary } from '../codec/ciphertext-fault';
import type { PlainValue, ValueCipher } from '../codec/value-cipher';
import {
  type Marking,
  type SuffixOf,
  ciphertextsDocument,
  documentsDocument,
  markingSuffixes,
  markingsDocument,
} from './batch-documents';
import {
  type OpenOutcome,
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
import type { NativeContext, NativeCrypt } from './native-crypt';
import { holdsOthers } from './plain-value-fault';
import { type Batch, type ItemKind, runBatch } from './run-batch';

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
    decryptWhole: (documents) => {
      try {
        return native.finish(native.decryption(documentsDocument(documents)));
      } catch {
        return undefined; // the values, one by one, tell which of them fails
      }
    },
  };
}

interface Tools extends Pick<BatchCipherOptions, 'bson' | 'native'> {
  readonly suffixOf: SuffixOf;
  /** The serialised document `{ keyAltName }`. */
  readonly namingOf: (keyAltName: string) => Uint8Array;
}

const VALUES: ItemKind<PlainValue> = {
  sizeOf: ({ item }) => item.bytes.length,
  refOf: ({ item }) => keyNamed(item.keyAltName),
  isSameKey: (one, other) => one.item.keyAltName === other.item.keyAltName,
  failureOf: encryptionFailed,
};

const CIPHERTEXTS: ItemKind<Uint8Array> = {
  sizeOf: ({ item }) => item.length,
  refOf: ({ item }) => keyIdentified(keyIdOf(item)),
  isSameKey: (one, other) => haveSameKey(one.item, other.item),
  failureOf: decryptionFailed,
};

function encryption(
  values: readonly PlainValue[],
  { purpose, soon }: Pick<Batch<PlainValue, Binary>, 'purpose' | 'soon'>,
  tools: Tools,
): Batch<PlainValue, Binary> {
  const outcome = openOutcome<Binary>(values.length);
  return {
    outcome,
    kind: VALUES,
    items: encryptable(values, outcome),
    purpose,
    soon,
    open: (items) => openEncryption(items, tools),
    read: (output, items) => {
      const { v } = tools.bson.deserialize(output) as { v: Binary | Binary[] };
      fill(outcome, items, Array.isArray(v) ? v : [v]);
    },
  };
}

function openEncryption(
  items: readonly Placed<PlainValue>[],
  { native, suffixOf, namingOf }: Tools,
): NativeContext {
  const [first] = items;
  // Batches refuse what is nested thousands of levels deep; the context of one value would encrypt it, and nobody could read it.
  if (first !== undefined && items.length === 1 && !holdsOthers(first.item.bytes)) {
    const { bytes, algorithm, keyAltName } = first.item;
    return native.encryptionOfOne(bytes, { algorithm, keyAltName: namingOf(keyAltName) });
  }
  const markings: Marking[] = [];
  for (const { item } of items) {
    const { bytes, algorithm, keyAltName } = item;
    markings.push({ bytes, suffix: suffixOf(algorithm, keyAltName) });
  }
  return native.encryption(markingsDocument(markings));
}

function decryption(
  ciphertexts: readonly Binary[],
  options: BsonReadOptions,
  { bson, native }: Tools,
): Batch<Uint8Array, unknown> {
  const outcome = openOutcome<unknown>(ciphertexts.length);
  return {
    outcome,
    kind: CIPHERTEXTS,
    items: decryptable(ciphertexts, outcome),
    purpose: 'query',
    open: (items) => native.decryption(ciphertextsDocument(itemsOf(items))),
    read: (output, items) => {
      const { v } = bson.deserialize(output, deserializeOptions(options)) as { v: unknown[] };
      fill(outcome, items, v);
      if (holdsBinary(items)) refuseNested(outcome, items, bson.deserialize(output, PLAINLY));
    },
  };
}

/** Under promoteBuffers, a binary of subtype 6 would pass for a plain one. */
const PLAINLY = { promoteValues: false };

function refuseNested(
  { values, failures }: OpenOutcome<unknown>,
  items: readonly Placed<Uint8Array>[],
  plain: object,
): void {
  const { v } = plain as { readonly v: readonly unknown[] };
  for (const [index, { place }] of items.entries()) {
    if (!isCiphertext(v[index])) continue;
    values[place] = undefined;
    failures.set(place, decryptionRefused(NESTED_CIPHERTEXT));
  }
}

function itemsOf<I>(placed: readonly Placed<I>[]): I[] {
  const items: I[] = [];
  for (const { item } of placed) items.push(item);
  return items;
}

function holdsBinary(placed: readonly Placed<Uint8Array>[]): boolean {
  for (const { item } of placed) if (mayHoldBinary(item)) return true;
  return false;
}

function fill<T>(
  { values }: OpenOutcome<T>,
  items: readonly Placed<unknown>[],
  read: readonly T[],
): void {
  for (const [index, { place }] of items.entries()) values[place] = read[index];
}
