import type { AlgorithmName } from '../declaration/algorithm';
import { ENCRYPTED_SUBTYPE } from '../codec/bson';
import { keepResults } from './keep-results';
import { type KeyRef, keyNamed, nameOf } from './key-ref';

/** A value to encrypt, as libmongocrypt takes it: the elements of an intent-to-encrypt marking. */
export interface Marking {
  /** The serialised document `{ v: value }`, checked by `plainValueFault`. */
  readonly bytes: Uint8Array;
  /** The elements that follow `v`: made by `markingSuffix`. */
  readonly suffix: Uint8Array;
}

/** Length of what stands around an element of an array: type, empty name, length and subtype. */
const BINARY_OVERHEAD = 7;
/** Length of a document without elements: its length and its end. */
const EMPTY_DOCUMENT = 5;
const BINARY = 0x05;
/** The first byte of a binary of subtype 6 that is a marking, not a ciphertext. */
const INTENT_TO_ENCRYPT = 0;
const ALGORITHM_IDS: Readonly<Record<AlgorithmName, number>> = { Deterministic: 1, Random: 2 };

/**
 * The elements `a` and `ka` or `ki` of a marking: how to encrypt, and under which key.
 *
 * Source: the specification "BSON Binary Encrypted", intent-to-encrypt markings.
 */
export function markingSuffix(algorithm: AlgorithmName, ref: KeyRef): Buffer {
  const a = Buffer.from([0x10, 0x61, 0, ALGORITHM_IDS[algorithm], 0, 0, 0]);
  const name = nameOf(ref);
  if (name === undefined) {
    const id = Buffer.from(ref.slice('id:'.length), 'hex');
    return Buffer.concat([a, Buffer.from([BINARY, 0x6b, 0x69, 0, id.length, 0, 0, 0, 4]), id]);
  }
  const text = Buffer.from(`${name}\0`);
  const head = Buffer.from([0x02, 0x6b, 0x61, 0, 0, 0, 0, 0]);
  head.writeInt32LE(text.length, 4);
  return Buffer.concat([a, head, text]);
}

/** `markingSuffix` of a key by its name. */
export type SuffixOf = (algorithm: AlgorithmName, keyAltName: string) => Buffer;

/** `markingSuffix` for the keys of a cipher: those of the keys in use are kept. */
export function markingSuffixes(): SuffixOf {
  const suffixes = {
    Deterministic: keepResults((name: string) => markingSuffix('Deterministic', keyNamed(name))),
    Random: keepResults((name: string) => markingSuffix('Random', keyNamed(name))),
  };
  return (algorithm, keyAltName) => suffixes[algorithm](keyAltName);
}

/**
 * The BSON document `{ result: { v: [marking, …] } }`: the answer libmongocrypt expects from a query analysis. It is written byte
 * by byte, so that no value is serialised twice and no limit of a shared buffer applies. The elements have no names: nobody reads
 * those of an array, and writing them took a tenth of the time of decrypting.
 */
export function markingsDocument(markings: readonly Marking[]): Buffer {
  const array = arrayLength(markings, lengthOfMarking);
  const inner = EMPTY_DOCUMENT + 3 + array;
  const writer = new BsonWriter(EMPTY_DOCUMENT + 8 + inner);
  writer.openDocument(EMPTY_DOCUMENT + 8 + inner);
  writer.bytes(RESULT_HEAD);
  writer.openDocument(inner);
  writer.bytes(ARRAY_HEAD);
  writer.openDocument(array);
  for (const { bytes, suffix } of markings) {
    writer.openBinary(1 + bytes.length + suffix.length);
    writer.byte(INTENT_TO_ENCRYPT);
    writer.openDocument(bytes.length + suffix.length);
    writer.bytes(bytes.subarray(4, -1));
    writer.bytes(suffix);
    writer.byte(0);
  }
  return writer.close(3);
}

/** The BSON document `{ v: [ciphertext, …] }`, whose ciphertexts libmongocrypt decrypts where they stand. */
export function ciphertextsDocument(ciphertexts: readonly Uint8Array[]): Buffer {
  const array = arrayLength(ciphertexts, lengthOfBytes);
  const writer = new BsonWriter(EMPTY_DOCUMENT + 3 + array);
  writer.openDocument(EMPTY_DOCUMENT + 3 + array);
  writer.bytes(ARRAY_HEAD);
  writer.openDocument(array);
  for (const ciphertext of ciphertexts) {
    writer.openBinary(ciphertext.length);
    writer.bytes(ciphertext);
  }
  return writer.close(2);
}

const RESULT_HEAD = Buffer.from('\x03result\0', 'latin1');
const ARRAY_HEAD = Buffer.from('\x04v\0', 'latin1');

const lengthOfMarking = ({ bytes, suffix }: Marking): number => 1 + bytes.length + suffix.length;
const lengthOfBytes = ({ length }: Uint8Array): number => length;

/** The length of an array of binaries. */
function arrayLength<T>(items: readonly T[], lengthOf: (item: T) => number): number {
  let sum = EMPTY_DOCUMENT + items.length * BINARY_OVERHEAD;
  for (const item of items) sum += lengthOf(item);
  return sum;
}

/** Writes into a buffer of known length, front to back. */
class BsonWriter {
  readonly #buffer: Buffer;
  #at = 0;

  constructor(length: number) {
    this.#buffer = Buffer.allocUnsafe(length);
  }

  byte(value: number): void {
    this.#buffer[this.#at] = value;
    this.#at += 1;
  }

  bytes(value: Uint8Array): void {
    this.#buffer.set(value, this.#at);
    this.#at += value.length;
  }

  openDocument(length: number): void {
    this.#at = this.#buffer.writeInt32LE(length, this.#at);
  }

  openBinary(length: number): void {
    this.byte(BINARY);
    this.byte(0);
    this.openDocument(length);
    this.byte(ENCRYPTED_SUBTYPE);
  }

  /** Ends the documents that are open, `depth` of them, and hands the buffer out. */
  close(depth: number): Buffer {
    for (let open = 0; open < depth; open += 1) this.byte(0);
    return this.#buffer;
  }
}
