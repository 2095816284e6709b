import { deserialize, type Document, Long, serialize } from 'bson';

import { arrayOf, BSON_TYPE, type BsonElement, documentOf, elementsOf } from './bson-bytes';
import { type Command, readDocuments, readField } from './command';
import type { CommandContext, Reply } from './command-handler';
import { CommandError } from './error-codes';
import { write, type WriteError, type WriteName } from './write-commands';

interface Operation {
  readonly name: WriteName;
  readonly namespace: number;
  readonly fields: readonly BsonElement[];
}

/** What one insert, update or delete answers. */
interface Outcome {
  n: number;
  nModified?: number;
  upserted?: { _id: unknown }[] | undefined;
  writeErrors?: WriteError[];
}

const TOTALS = { nErrors: 0, nInserted: 0, nMatched: 0, nModified: 0, nUpserted: 0, nDeleted: 0 };

/** How the fields of an operation are called in the command of its own. */
const OWN_NAMES: Readonly<Record<string, string>> = { filter: 'q', updateMods: 'u' };
/** Options that the command of an operation takes over from the whole. */
const SHARED_OPTIONS = ['let', 'bypassDocumentValidation', 'comment'];

/**
 * MongoDB 8's bulkWrite over several collections, which DocumentDB does not have: each operation is
 * run as a command of its own, so that outside of a transaction they are not one unit, as in
 * MongoDB.
 */
export async function bulkWrite(command: Command, context: CommandContext): Promise<Reply> {
  const operations = readDocuments(command, 'ops').map(readOperation);
  const namespaces = readDocuments(command, 'nsInfo').map(readNamespace);
  const ordered = readField(command, 'ordered') !== false;
  const errorsOnly = readField(command, 'errorsOnly') === true;

  const totals = { ...TOTALS };
  const results: Document[] = [];
  for (const [idx, operation] of operations.entries()) {
    const namespace = namespaces[operation.namespace];
    if (namespace === undefined) {
      throw new CommandError('BadValue', `nsInfo has no entry ${operation.namespace}`);
    }
    const single = singleCommand(command, operation, namespace);
    const reply = await write(operation.name, single, context);
    const outcome = readOutcome(reply);
    const result = resultOf(idx, operation.name, outcome);
    if (!errorsOnly || result['ok'] === 0) results.push(result);
    addTo(totals, operation.name, outcome);
    if (ordered && totals.nErrors > 0) break;
  }
  const cursor = { id: Long.ZERO, firstBatch: results, ns: 'admin.$cmd.bulkWrite' };
  return { cursor, ...totals, ok: 1 };
}

function readOperation(document: Buffer): Operation {
  const [first, ...fields] = elementsOf(document);
  if (first?.name !== 'insert' && first?.name !== 'update' && first?.name !== 'delete') {
    throw new CommandError('FailedToParse', `Unknown bulkWrite operation ${first?.name ?? ''}`);
  }
  const namespace = Number(deserialize(documentOf([first]))[first.name]);
  return { name: first.name, namespace, fields };
}

function readNamespace(document: Buffer): { database: string; collection: string } {
  const { ns } = deserialize(document);
  const [, database, collection] = /^([^.]+)\.(.+)$/s.exec(String(ns)) ?? [];
  if (database === undefined || collection === undefined) {
    throw new CommandError('InvalidNamespace', `${String(ns)} is not a namespace`);
  }
  return { database, collection };
}

function singleCommand(
  command: Command,
  { name, fields }: Operation,
  { database, collection }: { database: string; collection: string },
): Command {
  const elements: BsonElement[] = [
    stringElement(name, collection),
    ...command.elements.filter((element) => SHARED_OPTIONS.includes(element.name)),
    listOf(name, fields),
  ];
  const { transaction } = command;
  const body = documentOf(elements);
  return { name, database, body, elements, sequences: new Map(), transaction };
}

function listOf(name: WriteName, fields: readonly BsonElement[]): BsonElement {
  if (name === 'insert') {
    const document = fields.find((field) => field.name === 'document');
    return arrayOf('documents', document ? [document.value] : []);
  }
  const statement = fields
    .filter((field) => field.name !== 'multi')
    .map((field) => ({ ...field, name: OWN_NAMES[field.name] ?? field.name }));
  const multi = fields.find((field) => field.name === 'multi')?.value[0] === 1;
  if (name === 'update') {
    return arrayOf('updates', [documentOf([...statement, booleanElement('multi', multi)])]);
  }
  return arrayOf('deletes', [documentOf([...statement, int32Element('limit', multi ? 0 : 1)])]);
}

function readOutcome(reply: Reply): Outcome {
  const bytes = Buffer.isBuffer(reply) ? reply : serialize(reply);
  // An upserted `_id` keeps its BSON type, the counts become numbers.
  const { upserted } = deserialize(bytes, { promoteValues: false, bsonRegExp: true }) as Outcome;
  return { ...(deserialize(bytes) as Outcome), upserted };
}

function resultOf(idx: number, name: WriteName, outcome: Outcome): Document {
  const [error] = outcome.writeErrors ?? [];
  if (error !== undefined) {
    const { code, errmsg, keyPattern, keyValue } = error;
    return { ok: 0, idx, n: 0, code, errmsg, ...(keyPattern && { keyPattern, keyValue }) };
  }
  const [upserted] = outcome.upserted ?? [];
  return {
    ok: 1,
    idx,
    n: outcome.n,
    ...(name === 'update' && { nModified: outcome.nModified ?? 0 }),
    ...(upserted !== undefined && { upserted: { _id: upserted._id } }),
  };
}

function addTo(totals: typeof TOTALS, name: WriteName, outcome: Outcome): void {
  const n = outcome.n;
  const upserted = outcome.upserted?.length ?? 0;
  totals.nErrors += outcome.writeErrors?.length ?? 0;
  totals.nUpserted += upserted;
  totals.nModified += outcome.nModified ?? 0;
  if (name === 'insert') totals.nInserted += n;
  if (name === 'update') totals.nMatched += n - upserted;
  if (name === 'delete') totals.nDeleted += n;
}

function stringElement(name: string, text: string): BsonElement {
  const bytes = Buffer.from(`${text}\0`);
  const length = Buffer.alloc(4);
  length.writeInt32LE(bytes.length);
  return { type: BSON_TYPE.string, name, value: Buffer.concat([length, bytes]) };
}

function booleanElement(name: string, value: boolean): BsonElement {
  return { type: BSON_TYPE.boolean, name, value: Buffer.from([value ? 1 : 0]) };
}

function int32Element(name: string, number: number): BsonElement {
  const value = Buffer.alloc(4);
  value.writeInt32LE(number);
  return { type: BSON_TYPE.int32, name, value };
}
