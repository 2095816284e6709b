import { deserialize, Long, serialize } from 'bson';

import { BSON_TYPE, type BsonElement, documentOf, elementsOf } from './bson-bytes';
import { changeStreamOf, openStream, readStream } from './change-stream-commands';
import { type Command, collectionOf, findElement, readField } from './command';
import type { CommandContext, CommandTable, Reply } from './command-handler';
import { CommandError } from './error-codes';
import { bsonIn, bsonOf } from './sql';

const API = 'documentdb_api';

/** Commands that read documents, and their cursors. */
export const READ_COMMANDS: CommandTable = {
  find: (command, context) => firstPage(command, context, 'find_cursor_first_page'),
  aggregate,
  listCollections: (command, context) =>
    firstPage(command, context, 'list_collections_cursor_first_page'),
  listIndexes: (command, context) => firstPage(command, context, 'list_indexes_cursor_first_page'),
  getMore,
  killCursors,
  count,
  distinct: async ({ database, body }, { sql }) => {
    const row = await sql.run(`SELECT document FROM ${API}.distinct_query($1, $2)`, [
      database,
      body,
    ]);
    return bsonOf(row['document']);
  },
  explain: (command, context) => {
    const inner = findElement(command, 'explain');
    if (inner?.type !== BSON_TYPE.document) {
      throw new CommandError('TypeMismatch', 'explain takes a command');
    }
    return explain(command.database, inner.value, context);
  },
};

function aggregate(command: Command, context: CommandContext): Promise<Reply> {
  if (readField(command, 'explain') === true) {
    return explain(command.database, command.body, context);
  }
  const changeStream = changeStreamOf(command);
  return changeStream === undefined
    ? firstPage(command, context, 'aggregate_cursor_first_page')
    : openStream(command, changeStream, context);
}

async function firstPage(
  { database, body, transaction }: Command,
  { sql, cursors }: CommandContext,
  call: string,
): Promise<Reply> {
  const row = await sql.run(
    `SELECT cursorpage, continuation, cursorid FROM ${API}.${call}($1, $2)`,
    [database, body],
  );
  const continuation = bsonIn(row['continuation']);
  if (continuation !== undefined) {
    cursors.open(String(row['cursorid']), continuation, transaction?.session);
  }
  return bsonOf(row['cursorpage']);
}

async function getMore(command: Command, context: CommandContext): Promise<Reply> {
  const { changes, cursors, sql } = context;
  const id = cursorId(findElement(command, 'getMore'));
  const stream = changes.find(id);
  if (stream !== undefined) return readStream(stream, command, context);
  const row = await sql.run(
    `SELECT cursorpage, continuation FROM ${API}.cursor_get_more($1, $2, $3)`,
    [command.database, command.body, cursors.continuationOf(id)],
  );
  cursors.advance(id, bsonIn(row['continuation']));
  return bsonOf(row['cursorpage']);
}

function cursorId(element: BsonElement | undefined): string {
  if (element?.value.length === 8) return element.value.readBigInt64LE().toString();
  throw new CommandError('TypeMismatch', "The field 'getMore' must be of type long");
}

function killCursors(command: Command, { changes, cursors }: CommandContext): Reply {
  const list = findElement(command, 'cursors');
  if (list?.type !== BSON_TYPE.array) {
    throw new CommandError('TypeMismatch', "The field 'cursors' must be an array");
  }
  const ids = elementsOf(list.value).map(cursorId);
  const killed = ids.filter((id) => changes.close(id) || cursors.kill(id));
  const asLongs = (some: readonly string[]): Long[] => some.map((id) => Long.fromString(id));
  return {
    cursorsKilled: asLongs(killed),
    cursorsNotFound: asLongs(ids.filter((id) => !killed.includes(id))),
    cursorsAlive: [],
    cursorsUnknown: [],
    ok: 1,
  };
}

/** A filter that every document passes. */
const EVERY_DOCUMENT: BsonElement = {
  type: BSON_TYPE.document,
  name: 'query',
  value: Buffer.from(serialize({ _id: { $exists: true } })),
};

/** Without a filter DocumentDB answers an estimate, so it is always handed one. */
async function count(command: Command, { sql }: CommandContext): Promise<Reply> {
  const query = findElement(command, 'query');
  const counted = query !== undefined && Object.keys(deserialize(query.value)).length > 0;
  const others = command.elements.filter((element) => element !== query);
  const body = counted ? command.body : documentOf([...others, EVERY_DOCUMENT]);

  const row = await sql.run(`SELECT document FROM ${API}.count_query($1, $2)`, [
    command.database,
    body,
  ]);
  return bsonOf(row['document']);
}

const EXPLAINED: Readonly<Record<string, string>> = {
  aggregate: 'bson_aggregation_pipeline',
  count: 'bson_aggregation_count',
  distinct: 'bson_aggregation_distinct',
  find: 'bson_aggregation_find',
};

/** PostgreSQL's plan, in the place where MongoDB has its own. */
async function explain(database: string, body: Buffer, { sql }: CommandContext): Promise<Reply> {
  const elements = elementsOf(body);
  const name = elements[0]?.name ?? '';
  const call = EXPLAINED[name];
  if (call === undefined) {
    throw new CommandError('CommandNotSupported', `The gateway cannot explain ${name}`);
  }
  const collection = collectionOf({
    name,
    database,
    body,
    elements,
    sequences: new Map(),
    transaction: undefined,
  });
  const row = await sql.run(
    `EXPLAIN (FORMAT JSON) SELECT document FROM documentdb_api_catalog.${call}($1, $2)`,
    [database, body],
  );
  const plan: unknown = JSON.parse(row['QUERY PLAN'] ?? '[]');
  return {
    explainVersion: '1',
    queryPlanner: {
      namespace: `${database}.${collection}`,
      winningPlan: { stage: 'POSTGRESQL', plan },
    },
    command: deserialize(body, { promoteValues: false, bsonRegExp: true }),
    ok: 1,
  };
}
