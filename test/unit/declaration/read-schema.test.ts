// The rule overflows the stack on Mongoose's types (typescript-eslint 8.73).
import { Schema } from 'mongoose';
import { readSchema } from '../../../src/declaration/read-schema';
import type {
  ArrayShape,
  MapShape,
  ModelShape,
  ObjectShape,
  SchemaShape,
  ValueShape,
} from '../../../src/declaration/schema-shape';
import { InvalidDeclarationError } from '../../../src/errors';
import { expectRefusal } from './expect-refusal';

const { Types } = Schema;
const encrypted = { algorithm: 'Random', keyAltName: 'k' } as const;
const whole = { ...encrypted, whole: true } as const;
const declared = { ...encrypted, whole: false };

function read(definition: object, options?: object): ModelShape {
  return readSchema(new Schema(definition, options), 'User');
}

function childOf({ children }: SchemaShape, name: string): ValueShape {
  const child = children.get(name);
  if (child === undefined) throw new Error(`no child is named ${name}`);
  return child;
}

function valueOf(type: unknown): ValueShape {
  return childOf(read({ v: type }).schema, 'v');
}

const elementOf = (value: ValueShape): ValueShape => (value as ArrayShape).element;

describe('readSchema, for the type of a path', () => {
  it.each<[unknown, string]>([
    [String, 'String'],
    [Number, 'Number'],
    [Boolean, 'Boolean'],
    [Date, 'Date'],
    [Buffer, 'Buffer'],
    [BigInt, 'BigInt'],
    [Types.Int32, 'Int32'],
    [Types.Double, 'Double'],
    [Types.Decimal128, 'Decimal128'],
    [Types.ObjectId, 'ObjectId'],
    [Types.UUID, 'UUID'],
    [Types.Mixed, 'Mixed'],
    [{}, 'Mixed'],
  ])('reads %p as %s', (type, name) => {
    expect(valueOf({ type, encrypted: whole })).toEqual({
      kind: 'leaf',
      type: name,
      declared: whole,
      automatic: false,
      members: undefined,
    });
  });

  it('reads the members of a Union', () => {
    expect(valueOf({ type: Types.Union, of: [String, { type: Number, encrypted }] })).toMatchObject(
      {
        kind: 'leaf',
        type: 'Union',
        members: [{ type: 'String' }, { type: 'Number', declared }],
      },
    );
  });

  it.each<[string, unknown, number]>([
    ['[{ type: String, encrypted }]', [{ type: String, encrypted }], 1],
    ['{ type: [{ type: String, encrypted }] }', { type: [{ type: String, encrypted }] }, 1],
    ['{ type: Array, of: … }', { type: Array, of: { type: String, encrypted } }, 1],
    ['[[{ type: String, encrypted }]]', [[{ type: String, encrypted }]], 2],
  ])('finds the declaration on the elements of %s', (_, type, depth) => {
    let value = valueOf(type);
    for (let level = 0; level < depth; level += 1) {
      expect(value).toMatchObject({ kind: 'array', declared: undefined });
      value = elementOf(value);
    }
    expect(value).toMatchObject({ kind: 'leaf', type: 'String', declared });
  });

  it('finds the declaration on an array', () => {
    expect(valueOf({ type: [String], encrypted })).toMatchObject({
      kind: 'array',
      declared,
      element: { type: 'String', declared: undefined },
    });
  });

  it.each<[string, unknown]>([
    ['a schema', [{ type: new Schema({ a: String }), encrypted }]],
    ['an inline definition', [{ type: { a: String }, encrypted }]],
    ['an inline definition, in full', { type: [{ type: { a: String }, encrypted }] }],
  ])('finds the declaration on subdocuments in an array that are %s', (_, type) => {
    expect(elementOf(valueOf(type))).toMatchObject({ kind: 'object', declared });
  });

  it('takes paths that are named encrypted and type for paths', () => {
    const element = elementOf(valueOf([{ type: { type: String }, encrypted: Boolean }]));
    expect(element.declared).toBeUndefined();
    const [schema] = (element as ObjectShape).schemas;
    expect([...(schema?.children.keys() ?? [])]).toEqual(['type', 'encrypted', '_id']);
    expect(elementOf(valueOf([{ encrypted: Boolean }])).declared).toBeUndefined();
  });

  it('reads subdocuments and nested paths alike', () => {
    const children = ['street', 'city'];
    const definition = { street: String, city: { type: String, encrypted } };
    for (const type of [definition, new Schema(definition, { _id: false })]) {
      const value = valueOf(type) as ObjectShape;
      expect(value.kind).toBe('object');
      expect([...(value.schemas[0]?.children.keys() ?? [])]).toEqual(children);
      expect(value.schemas[0]?.children.get('city')).toMatchObject({ declared });
    }
  });

  it.each<[string, unknown]>([
    ['a subdocument', { type: new Schema({}), encrypted: whole }],
    ['an inline subdocument', { type: { a: String }, encrypted: whole }],
    ['a Map', { type: Map, of: String, encrypted: whole }],
    ['an array of subdocuments', { type: [new Schema({})], encrypted: whole }],
  ])('finds the declaration on %s', (_, type) => {
    expect(valueOf(type).declared).toEqual(whole);
  });

  it('finds the declaration on the values of a Map', () => {
    const map = valueOf({ type: Map, of: { type: String, encrypted } }) as MapShape;
    expect(map).toMatchObject({ kind: 'map', declared: undefined });
    expect(map.values).toMatchObject({ kind: 'leaf', type: 'String', declared });
  });

  it('reads a Map of Maps, and of arrays', () => {
    const inner = { type: Map, of: [{ type: String, encrypted }] };
    expect(valueOf({ type: Map, of: inner })).toMatchObject({
      kind: 'map',
      values: { kind: 'map', values: { kind: 'array', element: { declared } } },
    });
  });

  it('sees Mongoose’s own encryption', () => {
    const keyId = '9c5d4e3a-0000-4000-8000-000000000000';
    const { schema } = read(
      { v: { type: String, encrypt: { keyId, algorithm: 'Random' } } },
      { encryptionType: 'csfle' },
    );
    expect(schema.children.get('v')).toMatchObject({ automatic: true, declared: undefined });
  });

  it('refuses a malformed declaration, naming the path', () => {
    expectRefusal(() => valueOf({ type: String, encrypted: true }), {
      type: InvalidDeclarationError,
      code: 'FLE_INVALID_DECLARATION',
      message:
        "User.v: the declaration is not an object. Write it as { algorithm: 'Random', keyAltName: 'patients' }.",
    });
  });

  it('refuses two declarations of one nested path', () => {
    const schema: Schema = new Schema({ a: { b: String, c: String } });
    schema.path('a.b').options['encryptedWithin'] = { path: 'a', declaration: whole };
    schema.path('a.c').options['encryptedWithin'] = {
      path: 'a',
      declaration: { ...whole, keyAltName: 'l' },
    };
    expectRefusal(() => readSchema(schema, 'User'), {
      type: InvalidDeclarationError,
      code: 'FLE_INVALID_DECLARATION',
      message:
        'User.a: it is declared twice, as Random under "k" as a whole and as Random under "l" as a whole. Keep one of the two.',
    });
  });
});

