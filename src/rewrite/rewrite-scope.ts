import type { PlaintextCollector } from '../codec/collect-plaintext';
import type { EncryptionPlan, ObjectNode } from '../plan/encryption-plan';

/** What the rewriting of one command knows. */
export interface RewriteScope {
  readonly plan: EncryptionPlan;
  /** The method that was called, for messages. */
  readonly operation: string;
  /** Takes the plaintext out of what is rewritten; its slots are filled before anything is sent. */
  readonly values: PlaintextCollector;
  /** The collation of the operation, undefined where it has none: ciphertext knows no collation. */
  readonly collation: unknown;
  /**
   * What the documents of another collection hold, of `database` or else of the same one; undefined where nothing is encrypted.
   * May refuse a collection whose values this command's cipher cannot read.
   */
  readonly shapeOfCollection: (name: string, database?: string) => ObjectNode | undefined;
}
