import type { Schema } from 'mongoose';
import { declaredTwice, parseDeclaration, sameDeclaration, type Declaration } from './declaration';
import { refuseDropped } from './dropped-declarations';
import {
  discriminatorsOf,
  internalsOf,
  schemasOfSubdocument,
  typeKeyOf,
  type SchemaInternals,
  type SchemaTypeInternals,
} from './mongoose-schema';
import { ENCRYPTED, ENCRYPTED_WITHIN, type EncryptedWithin } from './path-options';
import { checkCopy } from './late-declarations';
import { readReserved, versionKeyOf } from './read-reserved';
import type { AliasShape, ModelShape, ObjectShape, SchemaShape, ValueShape } from './schema-shape';

/** A reading under way: every schema is read once, so that recursive schemas end. */
interface Reading {
  readonly name: string;
  readonly shapes: Map<Schema, SchemaShape>;
}

/** Where a reading stands. */
interface Place extends Reading {
  readonly owner: SchemaInternals;
  /** The path in `owner`, for messages. */
  readonly path: string;
}

/**
 * What `schema` stores and declares, as plain data; `name` stands for it in messages. Its own discriminators are left
 * out, those of its subdocuments are in.
 *
 * @throws {InvalidDeclarationError} An `encrypted` option is malformed, a nested path is declared twice, or a
 * schema was copied before it was declared.
 */
export function readSchema(schema: Schema, name: string): ModelShape {
  const { options, _searchIndexes = [] } = internalsOf(schema);
  const collectionOptions = options['collectionOptions'] as { collation?: unknown } | undefined;
  return Object.freeze({
    schema: readShape(schema, { name, shapes: new Map() }),
    versionKey: versionKeyOf(options),
    collation: (options['collation'] ?? collectionOptions?.collation) != null,
    indexes: schema.indexes().map(([keys, more]) => ({ keys, options: { ...more } })),
    searchIndexes: [..._searchIndexes],
  });
}

/**
 * What `schema` and each of its discriminators store: the shapes of which one plan is built. With a discriminator comes
 * the schema of its base, which has to agree with it.
 *
 * @throws {InvalidDeclarationError} As {@link readSchema} does.
 */
export function readSchemas(schema: Schema, name: string): ModelShape[] {
  const { _baseSchema } = internalsOf(schema);
  const base = _baseSchema === undefined ? [] : [_baseSchema];
  const all = new Set([schema, ...discriminatorsOf(schema), ...base]);
  return [...all].map((each) => readSchema(each, name));
}

function readShape(schema: Schema, reading: Reading): SchemaShape {
  const known = reading.shapes.get(schema);
  if (known !== undefined) return known;
  const owner = internalsOf(schema);
  checkCopy(schema, reading.name);
  const children = new Map<string, ValueShape>();
  const shape: SchemaShape = { children, reserved: readReserved(owner), aliases: [] };
  reading.shapes.set(schema, shape);
  for (const [path, schemaType] of Object.entries(owner.paths)) {
    if (path.endsWith('.$*')) continue; // the values of a Map, which are read with the Map
    const place: Place = { ...reading, owner, path };
    placeValue(children, readValue(schemaType, place), { place, options: schemaType.options });
  }
  for (const [alias, path] of Object.entries(owner.aliases)) placeAlias(shape, alias, path);
  return Object.freeze(shape);
}

/**
 * Puts an alias where a document has it, in place: mostly at the top, also for a path inside a nested one, or beside the name it stands
 * for, where it is written with the nested path before it.
 */
function placeAlias(shape: SchemaShape, alias: string, path: string): void {
  const [first = alias, ...others] = alias.split('.');
  const inner = others.length > 0 ? nestedShape(shape, first) : undefined;
  if (inner !== undefined && path.startsWith(`${first}.`)) {
    placeAlias(inner, others.join('.'), path.slice(first.length + 1));
  } else (shape.aliases as AliasShape[]).push({ alias: first, path });
}

function nestedShape({ children }: SchemaShape, name: string): SchemaShape | undefined {
  const nested = children.get(name);
  return nested?.kind === 'object' ? nested.schemas[0] : undefined;
}

