/** What an update operator does to a path, and so how its operand is rewritten. */
export type UpdateKind =
  /** Puts a value there. */
  | 'assign'
  /** Takes what is there away. */
  | 'remove'
  /** Moves it to another path. */
  | 'rename'
  /** Puts elements into an array. */
  | 'push'
  /** Puts elements into an array that are not there yet. */
  | 'addToSet'
  /** Takes the elements out of an array that meet a condition. */
  | 'pull'
  /** Takes the elements out of an array that equal a value. */
  | 'pullAll'
  /** Takes the first or last element out of an array. */
  | 'pop'
  /** Computes with what is there: refused where that is encrypted. */
  | 'compute';

/** How far an update operator goes. */
export interface UpdateOperator {
  readonly kind: UpdateKind;
  readonly deterministic: 'yes' | 'arrays' | 'alike' | 'no';
  readonly random: 'yes' | 'arrays' | 'alike' | 'null' | 'no';
}

/** The operators of an update. Every other is refused on a model with encrypted fields. */
export const UPDATE_OPERATORS: Readonly<Record<string, UpdateOperator>> = {
  $set: { kind: 'assign', deterministic: 'yes', random: 'yes' },
  $setOnInsert: { kind: 'assign', deterministic: 'yes', random: 'yes' },
  $unset: { kind: 'remove', deterministic: 'yes', random: 'yes' },
  $rename: { kind: 'rename', deterministic: 'alike', random: 'alike' },
  $push: { kind: 'push', deterministic: 'arrays', random: 'arrays' },
  $addToSet: { kind: 'addToSet', deterministic: 'arrays', random: 'no' },
  $pull: { kind: 'pull', deterministic: 'arrays', random: 'null' },
  $pullAll: { kind: 'pullAll', deterministic: 'arrays', random: 'no' },
  $pop: { kind: 'pop', deterministic: 'arrays', random: 'arrays' },
  $inc: { kind: 'compute', deterministic: 'no', random: 'no' },
  $mul: { kind: 'compute', deterministic: 'no', random: 'no' },
  $min: { kind: 'compute', deterministic: 'no', random: 'no' },
  $max: { kind: 'compute', deterministic: 'no', random: 'no' },
  $bit: { kind: 'compute', deterministic: 'no', random: 'no' },
  $currentDate: { kind: 'compute', deterministic: 'no', random: 'no' },
};

/** The modifiers of `$push` and `$addToSet`. */
export const ELEMENT_MODIFIERS = {
  $push: ['$each', '$position', '$slice', '$sort'],
  $addToSet: ['$each'],
} as const;

/** The stages of an update that is a pipeline, where they touch nothing encrypted. */
export const UPDATE_STAGES = {
  $set: 'assign',
  $addFields: 'assign',
  $unset: 'remove',
} as const;
