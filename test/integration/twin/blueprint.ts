/** The types of single values that a path can have. */
export type ScalarType =
  | 'String'
  | 'Number'
  | 'Boolean'
  | 'Date'
  | 'ObjectId'
  | 'Buffer'
  | 'UUID'
  | 'BigInt'
  | 'Int32'
  | 'Double'
  | 'Decimal128';

/** How a field is encrypted. */
export interface Seal {
  readonly algorithm: 'Deterministic' | 'Random';
  readonly keyAltName: 'one' | 'two';
  readonly whole?: true;
}

/** What a field is made of. */
export type Shape =
  | { readonly kind: 'scalar'; readonly type: ScalarType; readonly ref?: true }
  | { readonly kind: 'mixed' }
  | { readonly kind: 'list' | 'map'; readonly type: ScalarType; readonly ref?: true }
  | { readonly kind: ObjectKind; readonly fields: Fields };

/** A nested path, a subdocument, an array of subdocuments, a Map of subdocuments. */
export type ObjectKind = 'nested' | 'single' | 'documents' | 'documentMap';

/** What else a schema says of a field. */
export interface Traits {
  readonly required?: true;
  readonly default?: unknown;
  readonly alias?: string;
  readonly enum?: readonly unknown[];
  readonly min?: number;
  readonly accessors?: true;
  readonly select?: false;
  readonly immutable?: true;
  readonly unique?: true;
  readonly sparse?: true;
}

/** A field, and how its encrypted model encrypts it; its twin never does. */
export interface Field {
  readonly shape: Shape;
  readonly seal?: Seal | undefined;
  readonly traits?: Traits | undefined;
}

/** Fields by their names. */
export type Fields = Readonly<Record<string, Field>>;

/** The options of a schema that are varied. */
export interface SchemaOptions {
  readonly versionKey?: false;
  readonly timestamps?: true;
  readonly minimize?: false;
  readonly optimisticConcurrency?: true;
}

/** A virtual that `populate` fills with documents of the same model. */
export interface Join {
  readonly name: string;
  readonly localField: string;
  readonly foreignField: string;
  readonly justOne: boolean;
  readonly count: boolean;
}

/** From what a pair of models is made: one with the seals, one without. */
export interface Blueprint {
  readonly fields: Fields;
  /** What the discriminator `Special` adds; undefined where there is none. */
  readonly special?: Fields | undefined;
  readonly options: SchemaOptions;
  readonly joins?: readonly Join[];
  /** Whether each document names a tenant, whose keys encrypt it. */
  readonly tenants?: true;
}

/** Whether `shape` has fields inside. */
export function isObjectShape(shape: Shape): shape is Extract<Shape, { readonly fields: Fields }> {
  return 'fields' in shape;
}
