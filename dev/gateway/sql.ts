import { createHash } from 'node:crypto';

import pg from 'pg';

import { CommandError, nameOfError } from './error-codes';

/** A BSON document goes as bytes, a name as text. */
export type SqlValue = Buffer | string | null;
export type SqlRow = Readonly<Record<string, string | null>>;

/** Where statements are run: on any connection, or on the one of a transaction. */
export interface Sql {
  run(statement: string, values?: readonly SqlValue[]): Promise<SqlRow>;
  /**
   * Runs a statement whose answer, not an error, says that it lost a race. What it did before is
   * undone then, and outside of a transaction it is run again.
   */
  runWhole(statement: string, values: readonly SqlValue[], lost: IsLost): Promise<SqlRow>;
}

export type IsLost = (answer: SqlRow) => boolean;

export interface PostgresAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
}

/** Outside of transactions, a statement that lost a race is run again this often. */
const ATTEMPTS = 8;
const LONGEST_PAUSE_MS = 50;

/** How the documents of DocumentDB look in PostgreSQL's text format. */
const BSON_PREFIX = 'BSONHEX';

export function openPool(address: PostgresAddress, max: number): pg.Pool {
  const pool = new pg.Pool({
    ...address,
    max,
    // No value is interpreted: BSON comes as hexadecimal text, and nothing else matters here.
    types: { getTypeParser: () => (value: string) => value },
  });
  // Without a listener, an idle connection that breaks would end the process.
  pool.on('error', () => undefined);
  return pool;
}

/** Statements outside of transactions; each is atomic, so a lost race can be run again. */
export function retryingSql(runner: pg.Pool | pg.PoolClient): Sql {
  return {
    run: (statement, values) => retry(() => plainSql(runner).run(statement, values)),
    runWhole: (statement, values, lost) =>
      retry(() => inTransaction(runner, (sql) => sql.runWhole(statement, values, lost))),
  };
}

async function retry<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt === ATTEMPTS || !lostRace(error)) throw error;
      await pause(Math.random() * LONGEST_PAUSE_MS);
    }
  }
}

async function inTransaction<T>(
  runner: pg.Pool | pg.PoolClient,
  work: (sql: Sql) => Promise<T>,
): Promise<T> {
  const client = runner instanceof pg.Pool ? await runner.connect() : runner;
  let broken = false;
  try {
    await client.query('BEGIN');
    const result = await work(plainSql(client));
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => (broken = true));
    throw error;
  } finally {
    if (client !== runner) client.release(broken);
  }
}

/** Statements as they are: in a transaction a lost race is for the client to run again. */
export function plainSql(runner: pg.Pool | pg.PoolClient): Sql {
  const run = async (statement: string, values: readonly SqlValue[] = []): Promise<SqlRow> => {
    const result = await runner.query<Record<string, string | null>>({
      // A name makes PostgreSQL keep the parsed statement, once for each connection.
      name: nameOf(statement),
      text: statement,
      values: [...values],
    });
    return result.rows[0] ?? {};
  };
  return {
    run,
    async runWhole(statement, values, lost) {
      const answer = await run(statement, values);
      if (!lost(answer)) return answer;
      throw new CommandError('WriteConflict', 'The write conflicts with another operation');
    },
  };
}

/** PostgreSQL cuts longer names off after 63 bytes. */
function nameOf(statement: string): string {
  return createHash('sha256').update(statement).digest('base64url');
}

/** Runs `work` on a connection of its own whose statements are ended after `milliseconds`. */
export async function withTimeLimit<T>(
  pool: pg.Pool,
  milliseconds: number,
  work: (sql: Sql) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query(`SET statement_timeout = ${Math.ceil(milliseconds)}`);
    return await work(retryingSql(client));
  } finally {
    await client.query('RESET statement_timeout').then(
      () => {
        client.release();
      },
      (error: unknown) => {
        client.release(error instanceof Error ? error : true);
      },
    );
  }
}

/** The bytes of a BSON column, or undefined when it is null. */
export function bsonIn(value: string | null | undefined): Buffer | undefined {
  return value?.startsWith(BSON_PREFIX)
    ? Buffer.from(value.slice(BSON_PREFIX.length), 'hex')
    : undefined;
}

/** The bytes of a BSON column that always has a value. */
export function bsonOf(value: string | null | undefined): Buffer {
  const bytes = bsonIn(value);
  if (bytes === undefined) throw new Error('PostgreSQL answered without a document');
  return bytes;
}

/** Deadlocks, serialisation failures, and catalog rows changed by two sessions at once. */
function lostRace(error: unknown): boolean {
  if (error instanceof CommandError) return error.codeName === 'WriteConflict';
  return error instanceof pg.DatabaseError && nameOfError(error) === 'WriteConflict';
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
