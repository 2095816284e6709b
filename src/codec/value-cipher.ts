import type { AlgorithmName } from '../declaration/algorithm';
import type { Binary, BsonReadOptions } from './bson';

/** A value to encrypt. */
export interface PlainValue {
  /**
   * The BSON document `{ v: value }`, of the value as it was when it was taken: nothing the caller does later changes it.
   * Its byte 4 is the BSON type of the value; never that of null, undefined, minKey or maxKey.
   */
  readonly bytes: Uint8Array;
  readonly algorithm: AlgorithmName;
  readonly keyAltName: string;
}

/** The outcome of a batch: a value for each place, but for those in `failures`, by place. */
export interface BatchOutcome<T> {
  readonly values: readonly (T | undefined)[];
  readonly failures: ReadonlyMap<number, unknown>;
}

/** What is known at once, or a promise of it where something has to be waited for. */
export type Eventual<T> = T | Promise<T>;

/**
 * Why values are encrypted. A `write` creates data keys that are missing, as far as the handle allows; a `query` never does:
 * a value under a missing key fails with `KeyNotFoundError`.
 */
export type EncryptPurpose = 'write' | 'query';

/**
 * Encrypts and decrypts values, many at once. The codec knows keys only through it.
 *
 * Every call keeps order and length: place n of the outcome answers place n of what was given. A failure of one value leaves the
 * others' outcome right. What concerns no single value (key vault unreachable, addon missing) fails the whole call, which throws or
 * rejects. Where the keys are in memory, and the values are few, the outcome is there at once: a promise for each layer would cost as much
 * as the promises of `ClientEncryption`.
 */
export interface ValueCipher {
  /**
   * Ciphertexts of subtype 6, byte for byte what the driver's `ClientEncryption.encrypt` makes of the same value.
   *
   * @param soon The names of keys that values to come need: where keys have to be loaded for these, those may be loaded with them.
   */
  encrypt(
    values: readonly PlainValue[],
    purpose: EncryptPurpose,
    soon?: Iterable<string>,
  ): Eventual<BatchOutcome<Binary>>;
  /** The plaintexts, as the driver would return them for a plain field under `options`. */
  decrypt(
    ciphertexts: readonly Binary[],
    options: BsonReadOptions,
  ): Eventual<BatchOutcome<unknown>>;
  /**
   * The BSON document `{ v: [document, …] }` of the BSON documents given, with every ciphertext in them decrypted where it stands; undefined
   * where that cannot be done at once: a key is not in memory, or a ciphertext cannot be decrypted. Then `decrypt` says which, and why.
   */
  decryptWhole(documents: readonly Uint8Array[]): Uint8Array | undefined;
}
