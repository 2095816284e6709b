import type { Schema } from 'mongoose';
import { readSchemas } from '../declaration/read-schema';
import { buildPlan } from '../plan/build-plan';
import type { EncryptionPlan } from '../plan/encryption-plan';
import type { HandleRuntime } from './handle-runtime';
import type { AnyModel } from './native-collection';

/** A schema with the discriminators that hang on it (Mongoose 9.12, lib/helpers/model/discriminator.js). */
export type DiscriminatedSchema = Schema & {
  readonly discriminators?: Readonly<Record<string, Schema>>;
};

/** A model with the handle that encrypts it. Its plan covers its discriminators, and follows what is added to the schema later. */
export class BoundModel {
  readonly model: AnyModel;
  readonly runtime: HandleRuntime;
  #plan: EncryptionPlan | undefined;
  #stamp = -1;

  constructor(model: AnyModel, runtime: HandleRuntime) {
    this.model = model;
    this.runtime = runtime;
  }

  /** @throws {FleError} every error of configuration, where the schema has one. */
  get plan(): EncryptionPlan {
    const stamp = stampOf(this.model.schema as Schema);
    if (this.#plan === undefined || stamp !== this.#stamp) {
      this.#plan = planOf(this.model);
      this.#stamp = stamp;
    }
    return this.#plan;
  }
}

/** The plan of `model` with all its discriminators. */
export function planOf({ schema, modelName }: AnyModel): EncryptionPlan {
  return buildPlan({ name: modelName, shapes: readSchemas(schema as Schema, modelName) });
}

/** Changes whenever a path or a discriminator is added to `schema` or to a schema in it. */
function stampOf(schema: DiscriminatedSchema, seen = new Set<Schema>()): number {
  if (seen.has(schema)) return 0;
  seen.add(schema);
  let stamp = Object.keys(schema.paths).length;
  for (const { schema: child } of schema.childSchemas) stamp += stampOf(child, seen);
  for (const child of Object.values(schema.discriminators ?? {})) stamp += 1 + stampOf(child, seen);
  return stamp;
}
