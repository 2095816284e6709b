import type { EncryptedOptions } from './declaration';

declare module 'mongoose' {
  // The names of the type parameters have to be Mongoose's own (types/schematypes.d.ts, 9.0.0 to 9.12.1).
  // eslint-disable-next-line @typescript-eslint/no-unused-vars
  interface SchemaTypeOptions<T, EnforcedDocType, THydratedDocumentType> {
    /** Encrypts the path, once a plugin made by `fieldEncryption` of mongoose-fle is on the schema. */
    encrypted?: EncryptedOptions | undefined;
  }
}

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
