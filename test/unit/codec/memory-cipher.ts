import { createHash } from 'node:crypto';
import * as bson from 'bson';
import { type Binary, type BsonReadOptions, isCiphertext } from '../../../src/codec/bson';
import type { BatchOutcome, PlainValue, ValueCipher } from '../../../src/codec/value-cipher';
import { KeyNotFoundError } from '../../../src/errors';

const HEADER = 18;
/** What a vector and a tag take up, so that no ciphertext is shorter than one can be. */
const PADDING = 64;
/** Keeps the types of BSON. */
const EXACTLY: BsonReadOptions = { promoteValues: false };

/** Keeps the contract of `ValueCipher` without keys: the plaintext stands behind the header of a ciphertext. */
export class MemoryCipher implements ValueCipher {
  /** What was asked, call by call: the number of values, and why. */
  readonly calls: string[] = [];
  readonly #keys: Set<string>;
  #nonce = 0;

  constructor(keys: readonly string[] = ['k']) {
    this.#keys = new Set(keys);
  }

  async encrypt(
    values: readonly PlainValue[],
    purpose: 'write' | 'query',
  ): Promise<BatchOutcome<Binary>> {
    this.calls.push(`encrypt ${values.length} ${purpose}`);
    return await Promise.resolve(outcomeOf(values, (value) => this.#encryptOne(value)));
  }

  async decrypt(
    ciphertexts: readonly Binary[],
    options: BsonReadOptions,
  ): Promise<BatchOutcome<unknown>> {
    this.calls.push(`decrypt ${ciphertexts.length}`);
    return await Promise.resolve(outcomeOf(ciphertexts, (one) => this.#decryptOne(one, options)));
  }

  decryptWhole(documents: readonly Uint8Array[]): Uint8Array | undefined {
    this.calls.push(`decryptWhole ${documents.length}`);
    try {
      return bson.serialize({
        v: documents.map((document) => this.#decryptInside(bson.deserialize(document, EXACTLY))),
      });
    } catch {
      return undefined;
    }
  }

  #decryptInside(value: unknown): unknown {
    if (isCiphertext(value)) return this.#decryptOne(value, EXACTLY);
    if (Array.isArray(value)) return value.map((item) => this.#decryptInside(item));
    if (typeof value !== 'object' || value === null || !isPlain(value)) return value;
    const entries = Object.entries(value).map(([key, item]) => [key, this.#decryptInside(item)]);
    return Object.fromEntries(entries) as object;
  }

  #encryptOne({ bytes, algorithm, keyAltName }: PlainValue): Binary {
    if (!this.#keys.has(keyAltName)) throw missingKey();
    const isRandom = algorithm === 'Random';
    const header = Buffer.alloc(HEADER);
    header[0] = isRandom ? 2 : 1;
    keyIdOf(keyAltName).copy(header, 1);
    header[17] = bytes[4] ?? 0;
    const nonce = Buffer.from(String(isRandom ? (this.#nonce += 1) : 0).padStart(PADDING, '0'));
    return new bson.Binary(Buffer.concat([header, nonce, bytes]), 6);
  }

  #decryptOne(ciphertext: Binary, options: BsonReadOptions): unknown {
    const bytes = Buffer.from(ciphertext.buffer.subarray(0, ciphertext.position));
    const keyId = bytes.subarray(1, 17);
    if (![...this.#keys].some((name) => keyIdOf(name).equals(keyId))) throw missingKey();
    if (bytes.length <= HEADER) throw new Error('HMAC validation failure');
    return bson.deserialize(bytes.subarray(HEADER + PADDING), { ...options })['v'];
  }
}

function isPlain(value: object): boolean {
  return Object.getPrototypeOf(value) === Object.prototype;
}

/** The identifier of the key with that name. */
export function keyIdOf(keyAltName: string): Buffer {
  return createHash('md5').update(keyAltName).digest();
}

function outcomeOf<Given, T>(given: readonly Given[], each: (one: Given) => T): BatchOutcome<T> {
  const failures = new Map<number, unknown>();
  const values = given.map((one, place) => {
    try {
      return each(one);
    } catch (cause) {
      failures.set(place, cause);
      return undefined;
    }
  });
  return { values, failures };
}

function missingKey(): KeyNotFoundError {
  return new KeyNotFoundError({ wrong: 'no such key.', remedy: 'Create it.' });
}
