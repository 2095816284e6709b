import type { Binary } from '../codec/bson';
import type { BatchOutcome, PlainValue } from '../codec/value-cipher';
import {
  DecryptionFailedError,
  EncryptionFailedError,
  FleError,
  InvalidOptionsError,
} from '../errors';
import { ciphertextFault } from '../codec/ciphertext-fault';
import { keyNameFault } from '../declaration/key-name';
import { type KeyRef, nameOf, uuidOf } from './key-ref';
import { plainValueFault } from './plain-value-fault';

/** The outcome of a batch while it is being filled. */
export interface OpenOutcome<T> extends BatchOutcome<T> {
  readonly values: (T | undefined)[];
  readonly failures: Map<number, unknown>;
}

/** An item of a batch, and its place there. */
export interface Placed<I> {
  readonly place: number;
  readonly item: I;
}

/** An outcome of `length` places, all empty. */
export function openOutcome<T>(length: number): OpenOutcome<T> {
  return { values: new Array<T | undefined>(length).fill(undefined), failures: new Map() };
}

/** Those of the values that may be encrypted; the others become failures of `outcome`. */
export function encryptable(
  values: readonly PlainValue[],
  { failures }: OpenOutcome<unknown>,
): Placed<PlainValue>[] {
  const nameFaults = new Map<string, string | undefined>();
  const nameFaultOf = (keyAltName: string): string | undefined => {
    if (!nameFaults.has(keyAltName)) nameFaults.set(keyAltName, keyNameFault(keyAltName));
    return nameFaults.get(keyAltName);
  };
  return soundOnes(values, failures, ({ bytes, algorithm, keyAltName }) => {
    const fault = nameFaultOf(keyAltName) ?? plainValueFault(bytes, algorithm);
    return fault === undefined ? undefined : encryptionRefused(fault, keyAltName);
  });
}

/** The bytes of those binaries that can be ciphertexts; the others become failures of `outcome`. */
export function decryptable(
  binaries: readonly Binary[],
  { failures }: OpenOutcome<unknown>,
): Placed<Uint8Array>[] {
  const ciphertexts = binaries.map((binary) => binary.value());
  return soundOnes(ciphertexts, failures, (bytes) => {
    const fault = ciphertextFault(bytes);
    return fault === undefined ? undefined : decryptionRefused(fault);
  });
}

function soundOnes<I>(
  items: readonly I[],
  failures: Map<number, unknown>,
  failureOf: (item: I) => FleError | undefined,
): Placed<I>[] {
  const sound: Placed<I>[] = [];
  items.forEach((item, place) => {
    const failure = failureOf(item);
    if (failure === undefined) sound.push({ place, item });
    else failures.set(place, failure);
  });
  return sound;
}

/** The failure of a value that may not be encrypted; `fault` says why, as a sentence. */
function encryptionRefused(fault: string, keyAltName: string): EncryptionFailedError {
  return new EncryptionFailedError({
    wrong: fault,
    remedy: 'Encrypt another value, or declare the field differently.',
    keyAltName,
  });
}

/** The failure of a value that was not encrypted because of `cause`; an error of ours stands for itself. */
export function encryptionFailed(cause: unknown, ref: KeyRef): FleError {
  if (cause instanceof FleError) return cause;
  const keyAltName = nameOf(ref);
  return new EncryptionFailedError({
    wrong: `the value could not be encrypted under the data key "${keyAltName ?? ''}".`,
    remedy: 'Check that the master key is the one that the data key was created with.',
    keyAltName,
    cause,
  });
}

/** The failure of a binary that is no ciphertext; `fault` says why, as a sentence. */
export function decryptionRefused(fault: string): DecryptionFailedError {
  return new DecryptionFailedError({
    wrong: fault,
    remedy: 'Find out what wrote it, and restore the value.',
  });
}

/** The failure of a ciphertext that was not decrypted because of `cause`; an error of ours stands for itself. */
export function decryptionFailed(cause: unknown, ref: KeyRef): FleError {
  if (cause instanceof FleError) return cause;
  const keyId = uuidOf(ref);
  return new DecryptionFailedError({
    wrong: `the ciphertext could not be decrypted with the data key ${keyId ?? ''}.`,
    remedy:
      'Check that the master key is the one that the data key was created with; if it is, the ciphertext was altered.',
    keyId,
    cause,
  });
}

/** The error of data keys that were loaded again and again, and had expired each time before they were used. */
export function keysExpired(): InvalidOptionsError {
  return new InvalidOptionsError({
    where: 'keyExpirationMS',
    wrong: 'data keys expire before they can be used.',
    remedy: 'Give a larger value.',
  });
}
