import type { Schema } from 'mongoose';
import { markAtOrigin } from '../declaration/late-declarations';
import { readSchemas } from '../declaration/read-schema';
import { buildPlan } from '../plan/build-plan';
import type { EncryptionPlan } from '../plan/encryption-plan';
import type { HandleRuntime } from './handle-runtime';
import type { AnyModel } from './native-collection';
import type { ReadPolicy } from './read-policy';

/** A schema with the discriminators that hang on it (Mongoose 9.12, lib/helpers/model/discriminator.js). */
export type DiscriminatedSchema = Schema & {
  readonly discriminators?: Readonly<Record<string, Schema>>;
};

/** A model with the handle that encrypts it. Its plan covers its discriminators, and follows what is added to the schema later. */
export class BoundModel {
  readonly model: AnyModel;
  readonly runtime: HandleRuntime;
  readonly reading: ReadPolicy;
  #plan: EncryptionPlan | undefined;
  #builtOf: readonly unknown[] = [];

  constructor(model: AnyModel, runtime: HandleRuntime, reading: ReadPolicy) {
    this.model = model;
    this.runtime = runtime;
    this.reading = reading;
  }

  /** The plan as it was when last looked at. */
  get plan(): EncryptionPlan {
    return this.#plan ?? this.look();
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
    const parts = partsOf(this.model.schema as Schema);
    if (this.#plan === undefined || !isSame(parts, this.#builtOf)) {
      this.#plan = planOf(this.model);
      this.#builtOf = partsOf(this.model.schema as Schema); // building may have read more into it
    }
    return this.#plan;
  }
}

/** The plan of `model` with all its discriminators. */
export function planOf({ schema, modelName }: AnyModel): EncryptionPlan {
  return buildPlan({ name: modelName, shapes: readSchemas(schema as Schema, modelName) });
}

/** What a plan is built of, by identity: every SchemaType with its declaration, and every index, of all schemas within. */
function partsOf(schema: Schema): unknown[] {
  const parts: unknown[] = [];
  collectParts(schema, parts, new Set());
  return parts;
}

function collectParts(schema: DiscriminatedSchema, parts: unknown[], seen: Set<Schema>): void {
  if (seen.has(schema)) return;
  seen.add(schema);
  parts.push(...(schema as unknown as { readonly _indexes: readonly unknown[] })._indexes);
  for (const [path, schemaType] of Object.entries(schema.paths)) {
    const { encrypted, encryptedWithin } = schemaType.options as Record<string, unknown>;
    parts.push(schemaType, encrypted, encryptedWithin, markAtOrigin(schema, path));
  }
  for (const { schema: child } of schema.childSchemas) collectParts(child, parts, seen);
  for (const child of Object.values(schema.discriminators ?? {})) collectParts(child, parts, seen);
}

function isSame(parts: readonly unknown[], others: readonly unknown[]): boolean {
  return parts.length === others.length && parts.every((part, place) => part === others[place]);
}
