/** How a cursor comes by its documents. */
export interface CursorSource {
  readonly model: string;
  readonly operation: string;
  /** Encrypts the command and gives the driver's cursor over it; anew on each call. */
  readonly openCursor: () => Promise<unknown>;
  /** Decrypts a batch of documents in place. */
  readonly decrypt: (documents: unknown[]) => Promise<void>;
  /** A copy of what the database explained, decrypted. */
  readonly explain: (explained: unknown) => Promise<unknown>;
  /** The driver's error for a use it does not know. */
  readonly misuse: (message: string) => Error;
}
