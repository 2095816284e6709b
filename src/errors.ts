import { BRAND, FleError, type FleErrorText } from './fle-error';

export { FleError, type FleErrorFacts, type FleErrorText } from './fle-error';

/** Every code an error of this package can have; each has a heading in docs/errors.md. */
export type FleErrorCode = AnyFleError['code'];

/** A declaration that cannot be honoured: a path that may not be encrypted, declared twice, wrongly nested or indexed. */
export class InvalidDeclarationError extends FleError {
  readonly code = 'FLE_INVALID_DECLARATION';
}

/** The type of a path has no encryption under the declared algorithm. */
export class UnencryptableTypeError extends FleError {
  readonly code = 'FLE_UNENCRYPTABLE_TYPE';
}

/** A class was handed to the plugin for its `@Encrypted` fields and has none. */
export class NothingEncryptedError extends FleError {
  readonly code = 'FLE_NOTHING_ENCRYPTED';
}

/** An option of `fieldEncryption` or of the plugin is unknown or of the wrong type. */
export class InvalidOptionsError extends FleError {
  readonly code = 'FLE_INVALID_OPTIONS';
}

/** The configuration of a KMS provider is incomplete or wrong. */
export class InvalidKmsConfigError extends FleError {
  readonly code = 'FLE_INVALID_KMS_CONFIG';
}

/** A module this package stands on is not installed or cannot be loaded. */
export class MissingDependencyError extends FleError {
  readonly code = 'FLE_MISSING_DEPENDENCY';
}

/** A model declares encrypted paths that no plugin encrypts. */
export class ModelNotBoundError extends FleError {
  readonly code = 'FLE_MODEL_NOT_BOUND';
}

/** A filter asks of an encrypted path what ciphertext cannot answer. */
export class UnsupportedFilterError extends FleError {
  readonly code = 'FLE_UNSUPPORTED_FILTER';
}

/** An update asks of an encrypted path what cannot be done to ciphertext. */
export class UnsupportedUpdateError extends FleError {
  readonly code = 'FLE_UNSUPPORTED_UPDATE';
}

/** A stage of an aggregation pipeline touches an encrypted path in a way that ciphertext cannot serve. */
export class UnsupportedStageError extends FleError {
  readonly code = 'FLE_UNSUPPORTED_STAGE';
}

/** A method, projection or option is not available on a model with encrypted paths. */
export class UnsupportedOperationError extends FleError {
  readonly code = 'FLE_UNSUPPORTED_OPERATION';
}

/** A value is not one the declared type can hold without loss. */
export class InvalidValueError extends FleError {
  readonly code = 'FLE_INVALID_VALUE';
}

/** A value that is ciphertext already was given for an encrypted path. */
export class CiphertextGivenError extends FleError {
  readonly code = 'FLE_CIPHERTEXT_GIVEN';
}

/** No data key has the name, or the identifier, that is needed. */
export class KeyNotFoundError extends FleError {
  readonly code = 'FLE_KEY_NOT_FOUND';
}

/** A value is encrypted under a key that depends on its document, and the operation does not tell which key that is. */
export class KeyUnresolvedError extends FleError {
  readonly code = 'FLE_KEY_UNRESOLVED';
}

/** Two data keys of the key vault share a name, so that the name means neither. */
export class DuplicateKeyNameError extends FleError {
  readonly code = 'FLE_DUPLICATE_KEY_NAME';
}

/** A data key of that name exists already. */
export class KeyNameTakenError extends FleError {
  readonly code = 'FLE_KEY_NAME_TAKEN';
}

/** A data key, or its name, was to be taken away from fields that use it. */
export class KeyInUseError extends FleError {
  readonly code = 'FLE_KEY_IN_USE';
}

/** Data keys could not be wrapped under another master key. */
export class RewrapFailedError extends FleError {
  readonly code = 'FLE_REWRAP_FAILED';
}

