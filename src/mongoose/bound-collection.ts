import { UnsupportedOperationError } from '../errors';
import { BOUNDARY } from './boundary-mark';
import type { CollectionBoundary } from './collection-boundary';
import type { CollectionMethod, NativeCollection } from './native-collection';
import { readMethods } from './read-methods';
import { writeMethods } from './write-methods';

/** Methods of the driver's collection that carry no value of a document, and so pass as they are. */
const PASSING: ReadonlySet<string> = new Set([
  'createIndex',
  'createIndexes',
  'drop',
  'dropIndex',
  'dropIndexes',
  'estimatedDocumentCount',
  'indexExists',
  'indexInformation',
  'indexes',
  'isCapped',
  'listIndexes',
  'options',
  'rename',
]);

/** Mongoose's collection with a boundary before its methods: what is neither encrypted nor known to be harmless is refused. */
export function boundCollection(boundary: CollectionBoundary): NativeCollection {
  const { base } = boundary;
  const methods: Readonly<Record<string, CollectionMethod>> = {
    ...readMethods(boundary),
    ...writeMethods(boundary),
  };
  const driverMethods = base.conn.base.mongo.Collection.prototype;
  const bound = new Map<string | symbol, unknown>();
  return new Proxy(base, {
    get: (target, property) => {
      if (property === BOUNDARY) return boundary;
      if (bound.has(property)) return bound.get(property);
      const value = valueOf(target, property);
      if (typeof value === 'function') bound.set(property, value);
      return value;
    },
    set: (target, property, value) => Reflect.set(target, property, value),
  });

  function valueOf(target: NativeCollection, property: string | symbol): unknown {
    if (typeof property === 'string') {
      if (Object.hasOwn(methods, property)) return methods[property];
      if (isMethod(driverMethods, property) && !PASSING.has(property)) {
        return refusal(boundary, property);
      }
    }
    const value: unknown = Reflect.get(target, property);
    return typeof value === 'function' ? (value as CollectionMethod).bind(target) : value;
  }
}

function isMethod(prototype: object, property: string): boolean {
  const descriptor = Object.getOwnPropertyDescriptor(prototype, property);
  return typeof descriptor?.value === 'function' && property !== 'constructor';
}

function refusal({ bound }: CollectionBoundary, method: string): CollectionMethod {
  return () => {
    throw new UnsupportedOperationError({
      model: bound.model.modelName,
      operation: method,
      wrong: `${method}() cannot be used on a model with encrypted fields.`,
      remedy: `Use a method of the model that is supported, or connection.collection(name).${method}() to work on what is stored.`,
    });
  };
}
