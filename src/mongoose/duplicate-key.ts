import { isCiphertext } from '../codec/bson';
import type { Holder } from '../codec/collect-plaintext';

/** What stands for a ciphertext in the `keyValue` of a duplicate key error. */
const ENCRYPTED = '[encrypted]';

/**
 * The error of the driver, with every ciphertext in its `keyValue` replaced in place: shown there it would pass for the value.
 *
 * Source: driver 7.8, src/bulk/common.ts, `MongoBulkWriteError.writeErrors`.
 */
export function withoutCiphertextKeys(error: unknown): unknown {
  if (typeof error !== 'object' || error === null) return error;
  const { keyValue, writeErrors } = error as { keyValue?: unknown; writeErrors?: unknown };
  replaceCiphertexts(keyValue);
  const single: unknown[] = Array.isArray(writeErrors) ? writeErrors : [];
  for (const writeError of single) {
    const { err } = writeError as { err?: { keyValue?: unknown; errInfo?: unknown } };
    replaceCiphertexts(err?.keyValue);
  }
  return error;
}

function replaceCiphertexts(keyValue: unknown): void {
  if (typeof keyValue !== 'object' || keyValue === null) return;
  const holder = keyValue as Holder;
  for (const key of Object.keys(holder)) if (isCiphertext(holder[key])) holder[key] = ENCRYPTED;
}
