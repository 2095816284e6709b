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
  const nameFaultOf = oncePerName(keyNameFault);
  const sound: Placed<PlainValue>[] = [];
  for (const [place, item] of values.entries()) {
    const { bytes, algorithm, keyAltName } = item;
    const fault = nameFaultOf(keyAltName) ?? plainValueFault(bytes, algorithm);
    if (fault === undefined) sound.push({ place, item });
    else failures.set(place, encryptionRefused(fault, keyAltName));
  }
  return sound;
}

/** Most batches have one name, or the same name many times in a row. */
function oncePerName(faultOf: (name: string) => string | undefined): typeof faultOf {
  let last: string | undefined;
  let fault: string | undefined;
  return (name) => {
    if (name !== last) fault = faultOf(name);
    last = name;
    return fault;
  };
}

/** The bytes of those binaries that can be ciphertexts; the others become failures of `outcome`. */
export function decryptable(
  binaries: readonly Binary[],
  { failures }: OpenOutcome<unknown>,
): Placed<Uint8Array>[] {
  const sound: Placed<Uint8Array>[] = [];
  for (const [place, binary] of binaries.entries()) {
    const item = binary.value();
    const fault = ciphertextFault(item);
    if (fault === undefined) sound.push({ place, item });
    else failures.set(place, decryptionRefused(fault));
  }
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
  if (isOfReading(cause))
    return decryptionRefused('the value in the stored ciphertext cannot be read.');
  const keyId = uuidOf(ref);
  return new DecryptionFailedError({
    wrong: `the ciphertext could not be decrypted with the data key ${keyId ?? ''}.`,
    remedy:
      'Check that the master key is the one that the data key was created with; if it is, the ciphertext was altered.',
    keyId,
    cause,
  });
}

/** Whether a value was decrypted, and could not be read: the message of such an error may show it. */
function isOfReading(cause: unknown): boolean {
  const { name } = Object(cause) as { name?: unknown };
  return typeof name === 'string' && (name === 'SyntaxError' || name.startsWith('BSON'));
}

/** The error of data keys that were loaded again and again, and had expired each time before they were used. */
export function keysExpired(): InvalidOptionsError {
  return new InvalidOptionsError({
    where: 'keyExpirationMS',
    wrong: 'data keys expire before they can be used.',
    remedy: 'Give a larger value.',
  });
}
