import { setImmediate as nextTurn } from 'node:timers/promises';
import type { PlanNode } from '../plan/encryption-plan';
import { deserializeOptions } from './bson';
import { decryptDocuments, type DecryptScope, settleDecrypted } from './decrypt-documents';
import { isOrdinary, openSurvey } from './stored-survey';

/** How many ciphertexts, and bytes, of documents are decrypted at once; for so long the event loop waits. */
const CHUNK_CIPHERTEXTS = 512;
const CHUNK_BYTES = 2 ** 18;

/**
 * Decrypts and reads documents as the database sent them: `stored`, BSON of what `node` describes. Documents with nothing unusual in them
 * are decrypted whole, before they are read, so that nothing is made of a ciphertext but its value. From the first on that is unusual, or
 * whose keys are not in memory, they are read first, and decrypted value by value (bench/decisions/whole-documents.md).
 *
 * @throws {DecryptionFailedError} as `decryptDocuments` does.
 * @throws {PlaintextFoundError} as `decryptDocuments` does.
 * @throws {BSONError} of the BSON library, where a document cannot be read.
 */
export async function decryptStored(
  stored: readonly Uint8Array[],
  node: PlanNode,
  scope: DecryptScope,
): Promise<unknown[]> {
  const reading = { node, scope, read: readerOf(scope) };
  const documents: unknown[] = [];
  for (let isEnough = false; !isEnough && documents.length < stored.length;) {
    if (documents.length > 0) await nextTurn();
    const start = documents.length;
    const chunk = chunkOf(stored, start, node);
    for (const document of decryptedWhole(chunk, reading) ?? []) documents.push(document);
    isEnough = chunk.isLast || documents.length === start;
  }
  const rest = stored.slice(documents.length).map(reading.read);
  if (rest.length === 0) return documents;
  await decryptDocuments(rest, node, scope);
  return documents.concat(rest);
}

/** Ordinary documents that follow each other. */
interface Chunk {
  readonly documents: readonly Uint8Array[];
  readonly ciphertexts: number;
  /** Whether an unusual one follows. */
  readonly isLast: boolean;
}

function chunkOf(stored: readonly Uint8Array[], start: number, node: PlanNode): Chunk {
  const survey = openSurvey();
  let end = start;
  let ciphertexts = 0;
  while (end < stored.length && ciphertexts < CHUNK_CIPHERTEXTS && survey.bytes < CHUNK_BYTES) {
    if (!isOrdinary(survey, stored[end], node)) {
      return { documents: stored.slice(start, end), ciphertexts, isLast: true };
    }
    ({ ciphertexts } = survey);
    end += 1;
  }
  return { documents: stored.slice(start, end), ciphertexts, isLast: false };
}

/** What the documents of a reply are read with. */
interface Reading {
  readonly node: PlanNode;
  readonly scope: DecryptScope;
  readonly read: (bytes: Uint8Array) => object;
}

/** The documents of a chunk; undefined where they cannot be decrypted at once, or not be read. */
function decryptedWhole(
  { documents: stored, ciphertexts }: Chunk,
  { node, scope, read }: Reading,
): readonly unknown[] | undefined {
  if (ciphertexts === 0) return stored.map(read);
  const output = scope.cipher.decryptWhole(stored);
  if (output === undefined) return undefined;
  const documents = elementsOf(output, read);
  if (documents !== undefined) settleDecrypted(documents, node, scope);
  return documents;
}

/** What cannot be read may be a value that was encrypted, which the error would show. */
function elementsOf(output: Uint8Array, read: Reading['read']): readonly unknown[] | undefined {
  try {
    return (read(output) as { readonly v: readonly unknown[] }).v;
  } catch {
    return undefined;
  }
}

/** Reads as the driver does, but for binaries: ciphertext promoted to a Buffer could not be told from other bytes. */
function readerOf({ bson, readOptions }: DecryptScope): Reading['read'] {
  const options = { ...deserializeOptions(readOptions), promoteBuffers: false };
  return (bytes) => bson.deserialize(bytes, options);
}
