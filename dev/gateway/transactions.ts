import type pg from 'pg';

import type { TransactionId } from './command';
import { CommandError } from './error-codes';
import { plainSql, type Sql } from './sql';

export interface TransactionLimits {
  /** An open transaction is rolled back after this time. */
  readonly lifetimeMs: number;
  /** How long a write waits for another transaction before it is a write conflict. */
  readonly lockWaitMs: number;
}

interface Transaction {
  readonly number: string;
  state: 'open' | 'committed' | 'aborted';
  readonly client: Promise<pg.PoolClient>;
  timer: NodeJS.Timeout;
}

/**
 * One PostgreSQL transaction for each MongoDB transaction, by session and number. What a session's
 * last one came to is remembered, since a driver may send its commit twice.
 */
export class Transactions {
  readonly #bySession = new Map<string, Transaction>();

  readonly #pool: pg.Pool;
  readonly #limits: TransactionLimits;
  readonly #onEnd: (session: string) => void;

  constructor(pool: pg.Pool, limits: TransactionLimits, onEnd: (session: string) => void) {
    this.#pool = pool;
    this.#limits = limits;
    this.#onEnd = onEnd;
  }

  /** Runs a command's statements in its transaction; any error ends the transaction. */
  async run<T>(id: TransactionId, work: (sql: Sql) => Promise<T>): Promise<T> {
    const transaction = id.starts ? this.#begin(id) : this.#openOne(id);
    try {
      return await work(plainSql(await transaction.client));
    } catch (error) {
      await this.#finish(id.session, transaction, 'aborted').catch(() => undefined);
      throw error;
    }
  }

  async commit(id: TransactionId): Promise<void> {
    const transaction = this.#bySession.get(id.session);
    if (transaction?.number === id.number && transaction.state === 'committed') return;
    await this.#finish(id.session, this.#openOne(id), 'committed');
  }

  async abort(id: TransactionId): Promise<void> {
    await this.#finish(id.session, this.#openOne(id), 'aborted');
  }

  /** A session has ended: its transaction is rolled back and forgotten. */
  async endSession(session: string): Promise<void> {
    const transaction = this.#bySession.get(session);
    if (transaction?.state === 'open') await this.#finish(session, transaction, 'aborted');
    this.#forget(session, transaction);
  }

  async close(): Promise<void> {
    await Promise.allSettled(Array.from(this.#bySession.keys(), (key) => this.endSession(key)));
  }

  #begin(id: TransactionId): Transaction {
    const previous = this.#bySession.get(id.session);
    if (previous?.state === 'open') {
      this.#finish(id.session, previous, 'aborted').catch(() => undefined);
    }
    const transaction: Transaction = {
      number: id.number,
      state: 'open',
      client: this.#connect(),
      timer: setTimeout(() => {
        this.#finish(id.session, transaction, 'aborted').catch(() => undefined);
      }, this.#limits.lifetimeMs).unref(),
    };
    clearTimeout(previous?.timer);
    this.#bySession.set(id.session, transaction);
    return transaction;
  }

  async #connect(): Promise<pg.PoolClient> {
    const client = await this.#pool.connect();
    try {
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
      await client.query(`SET LOCAL lock_timeout = ${this.#limits.lockWaitMs}`);
    } catch (error) {
      client.release(true);
      throw error;
    }
    return client;
  }

  #openOne(id: TransactionId): Transaction {
    const transaction = this.#bySession.get(id.session);
    if (transaction?.number === id.number && transaction.state === 'open') return transaction;
    const state = transaction?.number === id.number ? transaction.state : 'unknown';
    throw new CommandError('NoSuchTransaction', `The transaction is not open: it is ${state}`);
  }

  async #finish(
    session: string,
    transaction: Transaction,
    state: 'committed' | 'aborted',
  ): Promise<void> {
    if (transaction.state !== 'open') return;
    transaction.state = state;
    clearTimeout(transaction.timer);
    transaction.timer = setTimeout(() => {
      this.#forget(session, transaction);
    }, this.#limits.lifetimeMs).unref();
    this.#onEnd(session);

    const client = await transaction.client;
    try {
      const { command } = await client.query(state === 'committed' ? 'COMMIT' : 'ROLLBACK');
      client.release();
      // PostgreSQL answers the COMMIT of a failed transaction with ROLLBACK.
      if (state === 'committed' && command !== 'COMMIT') {
        transaction.state = 'aborted';
        throw new CommandError('NoSuchTransaction', 'The transaction has been aborted');
      }
    } catch (error) {
      transaction.state = 'aborted';
      if (!(error instanceof CommandError)) client.release(true);
      throw error;
    }
  }

  #forget(session: string, transaction: Transaction | undefined): void {
    if (this.#bySession.get(session) !== transaction) return;
    clearTimeout(transaction?.timer);
    this.#bySession.delete(session);
  }
}
