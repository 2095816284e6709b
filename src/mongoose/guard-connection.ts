import type { Connection } from 'mongoose';
import { PlaintextCollector } from '../codec/collect-plaintext';
import { DocumentKeys } from '../codec/document-keys';
import { UnsupportedOperationError } from '../errors';
import type { EncryptionPlan } from '../plan/encryption-plan';
import { rewritePipeline } from '../rewrite/pipeline';
import { boundaryOf } from './boundary-mark';
import { redactedBulkWrite, withEncryptingClient } from './connection-bulk-write';
import { shapeOfCollection } from './encrypted-collections';
import { type AnyModel, type CollectionConnection, modelsOf } from './native-collection';

const GUARDED = Symbol.for('mongoose-fle.guarded');

/**
 * Guards the methods of a connection that go past its models. `bulkWrite`, which goes from the cast straight to the driver's client,
 * encrypts on the way; `aggregate` refuses to reach into collections with encrypted fields; `watch` refuses a database that holds
 * them. They take models and collections of any connection, so they are guarded where all connections have them: on their prototype.
 *
 * Source: Mongoose 9.12, lib/connection.js, `Connection.prototype.bulkWrite`, `watch` and `aggregate`.
 */
export function guardConnection(connection: Connection): void {
  guardMethod(connection, 'bulkWrite', (bulkWrite) => {
    return async function (this: Connection, ...parameters) {
      const write = (): unknown => bulkWrite.apply(withEncryptingClient(this), parameters);
      return await redactedBulkWrite(write, parameters[0], this);
    };
  });
  guardMethod(connection, 'watch', (watch) => {
    return function (this: Connection, ...parameters) {
      modelsOf(this).forEach(refuseWatching);
      return watch.apply(this, parameters);
    };
  });
  guardMethod(connection, 'aggregate', (aggregate) => {
    return function (this: Connection, ...parameters) {
      return guardedAggregate(aggregate.apply(this, parameters) as ConnectionAggregate, this);
    };
  });
}

type ConnectionMethod = (this: Connection, ...parameters: unknown[]) => unknown;

/** Puts what `guard` makes of the method `name` in its place, once, on the prototype that has it. */
function guardMethod(
  connection: Connection,
  name: 'aggregate' | 'bulkWrite' | 'watch',
  guard: (method: ConnectionMethod) => ConnectionMethod,
): void {
  let owner = connection as object | null;
  while (owner !== null && !Object.hasOwn(owner, name)) {
    owner = Object.getPrototypeOf(owner) as object | null;
  }
  const methods = owner as Record<typeof name, ConnectionMethod & { [GUARDED]?: boolean }> | null;
  if (methods === null || methods[name][GUARDED] === true) return;
  methods[name] = Object.assign(guard(methods[name]), { [GUARDED]: true });
}

/** The pipeline may grow until it is run, so it is looked at then. */
function guardedAggregate(aggregation: ConnectionAggregate, connection: Connection): unknown {
  const exec = aggregation.exec.bind(aggregation);
  const cursor = aggregation.cursor.bind(aggregation);
  aggregation.exec = async (...parameters) => {
    refuseReaching(aggregation.pipeline(), connection);
    return await exec(...parameters);
  };
  aggregation.cursor = (...parameters) => {
    refuseReaching(aggregation.pipeline(), connection);
    return cursor(...parameters);
  };
  return aggregation;
}

/** @throws {UnsupportedStageError} where a stage names a collection with encrypted fields. */
function refuseReaching(pipeline: unknown, connection: Connection): void {
  const { BSON: bson } = (connection as CollectionConnection).base.mongo;
  const facts = { model: 'Connection', operation: 'aggregate' };
  const keys = new DocumentKeys({ ...facts, context: undefined, maySpread: true });
  rewritePipeline(pipeline, {
    plan: NOTHING_ENCRYPTED,
    operation: facts.operation,
    values: new PlaintextCollector({ ...facts, bson, serializeOptions: {} }, keys),
    collation: undefined,
    shapeOfCollection: (name, database) => shapeOfCollection({ name, database }, connection),
  });
}

const NOTHING_ENCRYPTED: EncryptionPlan = {
  name: 'Connection',
  root: { kind: 'object', children: new Map(), rest: undefined },
  fields: [],
  versionKey: undefined,
};

interface ConnectionAggregate {
  pipeline(): unknown;
  exec(...parameters: readonly unknown[]): Promise<unknown>;
  cursor(...parameters: readonly unknown[]): unknown;
}

/** @throws {UnsupportedOperationError} where `model` declares encrypted fields: what it holds would not be decrypted. */
function refuseWatching(model: AnyModel): void {
  const plan = boundaryOf(model.collection)?.bound.look();
  if (plan === undefined || plan.fields.length === 0) return;
  throw new UnsupportedOperationError({
    model: model.modelName,
    operation: 'watch',
    wrong: 'Connection#watch() goes past the model, so its values would not be decrypted.',
    remedy: `Use ${model.modelName}.watch(), one model at a time.`,
  });
}
