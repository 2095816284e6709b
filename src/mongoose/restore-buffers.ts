import { type Binary, bsonTypeOf } from '../codec/bson';
import type { Holder } from '../codec/collect-plaintext';

/**
 * Turns, in place, every BSON binary in `value` into a Buffer, as the driver does under `promoteBuffers`: ciphertext can be told
 * from other bytes only while that option is off, so it is done after decryption.
 *
 * Source: bson 7.3, src/parser/deserializer.ts.
 */
export function restoreBuffers(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  const type = bsonTypeOf(value);
  if (type === 'DBRef') restoreBuffers((value as { readonly fields: unknown }).fields);
  if (type !== undefined) return;
  if (value instanceof Uint8Array || value instanceof Date) return;
  const holder = value as Holder;
  for (const key of Object.keys(holder)) {
    const inner = holder[key];
    if (bsonTypeOf(inner) === 'Binary') holder[key] = bytesOf(inner as Binary);
    else restoreBuffers(inner);
  }
}

function bytesOf(binary: Binary): Buffer {
  return Buffer.from(binary.buffer.subarray(0, binary.position));
}
