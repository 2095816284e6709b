import { setImmediate as nextTurn } from 'node:timers/promises';
import type { PlanNode } from '../plan/encryption-plan';
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
  const documents: unknown[] = [];
  while (documents.length < stored.length) {
    if (documents.length > 0) await nextTurn();
    const chunk = decryptedWhole(stored, { start: documents.length, node }, scope);
    if (chunk === undefined) break;
    for (const document of chunk) documents.push(document);
  }
  const rest = stored.slice(documents.length).map((bytes) => read(bytes, scope));
  if (rest.length === 0) return documents;
  await decryptDocuments(rest, node, scope);
  return documents.concat(rest);
}

/** The documents of a chunk that begins at `start`; undefined where the first of them is unusual, or they cannot be decrypted at once. */
function decryptedWhole(
  stored: readonly Uint8Array[],
  { start, node }: { readonly start: number; readonly node: PlanNode },
  scope: DecryptScope,
): unknown[] | undefined {
  const survey = openSurvey();
  let end = start;
  for (; end < stored.length; end += 1) {
    if (survey.ciphertexts >= CHUNK_CIPHERTEXTS || survey.bytes >= CHUNK_BYTES) break;
    if (!isOrdinary(survey, stored[end], node)) break;
  }
  if (end === start) return undefined;
  const chunk = stored.slice(start, end);
  if (survey.ciphertexts === 0) return chunk.map((bytes) => read(bytes, scope));
  const output = scope.cipher.decryptWhole(chunk);
  if (output === undefined) return undefined;
  const { v: documents } = read(output, scope) as { readonly v: unknown[] };
  settleDecrypted(documents, node, scope);
  return documents;
}

/** As the driver reads a document, but for binaries: ciphertext promoted to a Buffer could not be told from other bytes. */
function read(bytes: Uint8Array, { bson, readOptions }: DecryptScope): object {
  const { enableUtf8Validation, ...options } = readOptions;
  const validation = { utf8: enableUtf8Validation !== false };
  return bson.deserialize(bytes, { ...options, promoteBuffers: false, validation } as object);
}
