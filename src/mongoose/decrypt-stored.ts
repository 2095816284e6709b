import { copyAlong } from '../codec/copy-along';
import { decryptDocuments } from '../codec/decrypt-documents';
import { UnsupportedOperationError } from '../errors';
import { boundaryOf } from './boundary-mark';
import { planOf } from './bound-model';
import { clientOf, type HandleRuntime } from './handle-runtime';
import type { AnyModel, CollectionConnection } from './native-collection';

/** A copy of one or many documents as the database stores them, decrypted; what was given stays as it is. */
export async function decryptStored<Stored extends object>(
  model: AnyModel,
  stored: Stored,
  runtime: HandleRuntime,
): Promise<Stored> {
  const connection = model.db as CollectionConnection;
  const bound = boundaryOf(model.collection)?.bound;
  const { name, root, fields } = bound?.look() ?? planOf(model);
  if (fields.length === 0) throw nothingEncrypted(name);
  const documents: unknown[] = Array.isArray(stored) ? stored : [stored];
  const copies = documents.map((document) => copyAlong(document, root));
  await decryptDocuments(copies, root, {
    bson: connection.base.mongo.BSON,
    cipher: runtime.keyRingOf(connection).cipher,
    model: name,
    operation: 'decrypt',
    readOptions: clientOf(connection)?.bsonOptions ?? {},
    ...(bound?.reading ?? runtime.reading),
  });
  return (Array.isArray(stored) ? copies : copies[0]) as Stored;
}

function nothingEncrypted(model: string): UnsupportedOperationError {
  return new UnsupportedOperationError({
    model,
    operation: 'decrypt',
    wrong: 'the model declares no encrypted field.',
    remedy: 'Use the model whose schema the documents were written with.',
  });
}
