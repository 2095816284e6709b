import { CommandError } from './error-codes';

interface OpenCursor {
  continuation: Buffer;
  lastUsed: number;
  /** Set for a cursor of a transaction, with which it ends. */
  readonly session: string | undefined;
}

/**
 * Where each open cursor continues. DocumentDB keeps the rest of a sorted result in a file, and
 * finds its place in any other by the continuation alone, so that a cursor needs no connection.
 */
export class Cursors {
  readonly #open = new Map<string, OpenCursor>();
  readonly #sweep: NodeJS.Timeout;

  readonly #idleLimitMs: number;
  readonly #forget: (ids: readonly string[]) => void;

  constructor(idleLimitMs: number, forget: (ids: readonly string[]) => void) {
    this.#idleLimitMs = idleLimitMs;
    this.#forget = forget;
    this.#sweep = setInterval(() => {
      this.#closeIdle();
    }, idleLimitMs / 2).unref();
  }

  get size(): number {
    return this.#open.size;
  }

  open(id: string, continuation: Buffer, session: string | undefined): void {
    this.#open.set(id, { continuation, lastUsed: Date.now(), session });
  }

  /** @throws {CommandError} CursorNotFound, for a cursor that ended, was killed or idled too long. */
  continuationOf(id: string): Buffer {
    const cursor = this.#open.get(id);
    if (cursor === undefined) {
      throw new CommandError('CursorNotFound', `cursor id ${id} not found`);
    }
    cursor.lastUsed = Date.now();
    return cursor.continuation;
  }

  /** Notes where a cursor goes on, or that it is at its end. */
  advance(id: string, continuation: Buffer | undefined): void {
    const cursor = this.#open.get(id);
    if (cursor === undefined) return;
    if (continuation === undefined) this.#open.delete(id);
    else cursor.continuation = continuation;
  }

  /** Answers whether the cursor was open. */
  kill(id: string): boolean {
    const wasOpen = this.#open.delete(id);
    if (wasOpen) this.#forget([id]);
    return wasOpen;
  }

  /** Ends the cursors that were opened in the transaction of a session. */
  endTransaction(session: string): void {
    this.#closeWhere((cursor) => cursor.session === session);
  }

  close(): void {
    clearInterval(this.#sweep);
    this.#open.clear();
  }

  #closeIdle(): void {
    const limit = Date.now() - this.#idleLimitMs;
    this.#closeWhere((cursor) => cursor.lastUsed < limit);
  }

  #closeWhere(ends: (cursor: OpenCursor) => boolean): void {
    const ids = [...this.#open].filter(([, cursor]) => ends(cursor)).map(([id]) => id);
    for (const id of ids) this.#open.delete(id);
    if (ids.length > 0) this.#forget(ids);
  }
}
