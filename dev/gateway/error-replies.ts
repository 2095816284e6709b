import { type Document, serialize } from 'bson';
import pg from 'pg';

import type { Command } from './command';
import { CommandError, ERROR_CODES, type ErrorName, nameOfError } from './error-codes';

/** Errors after which a driver runs a whole transaction again. */
const TRANSIENT: readonly ErrorName[] = ['WriteConflict', 'NoSuchTransaction'];

/** The reply of a command that failed. `command` is undefined when it could not be read. */
export function errorReply(error: unknown, command: Command | undefined): Uint8Array {
  const { codeName, message, facts } = asCommandError(error);
  const isTransient = command?.transaction !== undefined && TRANSIENT.includes(codeName);
  return serialize({
    ok: 0,
    errmsg: message,
    code: ERROR_CODES[codeName],
    codeName,
    ...facts,
    ...(isTransient && { errorLabels: ['TransientTransactionError'] }),
  } satisfies Document);
}

function asCommandError(error: unknown): Pick<CommandError, 'codeName' | 'message' | 'facts'> {
  if (error instanceof CommandError) return error;
  if (error instanceof pg.DatabaseError) {
    const codeName = nameOfError(error);
    // Without a name in the table, the SQLSTATE is what leads to one.
    const message =
      codeName === 'UnknownError' ? `${error.message} [${error.code}]` : error.message;
    return { codeName, message, facts: {} };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { codeName: 'InternalError', message, facts: {} };
}
