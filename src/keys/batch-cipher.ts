import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Binary, type Bson, type BsonReadOptions, isCiphertext } from '../codec/bson';
import { type KeyTelling, groupByKey } from '../codec/group-by-key';
import type { EncryptPurpose, PlainValue, ValueCipher } from '../codec/value-cipher';
import { keyNameFault } from '../declaration/key-name';
import type { FleError } from '../errors';
import {
  type SuffixOf,
  ciphertextsDocument,
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
  keysExpired,
  openOutcome,
} from './batch-outcome';
import { NESTED_CIPHERTEXT, haveSameKey, keyIdOf, mayHoldBinary } from '../codec/ciphertext-fault';
import { keepResults } from './keep-results';
import { type ChunkMeasures, endOfChunk } from './end-of-chunk';
import { type KeyRef, keyIdentified, keyNamed } from './key-ref';
import type { KeySupply, LoadKeys } from './key-supply';
import { loadKeysInto } from './load-keys';
import type { NativeContext, NativeCrypt } from './native-crypt';
import { holdsOthers } from './plain-value-fault';

/** What a batch cipher stands on. */
export interface BatchCipherOptions {
  readonly bson: Bson;
  readonly native: NativeCrypt;
  readonly supply: KeySupply;
}

/** A batch under way: how its items become outcomes. */
interface Batch<I, T> extends ChunkMeasures<I> {
  readonly outcome: OpenOutcome<T>;
  /** Those that are given to libmongocrypt. */
  readonly items: readonly Placed<I>[];
  readonly purpose: EncryptPurpose;
  /** Names of keys to be loaded, where keys have to be, with those of the items. */
  readonly soon?: Iterable<string> | undefined;
  readonly refOf: (item: I) => KeyRef;
  readonly open: (items: readonly I[]) => NativeContext;
  /** Reads the answers to the items that were opened together. */
  readonly read: (output: Uint8Array, items: readonly Placed<I>[]) => void;
  readonly failureOf: (cause: unknown, ref: KeyRef) => FleError;
}

/** What every batch of a cipher is run with. */
interface Runner {
  readonly native: NativeCrypt;
  readonly supply: KeySupply;
  readonly load: LoadKeys;
}

/** How often a chunk is tried whose keys expire between being loaded and being used. */
const MAX_ROUNDS = 5;

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
    encrypt: (values, purpose, soon) => run(encryption(values, { purpose, soon }, tools), runner),
    decrypt: (ciphertexts, options) => run(decryption(ciphertexts, options, tools), runner),
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

async function run<I, T>(batch: Batch<I, T>, runner: Runner): Promise<OpenOutcome<T>> {
  const items = batch.items.length > 1 ? groupByKey(batch.items, byKey(batch)) : batch.items;
  const unusable = new Map<KeyRef, unknown>();
  for (let start = 0; start < items.length;) {
    if (start > 0) await nextTurn();
    const end = endOfChunk(items, start, batch);
    const chunk = start === 0 && end === items.length ? items : items.slice(start, end);
    const cold = attempt(batch, withoutUnusable(batch, chunk, unusable), runner.native);
    if (cold.length > 0) await runCold(batch, cold, { ...runner, unusable });
    start = end;
  }
  return batch.outcome;
}

function byKey<I, T>({ refOf, isSameKey }: Batch<I, T>): KeyTelling<Placed<I>> {
  return {
    refOf: ({ item }) => refOf(item),
    isSameKey: (one, other) => isSameKey(one.item, other.item),
  };
}

/** Loads all keys that the batch needs, so that it looks into the key vault once, and does what of a chunk was waiting for them. */
async function runCold<I, T>(
  batch: Batch<I, T>,
  chunk: readonly Placed<I>[],
  { unusable, native, supply, load }: Runner & { readonly unusable: Map<KeyRef, unknown> },
): Promise<void> {
  let cold = chunk;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const needed = batch.items.map(({ item }) => batch.refOf(item));
    const soon = [...(batch.soon ?? [])].filter((name) => keyNameFault(name) === undefined);
    const refs = [...new Set([...needed, ...soon.map(keyNamed)])];
    const failures = await supply.provide(refs, batch.purpose, load);
    failures.forEach((cause, ref) => unusable.set(ref, cause));
    cold = attempt(batch, withoutUnusable(batch, cold, unusable), native);
    if (cold.length === 0) return;
  }
  throw keysExpired();
}

/** Does the work of a chunk, and returns what of it needs keys that are not in memory. Where the work fails, halves are tried. */
function attempt<I, T>(
  batch: Batch<I, T>,
  chunk: readonly Placed<I>[],
  native: NativeCrypt,
): readonly Placed<I>[] {
  const [first] = chunk;
  if (first === undefined) return [];
  try {
    const output = native.finish(batch.open(chunk.map(({ item }) => item)));
    if (output === undefined) return chunk;
    batch.read(output, chunk);
    return [];
  } catch (cause) {
    if (chunk.length === 1) {
      batch.outcome.failures.set(first.place, batch.failureOf(cause, batch.refOf(first.item)));
      return [];
    }
    const half = Math.ceil(chunk.length / 2);
    return [
      ...attempt(batch, chunk.slice(0, half), native),
      ...attempt(batch, chunk.slice(half), native),
    ];
  }
}

function withoutUnusable<I, T>(
  { outcome, refOf, failureOf }: Batch<I, T>,
  chunk: readonly Placed<I>[],
  unusable: ReadonlyMap<KeyRef, unknown>,
): readonly Placed<I>[] {
  if (unusable.size === 0) return chunk;
  return chunk.filter(({ place, item }) => {
    const ref = refOf(item);
    if (!unusable.has(ref)) return true;
    outcome.failures.set(place, failureOf(unusable.get(ref), ref));
    return false;
  });
}
