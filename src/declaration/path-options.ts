import type { EncryptedOptions } from './declaration';

/** The path option that declares a path encrypted, written by developers and for the fields of classes alike. */
export const ENCRYPTED = 'encrypted';

/**
 * The path option that declares a nested path encrypted as a whole. Mongoose has no SchemaType for a nested path, so
 * every path inside it says so; the option lives wherever the paths go.
 */
export const ENCRYPTED_WITHIN = 'encryptedWithin';

/** The value of {@link ENCRYPTED_WITHIN}. */
export interface EncryptedWithin {
  /** The nested path that is encrypted. */
  readonly path: string;
  readonly declaration: EncryptedOptions;
}
