import { deserialize } from 'bson';
import pg from 'pg';

import { type Command, collectionOf, readDocuments } from './command';
import type { CommandContext, CommandTable, Reply } from './command-handler';
import { duplicateKeyError, type Index } from './duplicate-keys';
import { nameOfError } from './error-codes';
import { bsonOf } from './sql';

const API = 'documentdb_api';

/** Commands about collections, indexes and databases. */
export const COLLECTION_COMMANDS: CommandTable = {
  create: async ({ database, body }, { sql }) => {
    const row = await sql.run(`SELECT ${API}.create_collection_view($1, $2) AS result`, [
      database,
      body,
    ]);
    return bsonOf(row['result']);
  },
  drop: async (command, { sql }) => {
    const collection = collectionOf(command);
    await sql.run(`SELECT ${API}.drop_collection($1, $2)`, [command.database, collection]);
    return { ns: `${command.database}.${collection}`, ok: 1 };
  },
  dropDatabase: async ({ database }, { sql }) => {
    await sql.run(`SELECT ${API}.drop_database($1)`, [database]);
    return { dropped: database, ok: 1 };
  },
  collMod: async (command, { sql }) => {
    const row = await sql.run(`SELECT ${API}.coll_mod($1, $2, $3) AS result`, [
      command.database,
      collectionOf(command),
      command.body,
    ]);
    return bsonOf(row['result']);
  },
  renameCollection: async ({ body }, { sql }) => {
    const row = await sql.run(
      `SELECT ${API}.rename_collection($1::documentdb_core.bson) AS result`,
      [body],
    );
    return bsonOf(row['result']);
  },
  createIndexes,
  dropIndexes,
  deleteIndexes: dropIndexes,
  listDatabases: async ({ body }, { sql }) => {
    const row = await sql.run(`SELECT ${API}.list_databases($1) AS result`, [body]);
    return bsonOf(row['result']);
  },
  collStats: async (command, { sql }) => {
    const row = await sql.run(`SELECT ${API}.coll_stats($1, $2) AS result`, [
      command.database,
      collectionOf(command),
    ]);
    return bsonOf(row['result']);
  },
  dbStats: async ({ database }, { sql }) => {
    const row = await sql.run(`SELECT ${API}.db_stats($1) AS result`, [database]);
    return bsonOf(row['result']);
  },
};

/**
 * Builds the indexes before it answers. DocumentDB's own command leaves that to a background job,
 * so that a unique index on a collection that has documents would hold only some seconds later.
 */
async function createIndexes(command: Command, { sql, catalog }: CommandContext): Promise<Reply> {
  try {
    const row = await sql.run(
      'SELECT documentdb_api_internal.create_indexes_non_concurrently($1, $2, true) AS result',
      [command.database, command.body],
    );
    return bsonOf(row['result']);
  } catch (error) {
    if (error instanceof pg.DatabaseError && nameOfError(error) === 'DuplicateKey') {
      const namespace = { database: command.database, collection: collectionOf(command) };
      throw await duplicateKeyError(catalog, namespace, { error, index: uniqueIndexOf(command) });
    }
    throw error;
  }
}

/** The index that found a duplicate: known when the command names one unique index only. */
function uniqueIndexOf(command: Command): Index | undefined {
  const indexes = readDocuments(command, 'indexes').map((spec) => deserialize(spec) as IndexSpec);
  const [index, ...others] = indexes.filter(({ unique }) => unique);
  return others.length > 0 ? undefined : index;
}

interface IndexSpec extends Index {
  readonly unique?: boolean;
}

async function dropIndexes({ database, body }: Command, { sql }: CommandContext): Promise<Reply> {
  const row = await sql.run(`CALL ${API}.drop_indexes($1, $2)`, [database, body]);
  return bsonOf(row['retval']);
}
