import type { Connection, Mongoose, Schema } from 'mongoose';
import { InvalidDeclarationError, ModelNotBoundError } from '../errors';
import { declaredNamesOf, nameCollision } from '../plan/check-keys';
import { boundaryOf, isBound } from './boundary-mark';
import { planOf } from './bound-model';
import type { HandleRuntime } from './handle-runtime';
import { type AnyModel, modelsOf } from './native-collection';
import { connectionsOf } from './related-connections';

/**
 * Refuses a connection with a model that declares encrypted fields and that no plugin encrypts, and one whose models name keys so that a
 * document could name another's.
 *
 * @throws {ModelNotBoundError}
 * @throws {InvalidDeclarationError}
 */
export function verifyModels(connection: Connection, runtime: HandleRuntime): void {
  const models = modelsOf(connection);
  for (const model of models) refuseUnbound(model);
  const bound = models.map((model) => boundaryOf(model.collection)?.bound);
  const own = bound.filter((each) => each?.runtime === runtime);
  const fields = own.flatMap((each) => each?.plan.fields ?? []);
  const collision = nameCollision(declaredNamesOf(fields));
  if (collision !== undefined) throw namesCollide(collision);
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

/**
 * Looks, when the plugin is put on `schema`, at the models that were compiled before: the plugin cannot reach them any more. Known are
 * those of the schema's own Mongoose.
 *
 * @throws {ModelNotBoundError} where one is compiled of `schema` without the plugin, or declares encrypted fields now.
 */
export function refuseCompiled(schema: Schema, declares: boolean): void {
  const { connections } = (schema as unknown as { readonly base: Mongoose }).base;
  for (const model of connectionsOf(connections).flatMap(modelsOf)) {
    if (isBound(model)) continue;
    if (model.schema === schema) {
      throw new ModelNotBoundError({
        model: model.modelName,
        wrong: 'the plugin was put on its schema after the model was compiled.',
        remedy: 'Call schema.plugin(fle) before model().',
      });
    }
    if (declares) refuseUnbound(model);
  }
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

function namesCollide(wrong: string): InvalidDeclarationError {
  return new InvalidDeclarationError({
    where: 'keyAltName',
    wrong,
    remedy: 'Choose names and prefixes of which none begins another, such as "tenant:".',
  });
}