/** Where a value goes: its place, and the options of its path, which may declare a nested path around it. */
interface Placing {
  readonly place: Place;
  readonly options: Readonly<Record<string, unknown>>;
}

/** Puts `value` under its dotted path in `children`, in place, making the nested paths around it. */
function placeValue(
  children: Map<string, ValueShape>,
  value: ValueShape,
  { place, options }: Placing,
): void {
  const around = options[ENCRYPTED_WITHIN] as EncryptedWithin | undefined;
  const names = place.path.split('.');
  const last = names.splice(-1).join();
  let inside = children;
  for (const [index, name] of names.entries()) {
    const nestedPath = names.slice(0, index + 1).join('.');
    const nested = nestedAt(inside, name);
    if (around?.path === nestedPath) {
      const declared = agreed(nested.declared, around, place);
      inside.set(name, { ...nested, declared });
    } else {
      inside.set(name, nested);
    }
    inside = nested.schemas[0].children as Map<string, ValueShape>;
  }
  inside.set(last, value);
}

type NestedShape = ObjectShape & { readonly schemas: readonly [SchemaShape] };

function nestedAt(children: ReadonlyMap<string, ValueShape>, name: string): NestedShape {
  const known = children.get(name) as NestedShape | undefined;
  return known ?? { kind: 'object', schemas: [{ children: new Map(), reserved: [], aliases: [] }] };
}

function agreed(
  earlier: Declaration | undefined,
  { path, declaration }: EncryptedWithin,
  { name }: Place,
): Declaration {
  const where = `${name}.${path}`;
  const declared = parseDeclaration(declaration, where, path);
  if (earlier !== undefined && !sameDeclaration(earlier, declared)) {
    throw declaredTwice(where, path, [earlier, declared]);
  }
  return declared;
}

function readValue(schemaType: SchemaTypeInternals, place: Place): ValueShape {
  const { options, instance, embeddedSchemaType, $__schemaType: mapValues, schema } = schemaType;
  const marks = readMarks(options, place);
  if (embeddedSchemaType !== undefined) {
    return { kind: 'array', ...marks, element: readElement(schemaType, embeddedSchemaType, place) };
  }
  if (mapValues !== undefined) {
    refuseDropped({ ...options, of: undefined }, place); // beside `of`, nothing is a definition
    return { kind: 'map', ...marks, values: readValue(mapValues, place) };
  }
  if (schema !== undefined) {
    const schemas = schemasOfSubdocument(schemaType, schema);
    return { kind: 'object', ...marks, schemas: schemas.map((each) => readShape(each, place)) };
  }
  if (instance === 'Mixed') refuseDropped(options, place);
  const members = schemaType.schemaTypes?.map((member) => readValue(member, place));
  return { kind: 'leaf', ...marks, type: instance, members };
}

/** Mongoose drops the options of inline subdocuments in an array; the array's own options still hold them. */
function readElement(
  array: SchemaTypeInternals,
  embedded: SchemaTypeInternals,
  place: Place,
): ValueShape {
  const element = readValue(embedded, place);
  const typeKey = typeKeyOf(place.owner);
  const definition = array.options[typeKey];
  const inline: unknown = Array.isArray(definition) ? definition[0] : undefined;
  if (element.declared !== undefined || !isOptions(inline, typeKey)) return element;
  return { ...element, ...readMarks(inline, place) };
}

/** As Mongoose tells options from a subdocument that has a path named `type` (lib/schema.js, `interpretAsType`). */
function isOptions(definition: unknown, typeKey: string): definition is Record<string, unknown> {
  if (typeof definition !== 'object' || definition === null) return false;
  const type = (definition as Record<string, unknown>)[typeKey];
  if (type === undefined || type === null) return false;
  return typeKey !== 'type' || !(type as { type?: unknown }).type;
}

type Marks = Pick<ValueShape, 'declared' | 'automatic'>;

function readMarks(options: Readonly<Record<string, unknown>>, { name, path }: Place): Marks {
  const written = options[ENCRYPTED];
  const declared =
    written === undefined ? undefined : parseDeclaration(written, `${name}.${path}`, path);
  return { declared, automatic: options['encrypt'] !== undefined };
}
