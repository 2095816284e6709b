/** What the operand of an operator on a path is, and so how it is rewritten. */
export type OperandKind =
  /** A value that the path is compared with. */
  | 'value'
  /** A list of such values. */
  | 'values'
  /** Values, or conditions on elements. */
  | 'all'
  /** A condition on the path itself. */
  | 'condition'
  /** A condition, or a filter, on the elements of an array. */
  | 'element'
  /** A flag or a number, which says nothing of a value. */
  | 'flag'
  | 'size';

/** How far an operator goes on an encrypted path. */
export interface FilterOperator {
  readonly operand: OperandKind;
  /** On Deterministic fields, and on subdocuments that hold no others. */
  readonly deterministic: 'yes' | 'arrays';
  /** On Random fields, and on subdocuments that hold any. */
  readonly random: 'yes' | 'null' | 'arrays' | 'conditions';
}

/** The operators on a path that ciphertext can answer. Every other is refused on an encrypted path, below it and above it. */
export const FILTER_OPERATORS: Readonly<Record<string, FilterOperator>> = {
  $eq: { operand: 'value', deterministic: 'yes', random: 'null' },
  $ne: { operand: 'value', deterministic: 'yes', random: 'null' },
  $in: { operand: 'values', deterministic: 'yes', random: 'null' },
  $nin: { operand: 'values', deterministic: 'yes', random: 'null' },
  $all: { operand: 'all', deterministic: 'yes', random: 'conditions' },
  $not: { operand: 'condition', deterministic: 'yes', random: 'conditions' },
  $elemMatch: { operand: 'element', deterministic: 'arrays', random: 'arrays' },
  $exists: { operand: 'flag', deterministic: 'yes', random: 'yes' },
  $size: { operand: 'size', deterministic: 'arrays', random: 'arrays' },
};

/** What the operand of an operator at the top of a filter is. */
export type ClauseKind = 'clauses' | 'expression' | 'passes';

/** The operators at the top of a filter of a model with encrypted fields. Every other is refused. */
export const CLAUSE_OPERATORS: Readonly<Record<string, ClauseKind>> = {
  $and: 'clauses',
  $or: 'clauses',
  $nor: 'clauses',
  $comment: 'passes',
  $expr: 'expression',
  $sampleRate: 'passes',
  $text: 'passes',
};
