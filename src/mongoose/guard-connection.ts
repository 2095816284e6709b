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
 * Lets `connection.bulkWrite`, which goes from the cast straight to the driver's client, refuse models with encrypted fields.
 *
 * Source: Mongoose 9.12, lib/connection.js, `Connection.prototype.bulkWrite`.
 */
export function guardConnection(connection: Connection): void {
  const guarded = connection as unknown as { [GUARDED]?: boolean; bulkWrite: ConnectionBulkWrite };
  if (guarded[GUARDED] === true) return;
  const original = guarded.bulkWrite;
  Object.defineProperty(connection, GUARDED, { value: true });
  guarded.bulkWrite = async function (this: Connection, operations, options) {
    for (const { model } of operations) refuseBound(model, connection);
    return await original.call(this, operations, options);
  };
}

function refuseBound(model: AnyModel | string | undefined, connection: Connection): void {
  const { models } = connection as unknown as { models: Record<string, AnyModel | undefined> };
  const meant = typeof model === 'string' ? models[model] : model;
  if (meant === undefined || boundaryOf(meant.collection) === undefined) return;
  throw new UnsupportedOperationError({
    model: meant.modelName,
    operation: 'bulkWrite',
    wrong: 'Connection#bulkWrite() goes past the model, so its values would not be encrypted.',
    remedy: `Use ${meant.modelName}.bulkWrite(), one model at a time.`,
  });
}
