import type { MongooseError } from 'mongoose';
import { callMethod, type NativeCollection } from './native-collection';

/** Whether the methods of `collection` wait until its connection opens. */
export function isBuffering(collection: NativeCollection): boolean {
  return collection.buffer && collection._shouldBufferCommands();
}

/**
 * Waits, as the collection's own methods do, until its connection is open: keys can be had only then.
 *
 * Source: Mongoose 9.12, lib/drivers/node-mongodb-native/collection.js; the error is Mongoose's own, word for word.
 *
 * @throws {MongooseError} where the connection does not open within `bufferTimeoutMS`.
 */
export async function waitForConnection(
  collection: NativeCollection,
  operation: string,
): Promise<void> {
  const limit = collection._getBufferTimeoutMS();
  await new Promise<void>((resolve, reject) => {
    const opened = (): void => {
      clearTimeout(timeout);
      resolve();
    };
    const timeout = setTimeout(() => {
      collection.removeQueue(opened);
      reject(bufferingTimedOut(collection, operation));
    }, limit);
    collection.addQueue(opened);
  });
}

function bufferingTimedOut(collection: NativeCollection, operation: string): MongooseError {
  const { MongooseError: Timeout } = collection.conn.base as unknown as {
    readonly MongooseError: typeof MongooseError;
  };
  const limit = collection._getBufferTimeoutMS();
  return new Timeout(
    `Operation \`${collection.name}.${operation}()\` buffering timed out after ${limit}ms`,
  );
}

/** Whether the connection is closed for good, or was never opened and does not buffer. */
export function isClosed(collection: NativeCollection): boolean {
  return collection.conn.$wasForceClosed === true || collection._getCollection() === null;
}

/**
 * Where the connection is closed, lets the collection's own method say so: it throws before it looks at its arguments, of which it is
 * given none.
 *
 * @throws {MongooseError} Mongoose's own, of `operation`.
 */
export function refuseWhenClosed(collection: NativeCollection, operation: string): void {
  if (isClosed(collection)) callMethod(collection, operation, []);
}
