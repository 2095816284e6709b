import { createServer, type Server, type Socket } from 'node:net';

import { serialize } from 'bson';

import { ChangeStreams } from './change-streams';
import { type Command, parseCommand } from './command';
import { Cursors } from './cursors';
import { errorReply } from './error-replies';
import { executeCommand, type GatewayState } from './execute-command';
import { framesOf } from './frames';
import { openPool, plainSql, type PostgresAddress } from './sql';
import { type TransactionLimits, Transactions } from './transactions';
import { parseRequest, replyTo, type Request } from './wire-messages';

export interface GatewayOptions {
  /** PostgreSQL with the DocumentDB extension. */
  readonly postgres: PostgresAddress;
  /** The loopback port to listen on; a free one when left out. */
  readonly port?: number | undefined;
  /** How many PostgreSQL connections serve commands outside of transactions. */
  readonly connections?: number;
  /** How many transactions can be open at once. */
  readonly openTransactions?: number;
  readonly transactions?: Partial<TransactionLimits>;
  readonly cursorIdleLimitMs?: number;
}

export interface Gateway {
  readonly port: number;
  close(): Promise<void>;
}

const TRANSACTION_LIMITS: TransactionLimits = { lifetimeMs: 60_000, lockWaitMs: 250 };
const CURSOR_IDLE_LIMIT_MS = 10 * 60_000;

/**
 * Serves the MongoDB wire protocol on the loopback interface, from the SQL functions of DocumentDB.
 * For development and tests: it knows no users and no encryption of the connection.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const pool = openPool(options.postgres, options.connections ?? 24);
  // A transaction must get a connection even while all others wait for its locks.
  const transactionPool = openPool(options.postgres, options.openTransactions ?? 64);
  const cursors = new Cursors(options.cursorIdleLimitMs ?? CURSOR_IDLE_LIMIT_MS, (ids) => {
    const forgetting = 'SELECT documentdb_api_internal.delete_cursors($1)';
    plainSql(pool)
      .run(forgetting, [`{${ids.join()}}`])
      .catch(() => undefined);
  });
  const limits = { ...TRANSACTION_LIMITS, ...options.transactions };
  const transactions = new Transactions(transactionPool, limits, (session) => {
    cursors.endTransaction(session);
  });

  const changes = new ChangeStreams();

  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    void serve(socket, { pool, cursors, transactions, changes });
  });
  const port = await listen(server, options.port ?? 0);
  return {
    port,
    async close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      cursors.close();
      await transactions.close();
      await Promise.allSettled([pool.end(), transactionPool.end()]);
    },
  };
}

/** Answers the commands of one connection, one after another, until it ends or breaks the rules. */
async function serve(socket: Socket, state: GatewayState): Promise<void> {
  socket.setNoDelay(true);
  socket.on('error', () => undefined);
  try {
    for await (const frame of framesOf(socket)) {
      const request = parseRequest(frame);
      const reply = await answer(request, state);
      if (request.wantsReply && socket.writable) socket.write(replyTo(request, reply));
    }
  } catch {
    // What is not the wire protocol cannot be answered in it; other connections go on.
  } finally {
    socket.destroy();
  }
}

async function answer(request: Request, state: GatewayState): Promise<Uint8Array> {
  let command: Command | undefined;
  try {
    command = parseCommand(request);
    const reply = await executeCommand(command, state);
    return Buffer.isBuffer(reply) ? reply : serialize(reply);
  } catch (error) {
    return errorReply(error, command);
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string') {
        reject(new Error('The gateway has no port'));
      } else {
        resolve(address.port);
      }
    });
  });
}
