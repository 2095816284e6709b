import { type Connection, type Model, Schema, type Types } from 'mongoose';
import { Encrypted } from '../../../src/index';
import type { Rig } from '../../support/rig';
import { idOf } from './arbitrary-values';
import type { Blueprint, Field, Fields, ScalarType, Seal, Shape, Traits } from './blueprint';

/** A document of which only the schema knows the fields. */
export interface Loose {
  _id: Types.ObjectId;
  [path: string]: unknown;
}

const TYPES: Readonly<Record<ScalarType, unknown>> = {
  String,
  Number,
  Boolean,
  Date,
  ObjectId: Schema.Types.ObjectId,
  Buffer,
  UUID: Schema.Types.UUID,
  BigInt: Schema.Types.BigInt,
  Int32: Schema.Types.Int32,
  Double: Schema.Types.Double,
  Decimal128: Schema.Types.Decimal128,
};

/** When everything happens, where a schema has timestamps. */
const NOW = new Date(86_400_000);

/** Both twins give elements the same `_id`. */
const ELEMENT_ID: Field = {
  shape: { kind: 'scalar', type: 'ObjectId' },
  traits: { default: () => idOf(200) },
};

type Handle = Rig['fle'] | undefined;
type Definition = Record<string, unknown>;

/** The model of `blueprint`, called Case: encrypted where a handle is given, its twin where none is. */
export function buildModel(
  blueprint: Blueprint,
  connection: Connection,
  fle: Handle,
): Model<Loose> {
  const {
    fields,
    special,
    options,
    joins = [],
  } = blueprint.tenants === undefined ? blueprint : withKeysOfTenants(blueprint);
  const { timestamps, ...others } = options;
  const schema = schemaOf(fields, fle, {
    ...others,
    ...(special === undefined ? {} : { discriminatorKey: 'kind' }),
    ...(timestamps === undefined ? {} : { timestamps: { currentTime: () => NOW } }),
  });
  if (blueprint.tenants === true) schema.add({ tenant: String });
  for (const { name, ...join } of joins) schema.virtual(name, { ref: 'Case', ...join });
  const model = connection.model('Case', schema, 'cases') as unknown as Model<Loose>;
  if (special !== undefined) model.discriminator('Special', schemaOf(special, fle, { _id: false }));
  return model;
}

/** A key for each tenant in place of each key. */
function withKeysOfTenants({ fields, special, ...others }: Blueprint): Blueprint {
  return {
    ...others,
    fields: keyedByTenant(fields),
    special: special === undefined ? undefined : keyedByTenant(special),
  };
}

const keyedByTenant = (fields: Fields): Fields =>
  Object.fromEntries(
    Object.entries(fields).map(([name, { shape, seal, traits }]): [string, Field] => [
      name,
      {
        shape: 'fields' in shape ? { ...shape, fields: keyedByTenant(shape.fields) } : shape,
        seal: seal === undefined ? undefined : { ...seal, keyAltName: ofTenant(seal.keyAltName) },
        traits,
      },
    ]),
  );

/** Seals name keys by strings, but where models are built. */
const ofTenant = (name: string): Seal['keyAltName'] =>
  ({ pointer: '/tenant', prefix: `${name}:` }) as unknown as Seal['keyAltName'];

/** Forgets what `buildModel` made. */
export function forgetModel({ special }: Blueprint, connection: Connection): void {
  if (special !== undefined) connection.deleteModel('Special');
  connection.deleteModel('Case');
}

function schemaOf(fields: Fields, fle: Handle, options: object): Schema {
  const schema = new Schema(definitionOf(fields, fle), options as never);
  if (fle !== undefined) schema.plugin(fle, { class: classOf(fields) } as never);
  return schema;
}

/** A nested path cannot hold an option, so a class declares the nested paths that are encrypted as a whole. */
function classOf(fields: Fields): (new () => object) | undefined {
  const nested = Object.entries(fields).filter(([, { shape, seal }]) => {
    return shape.kind === 'nested' && seal !== undefined;
  });
  if (nested.length === 0) return undefined;
  const declared = class {
    _id?: Types.ObjectId;
  };
  for (const [name, { seal }] of nested) {
    if (seal !== undefined) Encrypted(seal)(declared.prototype as never, name as never);
  }
  return declared;
}

function definitionOf(fields: Fields, fle: Handle): Definition {
  const entries = Object.entries(fields).map(([name, field]) => [
    name,
    fieldDefinition(field, fle),
  ]);
  return Object.fromEntries(entries) as Definition;
}

function fieldDefinition({ shape, seal, traits }: Field, fle: Handle): unknown {
  const encrypted = fle === undefined || seal === undefined ? {} : { encrypted: seal };
  if (shape.kind === 'nested') return definitionOf(shape.fields, fle);
  return seal?.whole === true || shape.kind === 'scalar' || shape.kind === 'mixed'
    ? { ...definitionOfType(shape, fle, undefined), ...encrypted, ...traitOptions(traits) }
    : definitionOfType(shape, fle, seal);
}

function definitionOfType(shape: Shape, fle: Handle, inner: Seal | undefined): Definition {
  const encrypted = fle === undefined || inner === undefined ? {} : { encrypted: inner };
  switch (shape.kind) {
    case 'scalar':
      return itemOf(shape);
    case 'mixed':
      return { type: Schema.Types.Mixed };
    case 'list':
      return { type: [{ ...itemOf(shape), ...encrypted }] };
    case 'map':
      return { type: Map, of: { type: TYPES[shape.type], ...encrypted } };
    case 'documents':
      return { type: [schemaOf({ ...shape.fields, _id: ELEMENT_ID }, fle, {})] };
    case 'documentMap':
      return { type: Map, of: schemaOf(shape.fields, fle, { _id: false }) };
    case 'single':
    case 'nested':
      return { type: schemaOf(shape.fields, fle, { _id: false }) };
  }
}

/** What refers to a document refers to one of the same model. */
const itemOf = ({ type, ref }: { readonly type: ScalarType; readonly ref?: true }): Definition => ({
  type: TYPES[type],
  ...(ref === undefined ? {} : { ref: 'Case' }),
});

function traitOptions(traits: Traits | undefined): Definition {
  if (traits === undefined) return {};
  const { accessors, enum: allowed, ...options } = traits;
  return {
    ...options,
    ...(allowed === undefined ? {} : { enum: [...allowed, null] }),
    ...(accessors === undefined ? {} : { get: (value: unknown) => value ?? 'got', set: trimmed }),
  };
}

function trimmed(value: unknown): unknown {
  return typeof value === 'string' ? value.trim() : value;
}
