import { deserialize, type Document, serialize, Timestamp } from 'bson';

import { describeUpdate, isSame } from './update-description';
import { bsonOf, type Sql } from './sql';
import type { WriteIntent } from './write-intent';

/** A change of a document, or the end of a collection. */
export interface Change {
  readonly sequence: number;
  readonly clusterTime: Timestamp;
  readonly wallTime: Date;
  readonly operationType: 'insert' | 'update' | 'replace' | 'delete' | 'drop' | 'invalidate';
  readonly documentKey?: Document;
  readonly before?: Document | undefined;
  readonly after?: Document | undefined;
  readonly updateDescription?: object;
}

/** Without it, a value would not be written with the BSON type it was read with. */
const AS_STORED = { promoteValues: false, bsonRegExp: true };
const MOST_DOCUMENTS = 10_000;

/**
 * A collection whose changes are told. Its documents are read again after each write, and compared with what they were before: what
 * several writes did at once is told as one change of each document.
 */
export class WatchedCollection {
  readonly changes: Change[] = [];
  readonly #database: string;
  readonly #name: string;
  readonly #next: () => number;
  #documents: ReadonlyMap<string, Document> = new Map();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(database: string, name: string, next: () => number) {
    this.#database = database;
    this.#name = name;
    this.#next = next;
  }

  /** The document with the key of `change`, as it is now. */
  current({ documentKey }: Change): Document | undefined {
    return this.#documents.get(keyOf(documentKey?.['_id']));
  }

  /** Reads the documents as they are before any change is told. */
  async start(sql: Sql): Promise<void> {
    await this.#inTurn(async () => {
      this.#documents = await this.#read(sql);
    });
  }

  /** Notes what has changed since it last looked, by a write of `intent`. */
  async look(sql: Sql, intent: WriteIntent): Promise<void> {
    await this.#inTurn(async () => {
      const before = this.#documents;
      this.#documents = await this.#read(sql);
      for (const [key, after] of this.#documents) this.#compare(before.get(key), after, intent);
      for (const [key, gone] of before) {
        if (!this.#documents.has(key))
          this.#note('delete', { documentKey: keyIn(gone), before: gone });
      }
    });
  }

  /** Notes that the collection was dropped. */
  end(): void {
    this.#documents = new Map();
    this.#note('drop', {});
    this.#note('invalidate', {});
  }

  #compare(before: Document | undefined, after: Document, intent: WriteIntent): void {
    const documentKey = keyIn(after);
    if (before === undefined) this.#note('insert', { documentKey, after });
    else if (isSame(before, after)) return;
    else if (intent.replaces) this.#note('replace', { documentKey, before, after });
    else {
      const updateDescription = describeUpdate(before, after, intent.assigned);
      this.#note('update', { documentKey, before, after, updateDescription });
    }
  }

  #note(operationType: Change['operationType'], facts: Partial<Change>): void {
    const sequence = this.#next();
    const wallTime = new Date();
    const clusterTime = new Timestamp({ t: Math.floor(wallTime.getTime() / 1000), i: sequence });
    this.changes.push({ sequence, wallTime, clusterTime, operationType, ...facts });
  }

  async #read(sql: Sql): Promise<Map<string, Document>> {
    const find = { find: this.#name, filter: {}, batchSize: MOST_DOCUMENTS, singleBatch: true };
    const row = await sql.run(
      'SELECT cursorpage FROM documentdb_api.find_cursor_first_page($1, $2)',
      [this.#database, Buffer.from(serialize(find))],
    );
    const { cursor } = deserialize(bsonOf(row['cursorpage']), AS_STORED) as FirstPage;
    return new Map(cursor.firstBatch.map((document) => [keyOf(document['_id']), document]));
  }

  async #inTurn(step: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(step);
    this.#turn = turn.catch(() => undefined);
    await turn;
  }
}

interface FirstPage {
  readonly cursor: { readonly firstBatch: readonly Document[] };
}

function keyIn(document: Document): Document {
  return { _id: document['_id'] as unknown };
}

function keyOf(id: unknown): string {
  return Buffer.from(serialize({ id })).toString('base64');
}
