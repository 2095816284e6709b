import type { Document } from 'bson';
import type pg from 'pg';

/** The errors of MongoDB that the gateway knows by name. */
export const ERROR_CODES = {
  InternalError: 1,
  BadValue: 2,
  UnknownError: 8,
  FailedToParse: 9,
  TypeMismatch: 14,
  InvalidLength: 16,
  IllegalOperation: 20,
  NamespaceNotFound: 26,
  IndexNotFound: 27,
  PathNotViable: 28,
  ConflictingUpdateOperators: 40,
  CursorNotFound: 43,
  NamespaceExists: 48,
  MaxTimeMSExpired: 50,
  DollarPrefixedFieldName: 52,
  EmptyFieldName: 56,
  CommandNotFound: 59,
  ImmutableField: 66,
  CannotCreateIndex: 67,
  InvalidOptions: 72,
  InvalidNamespace: 73,
  IndexOptionsConflict: 85,
  IndexKeySpecsConflict: 86,
  WriteConflict: 112,
  CommandNotSupported: 115,
  DocumentValidationFailure: 121,
  ConversionFailure: 241,
  NoSuchTransaction: 251,
  OperationNotSupportedInTransaction: 263,
  BSONObjectTooLarge: 10334,
  DuplicateKey: 11000,
  Location15955: 15955,
  Location15958: 15958,
  Location15959: 15959,
  Location15976: 15976,
  Location28747: 28747,
  Location28818: 28818,
  Location31254: 31254,
  Location40234: 40234,
  Location40323: 40323,
  Location40324: 40324,
  Location51091: 51091,
} as const;

export type ErrorName = keyof typeof ERROR_CODES;

/** How DocumentDB (`M…`) and PostgreSQL (the others) name those errors in SQLSTATE. */
const SQLSTATES: Readonly<Record<string, ErrorName>> = {
  M0000: 'InternalError',
  M0001: 'BadValue',
  M0003: 'FailedToParse',
  M0004: 'TypeMismatch',
  M0006: 'IllegalOperation',
  M0008: 'NamespaceNotFound',
  M0009: 'IndexNotFound',
  M000A: 'PathNotViable',
  M000D: 'ConflictingUpdateOperators',
  M000E: 'CursorNotFound',
  M000F: 'NamespaceExists',
  M000G: 'DollarPrefixedFieldName',
  M000J: 'EmptyFieldName',
  M000M: 'ImmutableField',
  M000N: 'CannotCreateIndex',
  M000P: 'InvalidOptions',
  M000Q: 'InvalidNamespace',
  M000R: 'IndexOptionsConflict',
  M000S: 'IndexKeySpecsConflict',
  M000U: 'CommandNotSupported',
  M0015: 'ConversionFailure',
  M0016: 'OperationNotSupportedInTransaction',
  M001B: 'BSONObjectTooLarge',
  M001C: 'DuplicateKey',
  M001M: 'Location15955',
  M001O: 'Location15958',
  M001P: 'Location15959',
  M001R: 'Location15976',
  M0049: 'Location28747',
  M004T: 'Location28818',
  M0059: 'Location31254',
  M007O: 'Location40234',
  M007T: 'Location40323',
  M007U: 'Location40324',
  M009H: 'Location51091',
  M00CO: 'DocumentValidationFailure',
  M00DO: 'InvalidLength',
  M00F1: 'WriteConflict',
  M00F6: 'NoSuchTransaction',
  '0A000': 'CommandNotSupported',
  '23505': 'DuplicateKey',
  '23P01': 'DuplicateKey',
  '25P02': 'NoSuchTransaction',
  '40001': 'WriteConflict',
  '40P01': 'WriteConflict',
  '55P03': 'WriteConflict',
  '57014': 'MaxTimeMSExpired',
};

/** Lost races that have the SQLSTATE of an internal error. */
const RACES = [
  ['M0000', 'Unable to create the specified collection'],
  ['XX000', 'concurrently'],
] as const;

/** An error with one of MongoDB's codes: what the client is told. */
export class CommandError extends Error {
  override readonly name = 'CommandError';

  readonly codeName: ErrorName;
  /** More fields of the reply, such as `keyPattern`. */
  readonly facts: Document;

  constructor(codeName: ErrorName, message: string, facts: Document = {}) {
    super(message);
    this.codeName = codeName;
    this.facts = facts;
  }

  get code(): number {
    return ERROR_CODES[this.codeName];
  }
}

export function errorNameOf(sqlState: string): ErrorName {
  return SQLSTATES[sqlState] ?? 'UnknownError';
}

/** The name of an error of the database; some are told apart by their text only. */
export function nameOfError({ code = '', message }: pg.DatabaseError): ErrorName {
  return RACES.some(([state, text]) => code === state && message.includes(text))
    ? 'WriteConflict'
    : errorNameOf(code);
}

/**
 * Inside `writeErrors` DocumentDB puts PostgreSQL's packed SQLSTATE: five characters of six bits,
 * the first one lowest, counted from `0`.
 */
export function unpackSqlState(packed: number): string {
  const characters = [0, 6, 12, 18, 24].map((shift) => ((packed >> shift) & 0x3f) + 48);
  return String.fromCharCode(...characters);
}
