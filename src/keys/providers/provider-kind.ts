import type { FieldTable, ReadFields } from './fields';

/** What is known of a KMS: what its credentials and its master keys are made of. */
export interface ProviderKind {
  /** The usual credentials, for a message. */
  readonly example: string;
  /** Whether empty credentials stand for those that the surroundings provide. */
  readonly onDemand: boolean;
  /**
   * Reads and copies credentials.
   *
   * @throws {InvalidKmsConfigError} naming the field that is wrong, never its value.
   */
  readonly readCredentials: (given: object, where: string) => ReadFields;
  /** The fields of a master key. */
  readonly masterKey: FieldTable;
  /** Whether a data key can only be made with a master key that is named. */
  readonly needsMasterKey: boolean;
}
