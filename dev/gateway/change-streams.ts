import { deserialize, type Document, type Timestamp } from 'bson';

import type { Command } from './command';
import { CommandError } from './error-codes';
import type { Sql } from './sql';
import { type Change, WatchedCollection } from './watched-collection';
import { intentOf, mayChange } from './write-intent';

/** What a stream was opened with: the options of its `$changeStream` stage. */
export interface StreamOptions {
  readonly fullDocument?: string;
  readonly fullDocumentBeforeChange?: string;
  readonly resumeAfter?: Document;
  readonly startAfter?: Document;
  readonly startAtOperationTime?: Timestamp;
}

/** A change stream that a client holds. */
export interface ChangeStream {
  readonly id: string;
  readonly database: string;
  readonly collection: string;
  readonly options: StreamOptions;
  /** The stages behind `$changeStream`. */
  readonly stages: readonly Document[];
  /** The last change that was looked at. */
  position: number;
}

/** Clear of the numbers that DocumentDB gives its cursors. */
const FIRST_ID = 2n ** 62n;

/**
 * The change streams of all clients. A collection is watched from its first stream on, for good, so that a stream can be resumed that
 * was closed. Streams of whole databases are not known.
 */
export class ChangeStreams {
  readonly #collections = new Map<string, WatchedCollection>();
  readonly #streams = new Map<string, ChangeStream>();
  readonly #waiting = new Set<() => void>();
  #sequence = 0;
  #opened = 0n;

  get size(): number {
    return this.#streams.size;
  }

  /** The last change of any collection. */
  get position(): number {
    return this.#sequence;
  }

  find(id: string): ChangeStream | undefined {
    return this.#streams.get(id);
  }

  async open(opening: Omit<ChangeStream, 'id' | 'position'>, sql: Sql): Promise<ChangeStream> {
    const { database, collection, options } = opening;
    const namespace = `${database}.${collection}`;
    if (!this.#collections.has(namespace)) {
      const watched = new WatchedCollection(database, collection, () => (this.#sequence += 1));
      this.#collections.set(namespace, watched);
      await watched.start(sql);
    }
    const id = String(FIRST_ID + (this.#opened += 1n));
    const stream = { ...opening, id, position: this.#startOf(namespace, options) };
    this.#streams.set(id, stream);
    return stream;
  }

  close(id: string): boolean {
    const wasOpen = this.#streams.delete(id);
    this.#wake();
    return wasOpen;
  }

  /** The next changes for `stream`, waited for as long as `patience` says. */
  async read(stream: ChangeStream, patience: number): Promise<readonly Change[]> {
    const until = Date.now() + patience;
    for (;;) {
      if (!this.#streams.has(stream.id)) {
        throw new CommandError('CursorNotFound', `cursor id ${stream.id} not found`);
      }
      const changes = this.collectionOf(stream).changes.filter(
        ({ sequence }) => sequence > stream.position,
      );
      stream.position = changes.at(-1)?.sequence ?? stream.position;
      const left = until - Date.now();
      if (changes.length > 0 || left <= 0) return changes;
      await this.#pause(left);
    }
  }

  collectionOf({ database, collection }: ChangeStream): WatchedCollection {
    const watched = this.#collections.get(`${database}.${collection}`);
    if (watched === undefined) throw new Error('The collection of a stream is not watched');
    return watched;
  }

  /** Runs `write`, the work of `command`, and notes what it changed in the collections that are watched. */
  async watch<T>(command: Command, sql: Sql, write: () => Promise<T>): Promise<T> {
    const changed = this.#changedBy(command);
    if (changed.length === 0) return await write();
    const drops = command.name.startsWith('drop');
    try {
      return await write();
    } finally {
      for (const [namespace, collection] of changed) {
        if (drops) this.#end(namespace, collection);
        else await collection.look(sql, intentOf(command));
      }
      this.#wake();
    }
  }

  /** What a transaction writes is seen when it is committed. */
  #changedBy(command: Command): [string, WatchedCollection][] {
    if (command.transaction !== undefined && command.name !== 'commitTransaction') return [];
    return [...this.#collections].filter(([namespace]) => mayChange(command, namespace));
  }

  #end(namespace: string, collection: WatchedCollection): void {
    collection.end();
    const isRead = [...this.#streams.values()].some(
      (stream) => `${stream.database}.${stream.collection}` === namespace,
    );
    if (!isRead) this.#collections.delete(namespace);
  }

  #startOf(namespace: string, options: StreamOptions): number {
    const token = options.resumeAfter ?? options.startAfter;
    if (token !== undefined) return positionOf(token);
    const { startAtOperationTime: time } = options;
    if (time === undefined) return this.#sequence;
    const changes = this.#collections.get(namespace)?.changes ?? [];
    const first = changes.find(({ clusterTime }) => clusterTime.greaterThanOrEqual(time));
    return first === undefined ? this.#sequence : first.sequence - 1;
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }

  async #pause(milliseconds: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, milliseconds);
      this.#waiting.add(wake);
    });
  }
}

/** What a client hands back to resume behind `position`. */
export function tokenOf(position: number): Document {
  return { _data: position.toString(16).padStart(16, '0').toUpperCase() };
}

function positionOf(token: Document): number {
  const data = String(token['_data']);
  if (/^[\dA-F]{16}$/.test(data)) return Number.parseInt(data, 16);
  throw new CommandError('FailedToParse', 'The resume token was not made by this gateway');
}

/** The options of a `$changeStream` stage. */
export function streamOptions(stage: Buffer): StreamOptions {
  return deserialize(stage);
}
