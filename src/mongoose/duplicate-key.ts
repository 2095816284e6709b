import { isCiphertext } from '../codec/bson';
import type { Holder } from '../codec/collect-plaintext';

/** Whether something encrypted stands at a path. */
type IsEncrypted = (path: string) => boolean;

const NONE: IsEncrypted = () => false;

/** What stands for an encrypted value in the `keyValue` of a duplicate key error. */
const ENCRYPTED = '[encrypted]';

/**
 * The error of the driver, with every encrypted value in its `keyValue` replaced in place: ciphertext would pass for the value there, and a
 * client that decrypts by itself shows the value. `isEncrypted` tells it by the path.
 *
 * Source: driver 7.8, src/bulk/common.ts, `MongoBulkWriteError.writeErrors`.
 */
export function withoutEncryptedKeys(error: unknown, isEncrypted: IsEncrypted = NONE): unknown {
  if (typeof error !== 'object' || error === null) return error;
  const { keyValue, writeErrors } = error as { keyValue?: unknown; writeErrors?: unknown };
  replaceEncrypted(keyValue, isEncrypted);
  const single: unknown[] = Array.isArray(writeErrors) ? writeErrors : [];
  for (const writeError of single) {
    const { err } = writeError as { err?: { keyValue?: unknown; errInfo?: unknown } };
    replaceEncrypted(err?.keyValue, isEncrypted);
  }
  return error;
}

function replaceEncrypted(keyValue: unknown, isEncrypted: IsEncrypted): void {
  if (typeof keyValue !== 'object' || keyValue === null) return;
  const holder = keyValue as Holder;
  for (const [path, value] of Object.entries(holder)) {
    const isValue = value !== null && value !== undefined;
    if (isCiphertext(value) || (isValue && isEncrypted(path))) holder[path] = ENCRYPTED;
  }
}
