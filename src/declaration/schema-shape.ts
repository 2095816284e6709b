import type { Declaration } from './declaration';

/** What stands at a path of a schema. */
export type ValueShape = LeafShape | ArrayShape | MapShape | ObjectShape;

interface Declarable {
  /** How the path is declared encrypted, where it is. */
  readonly declared?: Declaration | undefined;
  /** Whether Mongoose's own `encrypt`, for the driver's automatic encryption, stands there too. */
  readonly automatic?: boolean | undefined;
}

/** A value without paths below it in the schema. */
export interface LeafShape extends Declarable {
  readonly kind: 'leaf';
  /** The SchemaType's `instance`, such as `String`, `Mixed` or the name of a custom type. */
  readonly type: string;
  /** What a Union may hold. */
  readonly members?: readonly ValueShape[] | undefined;
}

export interface ArrayShape extends Declarable {
  readonly kind: 'array';
  readonly element: ValueShape;
}

export interface MapShape extends Declarable {
  readonly kind: 'map';
  readonly values: ValueShape;
}

/** A subdocument, or a nested path. */
export interface ObjectShape extends Declarable {
  readonly kind: 'object';
  /** Its schema and the schemas of its discriminators; a nested path has one, without reserved paths. */
  readonly schemas: readonly SchemaShape[];
}

/** The paths of a schema. Recursive schemas make recursive shapes. */
export interface SchemaShape {
  /** What stands under each name, in the schema's order, clear paths too. */
  readonly children: ReadonlyMap<string, ValueShape>;
  /** The paths that Mongoose or the server reads or writes by itself. */
  readonly reserved: readonly ReservedPath[];
  /** The other names that documents and commands may know a path by. */
  readonly aliases?: readonly AliasShape[] | undefined;
}

/** An alias, and the dotted path that it stands for, both from the same object. */
export interface AliasShape {
  readonly alias: string;
  readonly path: string;
}

/** A path that has a part to play beside holding a value. */
export interface ReservedPath {
  readonly path: string;
  readonly role: ReservedRole;
}

export type ReservedRole =
  '_id' | 'discriminator key' | 'version key' | 'timestamp' | 'shard key' | 'time series field';

/** What one model or discriminator stores: its schema, and what concerns the collection. */
export interface ModelShape {
  readonly schema: SchemaShape;
  readonly versionKey: string | undefined;
  /** Whether the schema gives its queries, or its collection, a collation. */
  readonly collation: boolean;
  readonly indexes: readonly IndexShape[];
  readonly searchIndexes: readonly SearchIndexShape[];
}

/** An index as `schema.indexes()` reports it: its keys and its options. */
export interface IndexShape {
  readonly keys: Readonly<Record<string, unknown>>;
  readonly options: Readonly<Record<string, unknown>>;
}

/** An Atlas Search or Vector Search index, as `schema.searchIndex()` takes it. */
export type SearchIndexShape = Readonly<Record<string, unknown>>;
