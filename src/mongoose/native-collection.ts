import type { Connection, Model, Mongoose, mongo } from 'mongoose';

/** The filters, updates and options of commands, as Mongoose hands them to its collection. */
export type Command = Record<string, unknown>;

/** A method of a collection, called with what Mongoose casts. */
export type CollectionMethod = (...parameters: readonly unknown[]) => unknown;

/** The connection behind a collection, with the internals of Mongoose 9.12 that are relied on (lib/connection.js). */
export type CollectionConnection = Connection & {
  readonly base: Mongoose & { readonly mongo: typeof mongo };
  readonly $wasForceClosed?: boolean;
};

/**
 * Mongoose's wrapper around the driver's collection, as far as it is relied on.
 *
 * Source: Mongoose 9.12, lib/collection.js and lib/drivers/node-mongodb-native/collection.js.
 */
export interface NativeCollection extends Record<string, unknown> {
  readonly name: string;
  readonly conn: CollectionConnection;
  /** Whether methods wait for the connection to open. */
  readonly buffer: boolean;
  readonly _getCollection: () => unknown;
  readonly _shouldBufferCommands: () => boolean;
  readonly _getBufferTimeoutMS: () => number;
  readonly addQueue: (method: () => void) => unknown;
  readonly removeQueue: (method: () => void) => boolean;
}

/** A model of any shape. */
export type AnyModel = Model<unknown>;

/** The models compiled on `connection`. */
export function modelsOf(connection: Connection): AnyModel[] {
  return Object.values(connection.models as Readonly<Record<string, AnyModel>>);
}

/** Calls the method `name` of `collection`, whichever the driver's collection has. */
export function callMethod(
  collection: NativeCollection,
  name: string,
  parameters: readonly unknown[],
): unknown {
  const method = collection[name] as CollectionMethod;
  return method.apply(collection, [...parameters]);
}

/**
 * The symbol under which `save` reads a document's collection.
 *
 * Source: Mongoose 9.12, lib/model.js, `modelCollectionSymbol`; it is found by its description, since it is not exported.
 */
export function collectionSymbolOf(model: AnyModel): symbol | undefined {
  for (let prototype: object | null = model.prototype as object; prototype !== null;) {
    const found = Object.getOwnPropertySymbols(prototype).find(
      ({ description }) => description === 'mongoose#Model#collection',
    );
    if (found !== undefined) return found;
    prototype = Object.getPrototypeOf(prototype) as object | null;
  }
  return undefined;
}
