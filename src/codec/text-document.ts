const STRING = 0x02;
/** What stands before the text: length of the document, type, name `v`, length of the text. */
const HEAD = 4 + 1 + 2 + 4;
/** What stands behind it: the end of the text, and that of the document. */
const TAIL = 2;

/**
 * The BSON document `{ v: text }`, byte for byte as the BSON library serialises it; half a surrogate pair becomes U+FFFD there as well. Most
 * encrypted values are texts, and the library takes twice as long to make a document of one (bench/decisions/commands.md).
 *
 * Source: bsonspec.org, version 1.1.
 */
export function textDocument(text: string): Uint8Array {
  const length = Buffer.byteLength(text);
  const bytes = Buffer.allocUnsafe(HEAD + length + TAIL);
  bytes.writeInt32LE(bytes.length, 0);
  bytes[4] = STRING;
  bytes[5] = 0x76; // v
  bytes[6] = 0;
  bytes.writeInt32LE(length + 1, 7);
  bytes.write(text, HEAD);
  bytes.fill(0, HEAD + length);
  return bytes;
}
