import type { ClinicModel } from './clinic';

/**
 * A table of docs/operations.md, proven row by row.
 *
 * Every name in the first column of a table on the page has examples, for each of the other columns; operations.test.ts runs each of
 * them on a model with encrypted fields and on its twin, in every way that the table lists, and compares. To add a row:
 *
 * 1. Write it in docs/operations.md and, where it is an operator, in the table of src/rewrite/ that
 *    test/repository/operations.test.ts compares the page with.
 * 2. Add a property of that name to `rows` of its table in this folder: examples for each column, in order. A row without examples
 *    fails, and so do examples without a row, or an example that does not name its row.
 *
 * What the cell says decides what is needed: a code alone, examples in `refused`; a cell that begins with one of the words in `plain`,
 * examples in `answered`; anything else, such as "only null" or "arrays", examples in both.
 */
export interface OperationsTable<Subject> {
  /** The section of the page the table stands in, */
  readonly heading: string;
  /** the heading of its first column, */
  readonly first: string;
  /** and those of the others. */
  readonly columns: readonly string[];
  /** What an example is handed to, by name. It may be given any model of clinic.ts's twins, and must not change the example. */
  readonly ways: Ways<Subject>;
  /** How cells begin that promise an answer, and no refusal. */
  readonly plain: readonly string[];
  /** What examples in `refused` are refused with where the cell is more than a code. */
  readonly code: string;
  /** The examples of each row, by its name on the page: one entry for each column. */
  readonly rows: Readonly<Record<string, readonly Examples<Subject>[]>>;
}

export type Ways<Subject> = Readonly<
  Record<string, (model: ClinicModel, subject: Subject) => unknown>
>;

/** The examples of one cell. */
export interface Examples<Subject> {
  /** Give the twin's answer; nothing but ciphertext is stored. */
  readonly answered?: readonly Subject[];
  /** Refused with the code of the cell or table: nothing is sent, and nothing changes. */
  readonly refused?: readonly Subject[];
  /** Refused with another code, by that code. */
  readonly refusedAs?: Readonly<Record<string, readonly Subject[]>>;
}
