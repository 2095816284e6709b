import { deserialize, type Document } from 'bson';
import pg from 'pg';

import { BSON_TYPE, documentOf, elementsOf } from './bson-bytes';
import { type Command, collectionOf, readDocuments } from './command';
import type { CommandContext, CommandTable, Reply } from './command-handler';
import { duplicateKeyError, duplicateKeyFacts } from './duplicate-keys';
import { ERROR_CODES, errorNameOf, nameOfError, unpackSqlState } from './error-codes';
import { bsonOf } from './sql';

const API = 'documentdb_api';

/** Which list of each command is sent as a document sequence. */
const SEQUENCES = { insert: 'documents', update: 'updates', delete: 'deletes' } as const;

export type WriteName = keyof typeof SEQUENCES;

export interface WriteError {
  index: number;
  code: number;
  errmsg: string;
  keyPattern?: Document;
  keyValue?: Document;
}

/** Commands that write documents. */
export const WRITE_COMMANDS: CommandTable = {
  insert: (command, context) => write('insert', command, context),
  update: (command, context) => write('update', command, context),
  delete: (command, context) => write('delete', command, context),
  findAndModify,
  findandmodify: findAndModify,
};

/** Runs an insert, update or delete, and gives its write errors MongoDB's codes. */
export async function write(
  name: WriteName,
  command: Command,
  context: CommandContext,
): Promise<Reply> {
  const row = await context.sql
    .runWhole(
      `SELECT p_result FROM ${API}.${name}($1, $2, $3)`,
      [command.database, command.body, command.sequences.get(SEQUENCES[name]) ?? null],
      (answer) => writeErrorsIn(bsonOf(answer['p_result'])).some(isConflict),
    )
    .catch((error: unknown) => rethrow(error, command, context));

  const result = bsonOf(row['p_result']);
  const writeErrors = writeErrorsIn(result);
  if (writeErrors.length === 0) return result;

  // The values of `upserted` keep their BSON types.
  const reply = deserialize(result, { promoteValues: false, bsonRegExp: true });
  const inserted = name === 'insert' ? readDocuments(command, 'documents') : [];
  reply['writeErrors'] = await Promise.all(
    writeErrors.map((error) =>
      translate({ error, document: inserted[error.index] }, command, context),
    ),
  );
  return reply;
}

function writeErrorsIn(result: Buffer): WriteError[] {
  if (!elementsOf(result).some((element) => element.name === 'writeErrors')) return [];
  return (deserialize(result) as { writeErrors: WriteError[] }).writeErrors;
}

function isConflict(error: WriteError): boolean {
  return errorNameOf(unpackSqlState(error.code)) === 'WriteConflict';
}

async function translate(
  { error, document }: { error: WriteError; document: Buffer | undefined },
  command: Command,
  { catalog }: CommandContext,
): Promise<WriteError> {
  const codeName = errorNameOf(unpackSqlState(error.code));
  const coded = { ...error, code: ERROR_CODES[codeName] };
  if (codeName !== 'DuplicateKey') return coded;

  const namespace = { database: command.database, collection: collectionOf(command) };
  const facts = await duplicateKeyFacts(catalog, namespace, { message: error.errmsg, document });
  return { ...coded, ...facts };
}

async function findAndModify(command: Command, context: CommandContext): Promise<Reply> {
  const row = await context.sql
    .run(`SELECT p_result FROM ${API}.find_and_modify($1, $2)`, [command.database, command.body])
    .catch((error: unknown) => rethrow(error, command, context));
  return countUnchanged(bsonOf(row['p_result']));
}

/**
 * DocumentDB says that nothing was found when the update left the document as it was; MongoDB counts
 * the document that it found.
 */
function countUnchanged(result: Buffer): Buffer {
  const elements = elementsOf(result);
  const found = elements.some(({ name, type }) => name === 'value' && type === BSON_TYPE.document);
  const outcome = elements.find(({ name }) => name === 'lastErrorObject');
  if (!found || outcome === undefined) return result;

  const { n, updatedExisting } = deserialize(outcome.value);
  if (n !== 0 || updatedExisting !== false) return result;
  const corrected = elementsOf(outcome.value).map((element) => {
    if (element.name === 'n') return { ...element, value: Buffer.from([1, 0, 0, 0]) };
    if (element.name === 'updatedExisting') return { ...element, value: Buffer.from([1]) };
    return element;
  });
  return documentOf(
    elements.map((element) =>
      element === outcome ? { ...element, value: documentOf(corrected) } : element,
    ),
  );
}

/** An update that names a unique value raises PostgreSQL's own error for it. */
async function rethrow(
  error: unknown,
  command: Command,
  { catalog }: CommandContext,
): Promise<never> {
  if (error instanceof pg.DatabaseError && nameOfError(error) === 'DuplicateKey') {
    const namespace = { database: command.database, collection: collectionOf(command) };
    throw await duplicateKeyError(catalog, namespace, { error });
  }
  throw error;
}
