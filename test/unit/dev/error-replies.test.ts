import { deserialize, serialize } from 'bson';
import pg from 'pg';

import { parseCommand } from '../../../dev/gateway/command';
import { CommandError, errorNameOf, unpackSqlState } from '../../../dev/gateway/error-codes';
import { errorReply } from '../../../dev/gateway/error-replies';
import { elementsOf } from '../../../dev/gateway/bson-bytes';

function command(document: object): ReturnType<typeof parseCommand> {
  const body = Buffer.from(serialize(document));
  const sequences = new Map<string, Buffer>();
  const elements = elementsOf(body);
  return parseCommand({
    requestId: 1,
    form: 'message',
    body,
    elements,
    sequences,
    wantsReply: true,
  });
}

function databaseError(code: string, message = 'text'): pg.DatabaseError {
  return Object.assign(new pg.DatabaseError(message, message.length, 'error'), { code });
}

const inTransaction = command({
  find: 'items',
  $db: 'shop',
  lsid: { id: 1 },
  txnNumber: 1,
  autocommit: false,
});
const alone = command({ find: 'items', $db: 'shop', lsid: { id: 1 }, txnNumber: 1 });

describe('unpackSqlState', () => {
  it('reads the five characters that PostgreSQL packs into a number', () => {
    expect(unpackSqlState(319029277)).toBe('M001C');
    expect(errorNameOf(unpackSqlState(319029277))).toBe('DuplicateKey');
    expect(errorNameOf(unpackSqlState(50331677))).toBe('FailedToParse');
  });
});

describe('errorReply', () => {
  it('has the code, the name and the facts of a command error', () => {
    const error = new CommandError('DuplicateKey', 'E11000', { keyPattern: { a: 1 } });

    expect(deserialize(errorReply(error, alone))).toEqual({
      ok: 0,
      errmsg: 'E11000',
      code: 11000,
      codeName: 'DuplicateKey',
      keyPattern: { a: 1 },
    });
  });

  it.each([
    ['40001', 112, 'WriteConflict'],
    ['40P01', 112, 'WriteConflict'],
    ['55P03', 112, 'WriteConflict'],
    ['25P02', 251, 'NoSuchTransaction'],
  ])('calls SQLSTATE %s transient in a transaction only', (sqlState, code, codeName) => {
    const within = deserialize(errorReply(databaseError(sqlState), inTransaction));
    const outside = deserialize(errorReply(databaseError(sqlState), alone));

    expect(within).toMatchObject({ code, codeName, errorLabels: ['TransientTransactionError'] });
    expect(outside).toMatchObject({ code, codeName });
    expect(outside).not.toHaveProperty('errorLabels');
  });

  it('shows the SQLSTATE of an error that it has no name for', () => {
    expect(deserialize(errorReply(databaseError('M0ZZZ', 'odd'), alone))).toEqual({
      ok: 0,
      errmsg: 'odd [M0ZZZ]',
      code: 8,
      codeName: 'UnknownError',
    });
  });

  it('answers a mistake of the gateway as an internal error', () => {
    expect(deserialize(errorReply(new TypeError('oops'), undefined))).toMatchObject({
      code: 1,
      codeName: 'InternalError',
      errmsg: 'oops',
    });
  });
});

describe('parseCommand', () => {
  it('tells a transaction from a retryable write, which has a number as well', () => {
    expect(alone.transaction).toBeUndefined();
    expect(inTransaction.transaction).toMatchObject({ starts: false });
  });

  it('refuses a message without a database', () => {
    expect(() => command({ ping: 1 })).toThrow(CommandError);
  });
});
