import type { Person } from '../workload';

/**
 * Somebody who keeps documents with encrypted fields. What is read comes without `_id`, and in the order of insertion, so that all
 * can be compared.
 */
export interface ModelContender {
  readonly name: string;
  /** It writes no documents of its own: it reads those of another contender, and is given no writing. */
  readonly readsOnly?: boolean | undefined;
  readonly clear: () => Promise<void>;
  readonly insertMany: (people: readonly Person[]) => Promise<void>;
  /** One document after the other. */
  readonly saveEach: (people: readonly Person[]) => Promise<void>;
  readonly findLean: () => Promise<readonly unknown[]>;
  readonly findHydrated: () => Promise<readonly unknown[]>;
  /** Finds one document after the other by an encrypted value. */
  readonly search: ((ssns: readonly string[]) => Promise<readonly unknown[]>) | undefined;
  /** How many documents a cursor gave. */
  readonly cursor: (options?: CursorOptions) => Promise<number>;
  /** Two fields of each document, through a pipeline. */
  readonly aggregate: (() => Promise<readonly unknown[]>) | undefined;
  readonly close: () => Promise<void>;
}

/** How a cursor goes over the documents. */
export interface CursorOptions {
  /** How many documents a reply holds; by default as many as the server likes. */
  readonly batchSize?: number | undefined;
  /** Is told of each document, how many there were. */
  readonly onCount?: (count: number) => void;
}

/** The options of a query that is gone over so. */
export function queryOptionsOf({ batchSize }: CursorOptions): { batchSize?: number } {
  return batchSize === undefined ? {} : { batchSize };
}

/** Names and encrypted fields, without `_id`. */
export function selectionOf(fields: readonly string[]): Record<string, 0 | 1> {
  return Object.fromEntries([
    ['_id', 0],
    ...['name', ...fields].map((name) => [name, 1]),
  ]) as Record<string, 0 | 1>;
}
