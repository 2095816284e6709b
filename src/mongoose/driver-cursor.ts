import type { CollectionMethod } from './native-collection';

/** The driver's cursor, as far as it is stood for. Source: driver 7.8, src/cursor/abstract_cursor.ts. */
export interface DriverCursor {
  readonly closed: boolean;
  readonly killed: boolean;
  readonly id: unknown;
  next(): Promise<unknown>;
  tryNext(): Promise<unknown>;
  hasNext(): Promise<boolean>;
  [Symbol.asyncIterator](): AsyncIterator<unknown, unknown>;
  bufferedCount(): number;
  readBufferedDocuments(limit?: number): unknown[];
  rewind(): void;
  close(): Promise<void>;
  explain(...parameters: readonly unknown[]): Promise<unknown>;
}

/** A method of a cursor that changes what it will ask for, and what it was called with. */
export type Modifier = readonly [method: string, parameters: readonly unknown[]];

/** Calls `modifier` on `cursor`, which changes it. */
export function applyModifier(cursor: DriverCursor, [method, parameters]: Modifier): void {
  const modify = (cursor as unknown as Record<string, CollectionMethod>)[method];
  modify?.apply(cursor, [...parameters]);
}

/** What `map()` was given. */
export type Transform = (document: unknown) => unknown;

/** The driver's words: null is what a cursor gives at its end. */
const MAPPED_TO_NULL =
  'Cursor returned a `null` document, but the cursor is not exhausted.  Mapping documents to `null` is not supported in the cursor transform.';

/**
 * What `transforms`, one after another, make of `document`.
 *
 * @throws what `misuse` makes of the driver's words, where that is null.
 */
export function transformed(
  document: unknown,
  transforms: readonly Transform[],
  misuse: (message: string) => Error,
): unknown {
  if (transforms.length === 0) return document;
  const made = transforms.reduce((current, transform) => transform(current), document);
  if (made === null) throw misuse(MAPPED_TO_NULL);
  return made;
}

/**
 * Has `cursor` hand out documents as the database sent them, BSON that nobody has read. The option `raw` would also change how the driver
 * reads errors, and what its events show of commands. Where the driver has no such part, documents come read.
 *
 * Source: driver 7.8, src/cursor/abstract_cursor.ts, `deserializationOptions`; src/cmap/wire_protocol/responses.ts, `shift`.
 */
export function askForStored(cursor: unknown): void {
  const { deserializationOptions } = cursor as { deserializationOptions?: { raw?: boolean } };
  if (deserializationOptions !== undefined) deserializationOptions.raw = true;
}
