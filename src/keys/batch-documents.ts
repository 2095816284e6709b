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
const DOCUMENT = 0x03;
/** Length of what stands before a document in an array: type and empty name. */
const DOCUMENT_OVERHEAD = 2;
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
  const array = arrayLength(markings, BINARY_OVERHEAD, lengthOfMarking);
  const inner = EMPTY_DOCUMENT + ARRAY_HEAD.length + array;
  const buffer = Buffer.allocUnsafe(EMPTY_DOCUMENT + RESULT_HEAD.length + inner);
  let at = buffer.writeInt32LE(buffer.length);
  at = writeHead(buffer, at, { head: RESULT_HEAD, length: inner });
  at = writeHead(buffer, at, { head: ARRAY_HEAD, length: array });
  for (const { bytes, suffix } of markings) {
    at = writeBinaryHead(buffer, at, 1 + bytes.length + suffix.length);
    buffer[at] = INTENT_TO_ENCRYPT;
    // The document `{ v: value }` is written as it is; then its length is put right, and the suffix takes the place of its end.
    buffer.set(bytes, at + 1);
    buffer.writeInt32LE(bytes.length + suffix.length, at + 1);
    at += bytes.length;
    buffer.set(suffix, at);
    at += suffix.length;
    buffer[at] = 0;
    at += 1;
  }
  buffer.fill(0, at);
  return buffer;
}

/** The BSON document `{ v: [ciphertext, …] }`, whose ciphertexts libmongocrypt decrypts where they stand. */
export function ciphertextsDocument(ciphertexts: readonly Uint8Array[]): Buffer {
  return arrayDocument(ciphertexts, BINARY_OVERHEAD, writeBinaryHead);
}

/** The BSON document `{ v: [document, …] }` of BSON documents, in which libmongocrypt decrypts every ciphertext where it stands. */
export function documentsDocument(documents: readonly Uint8Array[]): Buffer {
  return arrayDocument(documents, DOCUMENT_OVERHEAD, writeDocumentHead);
}

/** Writes, in place, what stands before an element of an array that is `length` bytes long, and tells where the element begins. */
type WriteElementHead = (buffer: Buffer, at: number, length: number) => number;

/** The BSON document `{ v: [element, …] }`; before each element stand `overhead` bytes, which `writeElementHead` writes. */
function arrayDocument(
  elements: readonly Uint8Array[],
  overhead: number,
  writeElementHead: WriteElementHead,
): Buffer {
  const array = arrayLength(elements, overhead, lengthOfBytes);
  const buffer = Buffer.allocUnsafe(EMPTY_DOCUMENT + ARRAY_HEAD.length + array);
  let at = buffer.writeInt32LE(buffer.length);
  at = writeHead(buffer, at, { head: ARRAY_HEAD, length: array });
  for (const element of elements) {
    at = writeElementHead(buffer, at, element.length);
    buffer.set(element, at);
    at += element.length;
  }
  buffer.fill(0, at);
  return buffer;
}

const RESULT_HEAD = Buffer.from('\x03result\0', 'latin1');
const ARRAY_HEAD = Buffer.from('\x04v\0', 'latin1');

const lengthOfMarking = ({ bytes, suffix }: Marking): number => 1 + bytes.length + suffix.length;
const lengthOfBytes = ({ length }: Uint8Array): number => length;

/** The length of an array, before each of whose elements stand `overhead` bytes. */
function arrayLength<T>(
  items: readonly T[],
  overhead: number,
  lengthOf: (item: T) => number,
): number {
  let sum = EMPTY_DOCUMENT + items.length * overhead;
  for (const item of items) sum += lengthOf(item);
  return sum;
}

/** The type and name of an element that is a document or an array, and the length of that. */
interface Head {
  readonly head: Uint8Array;
  readonly length: number;
}

/** Writes, in place, up to where the elements of a document or an array begin, and tells where that is. */
function writeHead(buffer: Buffer, at: number, { head, length }: Head): number {
  buffer.set(head, at);
  return buffer.writeInt32LE(length, at + head.length);
}

/** Writes, in place, up to where the bytes of a binary of subtype 6 without a name begin, and tells where that is. */
function writeBinaryHead(buffer: Buffer, at: number, length: number): number {
  buffer[at] = BINARY;
  buffer[at + 1] = 0;
  buffer.writeInt32LE(length, at + 2);
  buffer[at + 6] = ENCRYPTED_SUBTYPE;
  return at + BINARY_OVERHEAD;
}

/** The same of a document without a name. */
function writeDocumentHead(buffer: Buffer, at: number): number {
  buffer[at] = DOCUMENT;
  buffer[at + 1] = 0;
  return at + DOCUMENT_OVERHEAD;
}
