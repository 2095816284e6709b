import { bsonTypeOf } from './bson';

const POSITION = /^\d+$/;

/**
 * Whether `value` is an object whose keys are positions of an array: what MongoDB makes of `{ $set: { 'tags.0': … } }` in a document
 * without `tags`. Where an array is declared, its values are elements.
 */
export function isKeyedByPosition(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  if (ArrayBuffer.isView(value) || bsonTypeOf(value) !== undefined) return false;
  const keys = Object.keys(value);
  return keys.length > 0 && keys.every((key) => POSITION.test(key));
}
