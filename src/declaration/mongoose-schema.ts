import type { Schema } from 'mongoose';

/**
 * What this package reads of a Schema beyond its public types. The objects are recognised by these properties, never
 * by class: a schema may come from another copy of Mongoose.
 *
 * Source: Mongoose 9.12.1, lib/schema.js (`Schema`, `path`, `_clone`) and lib/helpers/model/discriminator.js.
 */
export interface SchemaInternals {
  readonly paths: Record<string, SchemaTypeInternals>;
  readonly nested: Readonly<Record<string, true>>;
  readonly aliases: Readonly<Record<string, string>>;
  /** The definition as `add` of another schema, `omit` and `new Schema(old)` copy it. */
  readonly tree: Record<string, unknown>;
  readonly options: Readonly<Record<string, unknown>>;
  readonly $timestamps?: Readonly<Record<string, unknown>>;
  /** The compiled discriminators, by name. */
  readonly discriminators?: Readonly<Record<string, Schema>>;
  /** What `schema.discriminator()` keeps until a model is compiled. */
  readonly _applyDiscriminators?: ReadonlyMap<string, { readonly schema: Schema }>;
  /** Of a compiled discriminator, the schema of its base model. */
  readonly _baseSchema?: Schema;
  /** What the schema was made of: a definition, a schema, or an array of them. */
  readonly obj?: unknown;
  readonly _searchIndexes?: readonly Readonly<Record<string, unknown>>[];
}

/**
 * What this package reads of a SchemaType.
 *
 * Source: Mongoose 9.12.1, lib/schemaType.js and lib/schema/{array,documentArray,map,subdocument,union}.js.
 */
export interface SchemaTypeInternals {
  readonly instance: string;
  readonly options: Record<string, unknown>;
  /** The schema for which the SchemaType was made. */
  readonly parentSchema?: Schema;
  /** The elements of an array. */
  readonly embeddedSchemaType?: SchemaTypeInternals;
  /** The values of a Map. */
  readonly $__schemaType?: SchemaTypeInternals;
  /** The members of a Union. */
  readonly schemaTypes?: readonly SchemaTypeInternals[];
  /** The schema of a subdocument, and of a subdocument array. */
  readonly schema?: Schema;
  readonly Constructor?: { readonly discriminators?: Readonly<Record<string, { schema: Schema }>> };
}

/** `schema`, with what Mongoose's types leave out. */
export function internalsOf(schema: Schema): SchemaInternals {
  return schema as unknown as SchemaInternals;
}

/** Whether `value` is a Schema, of whichever copy of Mongoose. */
export function isSchema(value: unknown): value is Schema {
  return (value as { instanceOfSchema?: unknown } | null | undefined)?.instanceOfSchema === true;
}

/** The key that names a path's type in definitions: `type`, unless the schema says otherwise. */
export function typeKeyOf(schema: SchemaInternals): string {
  return String(schema.options['typeKey']);
}

/** The schemas of the discriminators of `schema`, compiled or announced, without itself. */
export function discriminatorsOf(schema: Schema): Schema[] {
  const { discriminators, _applyDiscriminators } = internalsOf(schema);
  const announced = [...(_applyDiscriminators?.values() ?? [])].map((each) => each.schema);
  return [...Object.values(discriminators ?? {}), ...announced];
}

/** The schema of the subdocuments of `schemaType`, and the schemas of their discriminators. */
export function schemasOfSubdocument(schemaType: SchemaTypeInternals, schema: Schema): Schema[] {
  const compiled = Object.values(schemaType.Constructor?.discriminators ?? {});
  return [
    ...new Set([schema, ...discriminatorsOf(schema), ...compiled.map((each) => each.schema)]),
  ];
}