/** The index on the names of data keys does not keep them unique. */
export class KeyVaultIndexError extends FleError {
  readonly code = 'FLE_KEY_VAULT_INDEX';
}

/** The key vault could not be read or written. */
export class KeyVaultUnavailableError extends FleError {
  readonly code = 'FLE_KEY_VAULT_UNAVAILABLE';
}

/** What is known of a request to a KMS that failed, beside the message. */
export interface KmsRequestText extends FleErrorText {
  /** The provider, as `kmsProviders` names it. */
  readonly provider: string;
  /** Who was asked, as `host:port`; undefined where it did not come to that. */
  readonly host?: string | undefined;
  /** The HTTP status of the last answer, where there was one. */
  readonly status?: number | undefined;
  /** How often the request was sent, or tried to be. */
  readonly attempts: number;
  /** Whether it may pass by itself: the KMS was not there, or overloaded. */
  readonly transient: boolean;
}

/** A KMS could not be reached, did not answer in time, or refused a request. */
export class KmsRequestError extends FleError {
  readonly code = 'FLE_KMS_REQUEST_FAILED';
  /** The provider, as `kmsProviders` names it. */
  readonly provider: string;
  /** Who was asked, as `host:port`; undefined where it did not come to that. */
  readonly host: string | undefined;
  /** The HTTP status of the last answer, where there was one. */
  readonly status: number | undefined;
  /** How often the request was sent, or tried to be. */
  readonly attempts: number;
  /** Whether it may pass by itself: the KMS was not there, or overloaded. */
  readonly transient: boolean;

  constructor(text: KmsRequestText) {
    super(text);
    this.provider = text.provider;
    this.host = text.host;
    this.status = text.status;
    this.attempts = text.attempts;
    this.transient = text.transient;
  }
}

/** The keys of a connection were asked for after they had been closed. */
export class HandleClosedError extends FleError {
  readonly code = 'FLE_HANDLE_CLOSED';
}

/** A value could not be encrypted. */
export class EncryptionFailedError extends FleError {
  readonly code = 'FLE_ENCRYPTION_FAILED';
}

/** A stored ciphertext could not be decrypted. */
export class DecryptionFailedError extends FleError {
  readonly code = 'FLE_DECRYPTION_FAILED';
}

/** An encrypted path holds, in the database, a value that is not ciphertext. */
export class PlaintextFoundError extends FleError {
  readonly code = 'FLE_PLAINTEXT_FOUND';
}

/** The command line was called in a way that means nothing, or was not confirmed. */
export class CliUsageError extends FleError {
  readonly code = 'FLE_CLI_USAGE';
}

/** The configuration of the command line cannot be found, cannot be loaded, or does not export what it has to. */
export class CliConfigError extends FleError {
  readonly code = 'FLE_CLI_CONFIG';
}

/** Every error of this package, for `switch (error.code)`. */
export type AnyFleError =
  | InvalidDeclarationError
  | UnencryptableTypeError
  | NothingEncryptedError
  | InvalidOptionsError
  | InvalidKmsConfigError
  | MissingDependencyError
  | ModelNotBoundError
  | UnsupportedFilterError
  | UnsupportedUpdateError
  | UnsupportedStageError
  | UnsupportedOperationError
  | InvalidValueError
  | CiphertextGivenError
  | EncryptionFailedError
  | KeyNotFoundError
  | KeyUnresolvedError
  | DuplicateKeyNameError
  | KeyNameTakenError
  | KeyInUseError
  | RewrapFailedError
  | KeyVaultIndexError
  | KeyVaultUnavailableError
  | KmsRequestError
  | HandleClosedError
  | DecryptionFailedError
  | PlaintextFoundError
  | CliUsageError
  | CliConfigError;

/** Whether `error` is an error of this package, also when two copies of it are loaded. */
export function isFleError(error: unknown): error is AnyFleError {
  return typeof error === 'object' && error !== null && BRAND in error;
}
