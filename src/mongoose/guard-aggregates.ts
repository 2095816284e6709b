import type { Aggregate, Schema } from 'mongoose';
import { PlaintextCollector } from '../codec/collect-plaintext';
import { rewritePipeline } from '../rewrite/pipeline';
import { isBound } from './boundary-mark';
import { planOf } from './bound-model';
import { shapeOfCollection } from './encrypted-collections';
import type { HandleRuntime } from './handle-runtime';
import type { AnyModel, CollectionConnection } from './native-collection';

/** Marks a hook that Mongoose runs even with `middleware: false`. Source: Mongoose 9.12, lib/schema/symbols.js. */
const BUILT_IN = Symbol.for('mongoose:built-in-middleware');

/**
 * Lets the models of `schema` that have no encrypted field of their own refuse a pipeline that reaches into a collection with some: what
 * it compares there would be sent in the clear, and what it reads would stay ciphertext.
 */
export function guardAggregates(schema: Schema, runtime: HandleRuntime): void {
  const guard = function (this: Aggregate<unknown>): void {
    const model = this.model() as unknown as AnyModel;
    if (!isBound(model)) checkPipeline(this.pipeline(), model, runtime);
  };
  schema.pre('aggregate', Object.assign(guard, { [BUILT_IN]: true }));
}

/** @throws {UnsupportedStageError} where a stage names a collection with encrypted fields. */
function checkPipeline(pipeline: unknown, model: AnyModel, runtime: HandleRuntime): void {
  const connection = model.db as CollectionConnection;
  const operation = 'aggregate';
  const { BSON: bson } = connection.base.mongo;
  rewritePipeline(pipeline, {
    plan: planOf(model),
    operation,
    values: new PlaintextCollector({
      bson,
      model: model.modelName,
      operation,
      serializeOptions: {},
    }),
    collation: undefined,
    shapeOfCollection: (name, database) =>
      shapeOfCollection({ name, database }, connection, runtime),
  });
}
