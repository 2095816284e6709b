import { bsonTypeOf } from '../codec/bson';
import type { Holder } from '../codec/collect-plaintext';
import { decryptDocuments } from '../codec/decrypt-documents';
import { isKeyedByPosition } from '../codec/positions';
import { UnsupportedOperationError } from '../errors';
import type { PlanNode } from '../plan/encryption-plan';
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
  const { name, root, fields } = planOf(model);
  if (fields.length === 0) throw nothingEncrypted(name);
  const documents: unknown[] = Array.isArray(stored) ? stored : [stored];
  const copies = documents.map((document) => copyAlong(document, root));
  await decryptDocuments(copies, root, {
    bson: connection.base.mongo.BSON,
    cipher: runtime.keyRingOf(connection).cipher,
    model: name,
    operation: 'decrypt',
    readOptions: clientOf(connection)?.bsonOptions ?? {},
    ...runtime.reading,
  });
  return (Array.isArray(stored) ? copies : copies[0]) as Stored;
}

/** A copy of `value` in all that decryption changes; the rest is shared. */
function copyAlong(value: unknown, node: PlanNode): unknown {
  if (typeof value !== 'object' || value === null || node.kind === 'field') return value;
  if (bsonTypeOf(value) !== undefined) return value;
  if (Array.isArray(value)) {
    const element = node.kind === 'array' ? node.element : node;
    return value.map((item) => copyAlong(item, element));
  }
  if (node.kind === 'array') {
    if (!isKeyedByPosition(value)) return copyAlong(value, node.element);
    const elements = Object.entries(value).map(([key, item]) => [
      key,
      copyAlong(item, node.element),
    ]);
    return Object.fromEntries(elements) as Holder;
  }
  const copy: Holder = { ...(value as Holder) };
  for (const key of Object.keys(copy)) {
    const below = node.children.get(key) ?? node.rest;
    if (below !== undefined) copy[key] = copyAlong(copy[key], below);
  }
  return copy;
}

function nothingEncrypted(model: string): UnsupportedOperationError {
  return new UnsupportedOperationError({
    model,
    operation: 'decrypt',
    wrong: 'the model declares no encrypted field.',
    remedy: 'Use the model whose schema the documents were written with.',
  });
}
