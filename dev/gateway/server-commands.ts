import type { Document } from 'bson';

import { BSON_TYPE, elementsOf } from './bson-bytes';
import { type Command, findElement } from './command';
import type { CommandContext, CommandTable, Reply } from './command-handler';
import { CommandError } from './error-codes';
import { MAX_MESSAGE_BYTES } from './wire-messages';

/** MongoDB 8.0: the first version with the bulkWrite command. */
const VERSION = '8.0.0';
const WIRE_VERSION = 25;

const OK: Document = { ok: 1 };

/** Commands about the server, sessions and transactions. */
export const SERVER_COMMANDS: CommandTable = {
  hello,
  ismaster: hello,
  isMaster: hello,
  ping: () => OK,
  buildInfo,
  buildinfo: buildInfo,
  connectionStatus: () => ({
    authInfo: { authenticatedUsers: [], authenticatedUserRoles: [] },
    ok: 1,
  }),
  serverStatus: (_command, { changes, cursors }) => ({
    host: '127.0.0.1',
    version: VERSION,
    process: 'mongoose-fle-gateway',
    pid: process.pid,
    uptime: process.uptime(),
    localTime: new Date(),
    metrics: { cursor: { open: { total: cursors.size + changes.size } } },
    ok: 1,
  }),
  endSessions,
  killSessions: endSessions,
  killAllSessions: endSessions,
  refreshSessions: () => OK,
  startSession: () => {
    throw new CommandError('CommandNotSupported', 'Drivers make their sessions themselves');
  },
  commitTransaction: async (command, { transactions }) => {
    await transactions.commit(transactionOf(command));
    return OK;
  },
  abortTransaction: async (command, { transactions }) => {
    await transactions.abort(transactionOf(command));
    return OK;
  },
};

/**
 * The gateway greets like a router (`isdbgrid`), since a driver starts transactions on a router or a
 * replica set only, and a replica set would have to name its members.
 */
function hello(): Reply {
  return {
    helloOk: true,
    ismaster: true,
    isWritablePrimary: true,
    msg: 'isdbgrid',
    maxBsonObjectSize: 16 * 1024 * 1024,
    maxMessageSizeBytes: MAX_MESSAGE_BYTES,
    maxWriteBatchSize: 25_000,
    localTime: new Date(),
    logicalSessionTimeoutMinutes: 30,
    connectionId: 1,
    minWireVersion: 0,
    maxWireVersion: WIRE_VERSION,
    readOnly: false,
    ok: 1,
  };
}

function buildInfo(): Reply {
  const versionArray = VERSION.split('.').map(Number);
  return { version: VERSION, versionArray: [...versionArray, 0], modules: [], ok: 1 };
}

async function endSessions(command: Command, { transactions }: CommandContext): Promise<Reply> {
  const sessions = findElement(command, command.name);
  if (sessions?.type === BSON_TYPE.array) {
    const ids = elementsOf(sessions.value).map(({ value }) => value.toString('hex'));
    await Promise.all(ids.map((id) => transactions.endSession(id)));
  }
  return OK;
}

function transactionOf({ name, transaction }: Command): NonNullable<Command['transaction']> {
  if (transaction !== undefined) return transaction;
  throw new CommandError('NoSuchTransaction', `${name} was sent outside of a transaction`);
}