describe('readSchema, for the schema around the paths', () => {
  it('ends on a recursive schema, in a recursive shape', () => {
    const schema: Schema = new Schema({ text: String });
    schema.add({ replies: [schema], last: schema });
    const { schema: shape } = readSchema(schema, 'Comment');
    const replies = elementOf(childOf(shape, 'replies')) as ObjectShape;
    expect(replies.schemas).toEqual([shape]);
    expect((shape.children.get('last') as ObjectShape).schemas[0]).toBe(shape);
  });

  it('names the reserved paths of a schema', () => {
    const { schema, versionKey } = read(
      {},
      {
        timestamps: { createdAt: 'meta.made', updatedAt: false },
        discriminatorKey: 'kind',
        versionKey: 'version',
        shardKey: { tenant: 1, ssn: 1 },
        timeseries: { timeField: 'at', metaField: 'sensor', granularity: 'hours' },
      },
    );
    expect(versionKey).toBe('version');
    expect(schema.reserved.map(({ path, role }) => `${role}: ${path}`)).toEqual([
      '_id: _id',
      'discriminator key: kind',
      'version key: version',
      'timestamp: meta.made',
      'shard key: tenant',
      'shard key: ssn',
      'time series field: at',
      'time series field: sensor',
    ]);
  });

  it.each([[false], ['']])('finds no version key in versionKey: %p', (versionKey) => {
    const shape = read({}, { versionKey });
    expect(shape.versionKey).toBeUndefined();
    expect(shape.schema.reserved.map(({ role }) => role)).toEqual(['_id', 'discriminator key']);
  });

  it('reads the names that old schemas give the shard key', () => {
    expect(read({}, { shardkey: { ssn: 1 } }).schema.reserved).toContainEqual({
      path: 'ssn',
      role: 'shard key',
    });
  });

  it.each<[boolean, object]>([
    [false, {}],
    [true, { collation: { locale: 'en' } }],
    [true, { collectionOptions: { collation: { locale: 'en' } } }],
    [false, { collectionOptions: {} }],
  ])('says %p of a collation in %j', (expected, options) => {
    expect(read({}, options).collation).toBe(expected);
  });

  it('reads indexes of paths, of subdocuments and of the schema', () => {
    const child = new Schema({ phone: { type: String, unique: true } });
    const schema: Schema = new Schema({ at: { type: Date, expires: '1d' }, contacts: [child] });
    schema.index({ 'contacts.label': -1 }, { sparse: true });
    schema.searchIndex({ name: 's', definition: { mappings: { dynamic: true } } });
    const { indexes, searchIndexes } = readSchema(schema, 'User');
    expect(indexes).toEqual([
      { keys: { at: 1 }, options: { expireAfterSeconds: 86400 } },
      { keys: { 'contacts.phone': 1 }, options: { unique: true } },
      { keys: { 'contacts.label': -1 }, options: { sparse: true } },
    ]);
    expect(searchIndexes).toEqual([{ name: 's', definition: { mappings: { dynamic: true } } }]);
  });

  it('reads schemas of a Mongoose without search indexes', () => {
    const schema = new Schema({});
    Object.assign(schema, { _searchIndexes: undefined });
    expect(readSchema(schema, 'User').searchIndexes).toEqual([]);
  });
});
