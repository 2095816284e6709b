import { type Document, deserialize, EJSON } from 'bson';
import type pg from 'pg';

import { documentsIn, elementsOf } from './bson-bytes';
import { CommandError } from './error-codes';
import { bsonIn, bsonOf, type Sql } from './sql';

/** Keeps every BSON type as it is stored. */
const EXACT = { promoteValues: false, bsonRegExp: true } as const;

export interface Namespace {
  readonly database: string;
  readonly collection: string;
}

export interface Index {
  readonly name: string;
  readonly key: Document | undefined;
}

/** MongoDB's duplicate key error, from what DocumentDB says inside `writeErrors`. */
export async function duplicateKeyFacts(
  catalog: Sql,
  namespace: Namespace,
  failure: { message: string; document: Buffer | undefined },
): Promise<Document> {
  const name = /Index '(.*)'/.exec(failure.message)?.[1] ?? '_id_';
  const key = name === '_id_' ? { _id: 1 } : await keyOfIndex(catalog, namespace, name);
  return describe(namespace, { name, key }, failure.document);
}

/** The same, from PostgreSQL's own error. An index that is just being built must be known. */
export async function duplicateKeyError(
  catalog: Sql,
  namespace: Namespace,
  cause: { error: pg.DatabaseError; index?: Index | undefined },
): Promise<CommandError> {
  const { error, index: known } = cause;
  const index = known ?? (await violatedIndex(catalog, error.constraint ?? ''));
  const { errmsg, ...facts } = describe(namespace, index, conflictingDocument(error.detail));
  return new CommandError('DuplicateKey', String(errmsg), facts);
}

function describe(namespace: Namespace, index: Index, document: Buffer | undefined): Document {
  const where = `${namespace.database}.${namespace.collection} index: ${index.name}`;
  const errmsg = `E11000 duplicate key error collection: ${where}`;
  if (index.key === undefined) return { errmsg };
  if (document === undefined) return { errmsg, keyPattern: index.key };

  const stored: unknown = deserialize(document, EXACT);
  const keyValue = Object.fromEntries(
    Object.keys(index.key).map((path) => [path, valueAt(stored, path) ?? null]),
  );
  const values = Object.entries(keyValue).map(
    ([path, value]) => `${path}: ${EJSON.stringify(value)}`,
  );
  return { errmsg: `${errmsg} dup key: { ${values.join(', ')} }`, keyPattern: index.key, keyValue };
}

async function keyOfIndex(
  catalog: Sql,
  { database, collection }: Namespace,
  name: string,
): Promise<Document | undefined> {
  const row = await catalog.run(
    `SELECT (i.index_spec).index_key AS key
       FROM documentdb_api_catalog.collection_indexes i
       JOIN documentdb_api_catalog.collections c USING (collection_id)
      WHERE c.database_name = $1 AND c.collection_name = $2 AND (i.index_spec).index_name = $3`,
    [database, collection, name],
  );
  return keyIn(row['key']);
}

async function violatedIndex(catalog: Sql, constraint: string): Promise<Index> {
  const id = /^documents_rum_index_(\d+)$/.exec(constraint)?.[1];
  if (id === undefined) return { name: '_id_', key: { _id: 1 } };
  const row = await catalog.run(
    `SELECT (index_spec).index_name AS name, (index_spec).index_key AS key
       FROM documentdb_api_catalog.collection_indexes WHERE index_id = $1`,
    [id],
  );
  return { name: row['name'] ?? constraint, key: keyIn(row['key']) };
}

function keyIn(column: string | null | undefined): Document | undefined {
  const bytes = bsonIn(column);
  return bytes && deserialize(bytes);
}

/**
 * The document that was refused stands in the detail as `Key (…)=(BSONHEX…, …)`; for `_id` only the
 * value does, as a document whose one field has no name.
 */
function conflictingDocument(detail: string | undefined): Buffer | undefined {
  const found = /\)=\((?:-?\d+, )?(BSONHEX[0-9a-f]+)/.exec(detail ?? '')?.[1];
  if (found === undefined) return undefined;
  const document = documentsIn(bsonOf(found))[0];
  const [first] = document ? elementsOf(document) : [];
  if (document === undefined || first?.name !== '') return document;
  // The one nameless field of {"": value} is the `_id`: name it so.
  const named = Buffer.concat([
    document.subarray(0, 5),
    Buffer.from('_id'),
    document.subarray(5, document.length),
  ]);
  named.writeInt32LE(named.length, 0);
  return named;
}

function valueAt(document: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((value, step) => (value as Document | null | undefined)?.[step], document);
}
