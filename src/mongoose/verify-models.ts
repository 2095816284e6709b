import type { Connection } from 'mongoose';
import { ModelNotBoundError } from '../errors';
import { isBound } from './boundary-mark';
import { planOf } from './bound-model';
import type { HandleRuntime } from './handle-runtime';
import { type AnyModel, modelsOf } from './native-collection';

/**
 * Refuses a connection with a model that declares encrypted fields and that no plugin encrypts. Models are looked over again only
 * when there are more of them.
 *
 * @throws {ModelNotBoundError}
 */
export function verifyModels(connection: Connection, runtime: HandleRuntime): void {
  const models = modelsOf(connection);
  if (runtime.verified.get(connection) === models.length) return;
  for (const model of models) refuseUnbound(model);
  runtime.verified.set(connection, models.length);
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
