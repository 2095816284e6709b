import { bsonTypeOf } from '../codec/bson';
import { isMap } from '../codec/record-of';
import type { IndexShape } from '../declaration/schema-shape';
import { checkIndexes } from '../plan/check-indexes';
import type { CollectionBoundary } from './collection-boundary';
import { callMethod, type CollectionMethod } from './native-collection';

type IndexOptions = IndexShape['options'];

/** The methods of a collection that make indexes, by name: an index is refused as it is in a schema. */
export function indexMethods(boundary: CollectionBoundary): Record<string, CollectionMethod> {
  const { base, bound } = boundary;
  const check = (indexes: readonly IndexShape[]): void => {
    checkIndexes(withoutMaps(indexes) as IndexShape[], bound.plan.root, {
      name: bound.plan.name,
      isModel: true,
      path: '',
    });
  };
  return {
    createIndex: async (keys, options) => {
      check([{ keys: keysOf(keys), options: (options ?? {}) as IndexOptions }]);
      return await callMethod(base, 'createIndex', [keys, options]);
    },
    createIndexes: async (indexes, options) => {
      check(
        (indexes as IndexOptions[]).map((index) => ({
          keys: keysOf(index['key']),
          options: index,
        })),
      );
      return await callMethod(base, 'createIndexes', [indexes, options]);
    },
  };
}

/** What stands for a direction in an index of another kind. */
const KINDS: readonly unknown[] = ['2d', '2dsphere', 'geoHaystack', 'hashed', 'text'];

/** The keys of an index in the one form of a schema's. Source: driver 7.8, src/operations/indexes.ts, `IndexSpecification`. */
function keysOf(specification: unknown): Record<string, unknown> {
  if (typeof specification === 'string') return { [specification]: 1 };
  if (isMap(specification)) return Object.fromEntries(specification) as IndexOptions;
  if (!Array.isArray(specification)) return { ...(specification as IndexOptions) };
  const [first, second] = specification as unknown[];
  if (typeof first === 'string' && specification.length === 2 && isDirection(second)) {
    return { [first]: second };
  }
  return Object.assign({}, ...specification.map(keysOf)) as IndexOptions;
}

function isDirection(value: unknown): boolean {
  return typeof value === 'number' || KINDS.includes(value);
}

/** `value` with every Map in it made an object, as the driver sends it. */
function withoutMaps(value: unknown): unknown {
  if (isMap(value)) return withoutMaps(Object.fromEntries(value));
  if (Array.isArray(value)) return value.map(withoutMaps);
  if (typeof value !== 'object' || value === null || bsonTypeOf(value) !== undefined) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutMaps(inner)]));
}
