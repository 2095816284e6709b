import type { Schema } from 'mongoose';
import { readSchemas } from '../declaration/read-schema';
import { buildPlan } from '../plan/build-plan';
import type { EncryptedField, EncryptionPlan } from '../plan/encryption-plan';
import type { HandleRuntime } from './handle-runtime';
import type { AnyModel } from './native-collection';
import { isBuiltOf, partsOf } from './plan-parts';
import type { ReadPolicy } from './read-policy';

/** What a model is bound with. */
export interface Bonds {
  readonly runtime: HandleRuntime;
  readonly reading: ReadPolicy;
  /** The models that it is a discriminator of. */
  readonly bases: readonly AnyModel[];
  /** Told whenever a plan was made in which something is encrypted. */
  readonly whenEncrypted: (model: AnyModel) => void;
}

/**
 * A model with the handle that encrypts it. Its plan covers its discriminators or, where it is one, its base and all of that: their documents
 * stand in one collection. It follows what is added to the schemas later.
 */
export class BoundModel {
  readonly model: AnyModel;
  readonly runtime: HandleRuntime;
  readonly reading: ReadPolicy;
  readonly #family: readonly AnyModel[];
  readonly #whenEncrypted: Bonds['whenEncrypted'];
  #plan: EncryptionPlan | undefined;
  #ownFields: readonly EncryptedField[] = [];
  #parts: readonly unknown[] = [];

  constructor(model: AnyModel, { runtime, reading, bases, whenEncrypted }: Bonds) {
    this.model = model;
    this.runtime = runtime;
    this.reading = reading;
    this.#family = [model, ...bases];
    this.#whenEncrypted = whenEncrypted;
  }

  /** The plan as it was when last looked at. */
  get plan(): EncryptionPlan {
    return this.#plan ?? this.look();
  }

  /** The fields of its own schema and of its discriminators, as they were when last looked at. */
  get ownFields(): readonly EncryptedField[] {
    return this.#ownFields;
  }

  /** Whether nothing is encrypted, so that everything passes as it is. */
  get isClear(): boolean {
    return this.plan.fields.length === 0;
  }

  /**
   * Looks whether the schema has changed, and gives the plan as it must be now: once at the start of every command.
   *
   * @throws {FleError} every error of configuration, where the schema has one.
   */
  look(): EncryptionPlan {
    if (this.#plan === undefined || !isBuiltOf(this.#family, this.#parts)) {
      const { model } = this;
      this.#plan = planOfFamily(model.modelName, this.#family);
      this.#ownFields = planOf(model).fields;
      this.#parts = partsOf(this.#family); // building may have read more into it
      if (this.#plan.fields.length > 0) this.#whenEncrypted(model);
    }
    return this.#plan;
  }
}

/** The plan of `model` with all its discriminators. */
export function planOf(model: AnyModel): EncryptionPlan {
  return planOfFamily(model.modelName, [model]);
}

function planOfFamily(name: string, family: readonly AnyModel[]): EncryptionPlan {
  const shapes = family.flatMap(({ schema }) => readSchemas(schema as Schema, name));
  return buildPlan({ name, shapes });
}
