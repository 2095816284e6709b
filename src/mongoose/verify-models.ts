import type { Connection } from 'mongoose';
import { ModelNotBoundError } from '../errors';
import { isBound } from './boundary-mark';
import { planOf } from './bound-model';
import type { HandleRuntime } from './handle-runtime';
import { type AnyModel, modelsOf } from './native-collection';

/**
 * Refuses a connection with a model that declares encrypted fields and that no plugin encrypts.
 *
 * @throws {ModelNotBoundError}
 */
export function verifyModels(connection: Connection, runtime: HandleRuntime): void {
  const models = modelsOf(connection);
  for (const model of models) refuseUnbound(model);
  runtime.verified.set(connection, models);
}

/**
 * The same before a command: models are looked over only where others are registered than before.
 *
 * @throws {ModelNotBoundError}
 */
export function verifyNewModels(connection: Connection, runtime: HandleRuntime): void {
  const verified = runtime.verified.get(connection) ?? [];
  const models = modelsOf(connection);
  const isKnown =
    models.length === verified.length && models.every((model, n) => model === verified[n]);
  if (!isKnown || models.length === 0) verifyModels(connection, runtime);
}

/** @throws {ModelNotBoundError} where `model` declares encrypted fields and no plugin encrypts them. */
export function refuseUnbound(model: AnyModel): void {
  if (isBound(model)) return;
  const [field] = planOf(model).fields;
  if (field === undefined) return;
  throw new ModelNotBoundError({
    model: model.modelName,
    path: field.path,
    wrong: 'the model declares encrypted fields, but nothing encrypts them.',
    remedy:
      'Call schema.plugin(fle) on its own schema before the model is compiled, or mongoose.plugin(fle) before all models.',
  });
}
