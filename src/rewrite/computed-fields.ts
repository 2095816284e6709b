import { type PlainRecord, recordOf } from '../codec/record-of';
import { holdsOperators } from './plain-values';

/** A field that a stage computes: `{ a: { b: value } }` says the same as `{ 'a.b': value }`. */
export interface ComputedField {
  readonly path: string;
  readonly value: unknown;
}

/** The fields that `specification`, of `$project`, `$addFields` or `$set`, names. */
export function computedFields(specification: PlainRecord, prefix = ''): ComputedField[] {
  return Object.entries(specification).flatMap(([key, value]) => {
    const path = prefix + key;
    const record = recordOf(value);
    const isNested =
      record !== undefined && !holdsOperators(record) && Object.keys(record).length > 0;
    return isNested ? computedFields(record, `${path}.`) : [{ path, value }];
  });
}
