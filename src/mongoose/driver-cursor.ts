import type { CollectionMethod } from './native-collection';

/** The driver's cursor, as far as it is stood for. Source: driver 7.8, src/cursor/abstract_cursor.ts. */
export interface DriverCursor {
  readonly closed: boolean;
  readonly killed: boolean;
  readonly id: unknown;
  next(): Promise<unknown>;
  tryNext(): Promise<unknown>;
  hasNext(): Promise<boolean>;
  toArray(): Promise<unknown[]>;
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
