/** How a cursor comes by its documents. */
export interface CursorSource {
  readonly model: string;
  readonly operation: string;
  /** Encrypts the command and gives the driver's cursor over it; anew on each call. */
  readonly openCursor: (purpose: CursorPurpose) => Promise<unknown>;
  /** The documents of a batch, decrypted. */
  readonly decrypt: (batch: unknown[]) => Promise<unknown[]>;
  /** A copy of what the database explained, decrypted. */
  readonly explain: (explained: unknown) => Promise<unknown>;
  /** The driver's error for a use it does not know. */
  readonly misuse: (message: string) => Error;
}

/** What a cursor is opened for. */
export type CursorPurpose = 'read' | 'explain';
