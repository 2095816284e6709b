import { Readable } from 'node:stream';
import type { CursorSource } from './cursor-source';
import { type DriverCursor, type Modifier, type Transform, transformed } from './driver-cursor';
import { ModifiedCursor } from './modified-cursor';
import { readAhead } from './read-ahead';

/**
 * Stands for the driver's cursor where Mongoose wants one at once: the command is encrypted when the first document is asked for, and
 * every batch the server sends is decrypted as one. It is made of the driver's public methods only.
 *
 * Source: driver 7.8, src/cursor/abstract_cursor.ts; Mongoose 9.12, lib/cursor/queryCursor.js.
 */
export class DecryptingCursor extends ModifiedCursor implements AsyncIterable<unknown> {
  #opening: Promise<DriverCursor> | undefined;
  /** Decrypted documents not yet handed out, the next one last. */
  #decrypted: unknown[] = [];
  #turn: Promise<unknown> = Promise.resolve();
  /** How many steps wait or are under way. */
  #turns = 0;
  #closed = false;

  constructor(
    source: CursorSource,
    modifiers: readonly Modifier[] = [],
    transforms: readonly Transform[] = [],
  ) {
    super(source, modifiers, transforms);
  }

  /** Whether it was closed and all that was fetched has been handed out. */
  get closed(): boolean {
    return this.#isClosed && this.#decrypted.length === 0;
  }

  get killed(): boolean {
    return this.driverCursor?.killed ?? false;
  }

  get id(): unknown {
    return this.driverCursor?.id;
  }

  /** The next document, or null at the end. */
  async next(): Promise<unknown> {
    return this.#isReady
      ? this.#decrypted.pop()
      : await this.#inTurn(async () => await this.#take((cursor) => cursor.next()));
  }

  /** The next document where the server has one already, else null. */
  async tryNext(): Promise<unknown> {
    return this.#isReady
      ? this.#decrypted.pop()
      : await this.#inTurn(async () => await this.#take((cursor) => cursor.tryNext()));
  }

  async hasNext(): Promise<boolean> {
    return await this.#inTurn(async () => {
      if (this.#decrypted.length > 0 && !this.killed) return true;
      if (this.#isClosedUnopened()) return false;
      return await (await this.#open()).hasNext();
    });
  }

  /** All that is left, each reply decrypted as one batch while the next is under way. */
  async toArray(): Promise<unknown[]> {
    return await this.#inTurn(async () => {
      if (this.#isClosedUnopened() || this.killed) return [];
      const cursor = await this.#open();
      const rest = await this.#readOrClose(async () => {
        return await readAhead(cursor, (documents) => this.source.decrypt(documents));
      });
      const documents = this.#decrypted.reverse().concat(rest);
      this.#decrypted = [];
      return await this.#transformedOrClosed(documents);
    });
  }

  async forEach(visit: (document: unknown) => unknown): Promise<void> {
    for await (const document of this) if (visit(document) === false) break;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<unknown, void> {
    try {
      while (!this.killed && !this.closed) {
        const document = await this.next();
        if (document === null) return;
        yield document;
      }
    } finally {
      if (!this.#isClosed) await this.close();
    }
  }

  stream(): Readable {
    return Readable.from(this);
  }

  bufferedCount(): number {
    return this.#decrypted.length;
  }

  readBufferedDocuments(limit?: number): unknown[] {
    const count = Math.min(limit ?? this.#decrypted.length, this.#decrypted.length);
    const taken = this.#decrypted.splice(this.#decrypted.length - count, count).reverse();
    return taken.map((document) => this.#transformed(document));
  }

  async explain(...parameters: readonly unknown[]): Promise<unknown> {
    const cursor = await this.openModified('explain');
    return await this.source.explain(await cursor.explain(...parameters));
  }

  /** A cursor over the same command that has not been opened. */
  clone(): DecryptingCursor {
    return new DecryptingCursor(this.source, this.modifiers, this.transforms);
  }

  rewind(): void {
    if (this.driverCursor === undefined) return;
    this.#decrypted = [];
    this.#closed = false;
    this.driverCursor.rewind();
  }

  /** Lets the server forget the cursor; what was fetched already can still be read, as of the driver's. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#opening?.then((cursor) => cursor.close());
  }

  async #open(): Promise<DriverCursor> {
    this.#opening ??= this.openModified('read').then((cursor) => {
      this.driverCursor = cursor;
      return cursor;
    });
    return await this.#opening;
  }

  /** The next decrypted document; where there is none left, `advance` fetches one and takes what came along with it. */
  async #take(advance: (cursor: DriverCursor) => Promise<unknown>): Promise<unknown> {
    if (this.#decrypted.length === 0 || this.killed) {
      if (this.#isClosedUnopened()) return null;
      const cursor = await this.#open();
      const first = await advance(cursor);
      if (first === null) return null;
      const batch = [first, ...cursor.readBufferedDocuments()];
      this.#decrypted = (await this.#readOrClose(() => this.source.decrypt(batch))).reverse();
    }
    const [document] = await this.#transformedOrClosed([this.#decrypted.pop()]);
    return document;
  }

  /** Whether the next document can be handed out as it is, and nobody has asked before. */
  get #isReady(): boolean {
    return (
      this.#decrypted.length > 0 &&
      this.#turns === 0 &&
      this.transforms.length === 0 &&
      !this.killed
    );
  }

  get #isClosed(): boolean {
    return this.#closed || (this.driverCursor?.closed ?? false);
  }

  #isClosedUnopened(): boolean {
    return this.#closed && this.driverCursor === undefined;
  }

  /** A batch that cannot be read ends the cursor: going on behind it would skip documents. */
  async #readOrClose<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** A transformation that fails ends the cursor, as the driver's. */
  async #transformedOrClosed(documents: readonly unknown[]): Promise<unknown[]> {
    try {
      return documents.map((document) => this.#transformed(document));
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  #transformed(document: unknown): unknown {
    return transformed(document, this.transforms, this.source.misuse);
  }

  /** Runs `step` after the steps before it, whether or not they failed: a batch is fetched once, and in order. */
  async #inTurn<T>(step: () => Promise<T>): Promise<T> {
    this.#turns += 1;
    const turn = this.#turn.then(step, step).finally(() => {
      this.#turns -= 1;
    });
    this.#turn = turn.catch(() => undefined);
    return await turn;
  }
}
