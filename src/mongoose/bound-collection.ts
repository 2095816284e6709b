import { UnsupportedOperationError } from '../errors';
import { BOUNDARY } from './boundary-mark';
import type { CollectionBoundary } from './collection-boundary';
import type { CollectionMethod, NativeCollection } from './native-collection';
import { indexMethods } from './index-methods';
import { clearAggregate, readMethods } from './read-methods';
import { writeMethods } from './write-methods';

/** Methods of the driver's collection that carry no value of a document, and so pass as they are. */
const PASSING: ReadonlySet<string> = new Set([
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

/** Methods that give something else than a promise, a cursor mostly, and so cannot reject. */
const SYNCHRONOUS: ReadonlySet<string | symbol> = new Set([
  'aggregate',
  'find',
  'initializeOrderedBulkOp',
  'initializeUnorderedBulkOp',
  'listSearchIndexes',
  'watch',
]);

/**
 * Mongoose's collection with a boundary before its methods: what is neither encrypted nor known to be harmless is refused. While nothing
 * is encrypted, the methods are the collection's own, but for `aggregate`, which may reach into another collection.
 */
export function boundCollection(boundary: CollectionBoundary): NativeCollection {
  const { base } = boundary;
  const methods = boundMethods(boundary);
  const bound = new Map<string | symbol, CollectionMethod>();
  return new Proxy(base, {
    get: (target, property) => {
      if (property === BOUNDARY) return boundary;
      const known = bound.get(property);
      if (known !== undefined) return known;
      const value: unknown = Reflect.get(target, property);
      if (typeof value !== 'function' || property === 'constructor') return value;
      const own = (value as CollectionMethod).bind(target);
      const method = methods(property);
      const clear = property === 'aggregate' ? clearAggregate(boundary) : own;
      const guarded: CollectionMethod = (...parameters) =>
        (boundary.bound.look().fields.length === 0 ? clear : (method ?? own))(...parameters);
      const chosen = method === undefined ? own : rejecting(property, guarded);
      bound.set(property, chosen);
      return chosen;
    },
    set: (target, property, value) => Reflect.set(target, property, value),
  });
}

/** `method`, made to reject where it would throw: a throw while a document is saved would leave it neither new nor changed. */
function rejecting(name: string | symbol, method: CollectionMethod): CollectionMethod {
  if (SYNCHRONOUS.has(name)) return method;
  return (...parameters) => {
    try {
      return method(...parameters);
    } catch (error) {
      const reason = error as Error;
      return Promise.reject(reason);
    }
  };
}

/** For each method of the driver's collection, what it is while fields are encrypted; undefined for what passes. */
function boundMethods(
  boundary: CollectionBoundary,
): (name: string | symbol) => CollectionMethod | undefined {
  const methods: Readonly<Record<string, CollectionMethod>> = {
    ...readMethods(boundary),
    ...writeMethods(boundary),
    ...indexMethods(boundary),
  };
  const driverMethods = boundary.base.conn.base.mongo.Collection.prototype;
  return (name) => {
    if (typeof name === 'symbol') return undefined;
    if (Object.hasOwn(methods, name)) return methods[name];
    return isMethod(driverMethods, name) && !PASSING.has(name)
      ? refusal(boundary, name)
      : undefined;
  };
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
