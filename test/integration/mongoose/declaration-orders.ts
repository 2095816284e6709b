import { type Connection, type Model, Schema, type SchemaDefinition } from 'mongoose';

/** The one definition that every copy is made of. */
export const PATHS: SchemaDefinition = { name: String, pin: String };

/** A way to make one schema of another. */
export type Copying = readonly [name: string, copy: (schema: Schema) => Schema];

export const COPYINGS: readonly Copying[] = [
  ['the schema itself', (schema) => schema],
  ['clone()', (schema) => schema.clone()],
  ['clone().clone()', (schema) => schema.clone().clone()],
  ['pick()', (schema) => schema.pick(['name', 'pin'])],
  ['omit()', (schema) => schema.omit(['name'])],
  ['clone().omit()', (schema) => schema.clone().omit(['name'])],
  ['new Schema(old)', (schema) => new Schema(schema as never)],
  ['new Schema([old])', (schema) => new Schema([schema, { more: String }] as never)],
  ['new Schema(new Schema(old))', (schema) => new Schema(new Schema(schema as never) as never)],
];

/** A schema with another one in it, what a document of its model holds around a pin, and where the pin is stored. */
export interface Placed {
  readonly schema: Schema;
  readonly around: (pin: string) => Record<string, unknown>;
  /** Compiles the model; by default as the schema says. */
  readonly compile?: (connection: Connection, name: string) => Model<unknown>;
}

export type Placing = readonly [name: string, place: (schema: Schema) => Placed];

const OPTIONS = { collection: 'orders' } as const;
const KIND = { discriminatorKey: 'kind' } as const;
const parent = (paths: object): Schema => new Schema(paths, { ...OPTIONS, ...KIND });
const empty = (): Schema => new Schema({ title: String }, KIND);

export const PLACINGS: readonly Placing[] = [
  ['as the model’s own', (own) => ({ schema: own.set('collection', 'orders'), around: pinOf })],
  ['in a subdocument', (kid) => ({ schema: parent({ kid }), around: inKid })],
  ['in an array', (kid) => ({ schema: parent({ kid: [kid] }), around: inKids })],
  [
    'in a subdocument without _id',
    (kid) => ({ schema: parent({ kid: { type: kid, _id: false } }), around: inKid }),
  ],
  [
    'in an array without _id',
    (kid) => ({ schema: parent({ kid: [{ type: kid, _id: false }] }), around: inKids }),
  ],
  [
    'in an array without _id of a parent that is cloned',
    (kid) => ({ schema: parent({ kid: [{ type: kid, _id: false }] }).clone(), around: inKids }),
  ],
  [
    'in a Map',
    (kid) => ({
      schema: parent({ kid: { type: Map, of: kid } }),
      around: (pin) => inKid(pin, 'a'),
    }),
  ],
  [
    'two levels down',
    (kid) => ({
      schema: parent({ outer: new Schema({ kid: [kid] }) }),
      around: (pin) => ({ outer: inKids(pin) }),
    }),
  ],
  [
    'in a parent that is copied',
    (kid) => ({ schema: new Schema(parent({ kid }) as never, OPTIONS), around: inKid }),
  ],
  [
    'as a discriminator of an array',
    (kid) => {
      const schema = parent({ kid: [empty()] });
      schema.path<Schema.Types.DocumentArray>('kid').discriminator('Kid', kid);
      return { schema, around: inKids };
    },
  ],
  [
    'as a discriminator of a subdocument',
    (kid) => {
      const schema = parent({ kid: empty() });
      schema.path<Schema.Types.Subdocument>('kid').discriminator('Kid', kid);
      return { schema, around: inKid };
    },
  ],
  [
    'as a discriminator of a subdocument of a parent that is cloned',
    (kid) => {
      const schema = parent({ kid: empty() });
      schema.path<Schema.Types.Subdocument>('kid').discriminator('Kid', kid);
      return { schema: schema.clone(), around: inKid };
    },
  ],
  [
    'as a discriminator that a child’s schema announces',
    (kid) => {
      const child = empty();
      child.discriminator('Kid', kid);
      return { schema: parent({ kid: [child] }), around: inKids };
    },
  ],
  [
    'as a discriminator that the schema announces',
    (kid) => ({
      schema: parent({}).discriminator('Kid', kid),
      around: (pin) => ({ kind: 'Kid', pin }),
    }),
  ],
  [
    'as a discriminator of the model',
    (kid) => {
      const schema = parent({});
      const compile = (connection: Connection, name: string): Model<unknown> => {
        const base = connection.model(name, schema);
        return base.discriminator(`${name}Kid`, kid) as unknown as Model<unknown>;
      };
      return { schema, around: pinOf, compile };
    },
  ],
];

function pinOf(pin: string): Record<string, unknown> {
  return { pin };
}

/** Discriminators are found by their kind, which the others ignore. */
function inKid(pin: string, key?: string): Record<string, unknown> {
  const kid = { kind: 'Kid', pin };
  return { kid: key === undefined ? kid : { [key]: kid } };
}

function inKids(pin: string): Record<string, unknown> {
  return { kid: [{ kind: 'Kid', pin }] };
}
