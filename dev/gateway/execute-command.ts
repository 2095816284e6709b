import type pg from 'pg';

import { bulkWrite } from './bulk-write';
import type { ChangeStreams } from './change-streams';
import { COLLECTION_COMMANDS } from './collection-commands';
import { type Command, readField } from './command';
import type { CommandTable, Reply } from './command-handler';
import type { Cursors } from './cursors';
import { CommandError } from './error-codes';
import { READ_COMMANDS } from './read-commands';
import { SERVER_COMMANDS } from './server-commands';
import { retryingSql, type Sql, withTimeLimit } from './sql';
import type { Transactions } from './transactions';
import { WRITE_COMMANDS } from './write-commands';

export interface GatewayState {
  readonly pool: pg.Pool;
  readonly cursors: Cursors;
  readonly transactions: Transactions;
  readonly changes: ChangeStreams;
}

const COMMANDS: CommandTable = {
  ...SERVER_COMMANDS,
  ...READ_COMMANDS,
  ...WRITE_COMMANDS,
  ...COLLECTION_COMMANDS,
  bulkWrite,
};

/** Runs a command, in its transaction if it has one. */
export async function executeCommand(command: Command, state: GatewayState): Promise<Reply> {
  const handler = Object.hasOwn(COMMANDS, command.name) ? COMMANDS[command.name] : undefined;
  if (handler === undefined) {
    throw new CommandError('CommandNotFound', `no such command: '${command.name}'`);
  }
  const catalog = retryingSql(state.pool);
  const run = (sql: Sql): Promise<Reply> =>
    Promise.resolve(handler(command, { ...state, sql, catalog }));
  return state.changes.watch(command, catalog, () => runWith(run, command, state));
}

/** Calls `run` with the statements of the command's transaction, or under its time limit, if it has one. */
function runWith(
  run: (sql: Sql) => Promise<Reply>,
  command: Command,
  state: GatewayState,
): Promise<Reply> {
  if (command.transaction !== undefined && !endsTransaction(command)) {
    return runInTransaction(command.transaction, state, run);
  }
  const limit = Number(readField(command, 'maxTimeMS') ?? 0);
  return limit > 0 && command.name !== 'getMore'
    ? withTimeLimit(state.pool, limit, run)
    : run(retryingSql(state.pool));
}

async function runInTransaction(
  id: NonNullable<Command['transaction']>,
  { transactions }: GatewayState,
  run: (sql: Sql) => Promise<Reply>,
): Promise<Reply> {
  const reply = await transactions.run(id, run);
  // A write error ends a transaction of MongoDB, though PostgreSQL could go on.
  if (!Buffer.isBuffer(reply) && (reply['writeErrors'] || reply['nErrors'])) {
    await transactions.abort(id);
  }
  return reply;
}

function endsTransaction(command: Command): boolean {
  return command.name === 'commitTransaction' || command.name === 'abortTransaction';
}
