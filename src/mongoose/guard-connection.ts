import type { Connection } from 'mongoose';
import { UnsupportedOperationError } from '../errors';
import { boundaryOf } from './boundary-mark';
import type { AnyModel } from './native-collection';

const GUARDED = Symbol.for('mongoose-fle.guarded');

/** An operation of `Connection#bulkWrite`: with a model, or the name of one. */
interface ConnectionOperation {
  readonly model?: AnyModel | string;
}

type ConnectionBulkWrite = (
  operations: readonly ConnectionOperation[],
  options: unknown,
) => Promise<unknown>;

/**
 * Lets `connection.bulkWrite`, which goes from the cast straight to the driver's client, refuse models with encrypted fields. The method
 * takes models of any connection, so it is guarded where all connections have it: on their prototype.
 *
 * Source: Mongoose 9.12, lib/connection.js, `Connection.prototype.bulkWrite`.
 */
export function guardConnection(connection: Connection): void {
  const prototype = ownerOfBulkWrite(connection);
  if (prototype === undefined || Object.hasOwn(prototype, GUARDED)) return;
  const { bulkWrite } = prototype;
  Object.defineProperty(prototype, GUARDED, { value: true });
  prototype.bulkWrite = async function (this: Connection, operations, options) {
    for (const { model } of operations) refuseBound(model, this);
    return await bulkWrite.call(this, operations, options);
  };
}

interface ConnectionPrototype {
  bulkWrite: ConnectionBulkWrite;
}

function ownerOfBulkWrite(connection: Connection): ConnectionPrototype | undefined {
  let owner: unknown = connection;
  while (owner !== null && !Object.hasOwn(owner as object, 'bulkWrite')) {
    owner = Object.getPrototypeOf(owner);
  }
  return (owner ?? undefined) as ConnectionPrototype | undefined;
}

function refuseBound(model: AnyModel | string | undefined, connection: Connection): void {
  const { models } = connection as unknown as { models: Record<string, AnyModel | undefined> };
  const meant = typeof model === 'string' ? models[model] : model;
  const plan = boundaryOf(meant?.collection)?.bound.look();
  if (meant === undefined || plan === undefined || plan.fields.length === 0) return;
  throw new UnsupportedOperationError({
    model: meant.modelName,
    operation: 'bulkWrite',
    wrong: 'Connection#bulkWrite() goes past the model, so its values would not be encrypted.',
    remedy: `Use ${meant.modelName}.bulkWrite(), one model at a time.`,
  });
}
