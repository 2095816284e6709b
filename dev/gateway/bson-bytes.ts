import { onDemand } from 'bson';

/** One element of a BSON document, its value as the bytes that arrived. */
export interface BsonElement {
  readonly type: number;
  readonly name: string;
  readonly value: Buffer;
}

export const BSON_TYPE = { string: 2, document: 3, array: 4, boolean: 8, int32: 16 } as const;

/** The least size of a BSON document: its length and its closing zero. */
const EMPTY_DOCUMENT_SIZE = 5;

/**
 * Reads the top level of a document without decoding a value, so that every BSON type passes
 * through the gateway exactly as the client sent it.
 */
export function elementsOf(document: Buffer): BsonElement[] {
  if (document.length < EMPTY_DOCUMENT_SIZE || document.readInt32LE(0) !== document.length) {
    throw new RangeError('A BSON document does not have the length it names');
  }
  return Array.from(
    onDemand.parseToElements(document),
    ([type, nameStart, nameLength, start, length]) => ({
      type,
      name: document.toString('utf8', nameStart, nameStart + nameLength),
      value: document.subarray(start, start + length),
    }),
  );
}

/** Puts elements together to a document. */
export function documentOf(elements: readonly BsonElement[]): Buffer {
  const parts = elements.flatMap(({ type, name, value }) => [
    Buffer.from([type]),
    Buffer.from(`${name}\0`),
    value,
  ]);
  const size = parts.reduce((sum, part) => sum + part.length, EMPTY_DOCUMENT_SIZE);
  const length = Buffer.alloc(4);
  length.writeInt32LE(size);
  return Buffer.concat([length, ...parts, Buffer.from([0])], size);
}

/** An array whose items are whole documents. */
export function arrayOf(name: string, documents: readonly Buffer[]): BsonElement {
  const items = documents.map((value, index) => ({
    type: BSON_TYPE.document,
    name: String(index),
    value,
  }));
  return { type: BSON_TYPE.array, name, value: documentOf(items) };
}

/** Splits documents that stand one after another, as in a document sequence of OP_MSG. */
export function documentsIn(bytes: Buffer): Buffer[] {
  const documents: Buffer[] = [];
  let start = 0;
  while (start < bytes.length) {
    const size = bytes.length - start < EMPTY_DOCUMENT_SIZE ? 0 : bytes.readInt32LE(start);
    if (size < EMPTY_DOCUMENT_SIZE || start + size > bytes.length) {
      throw new RangeError('A document of a sequence does not have the length it names');
    }
    documents.push(bytes.subarray(start, start + size));
    start += size;
  }
  return documents;
}
