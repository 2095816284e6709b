import type { EncryptedOptions } from './declaration';
import {
  internalsOf,
  typeKeyOf,
  type SchemaInternals,
  type SchemaTypeInternals,
} from './mongoose-schema';
import { ENCRYPTED, ENCRYPTED_WITHIN, type EncryptedWithin } from './path-options';

/** What the schema says of the path, or of the nested path, as it was written; undefined where it says nothing. */
export function writtenAt(schema: SchemaInternals, path: string): unknown {
  const schemaType = schemaTypeAt(schema, path);
  if (schemaType !== undefined) return schemaType.options[ENCRYPTED];
  const marks = pathsInside(schema, path).map(
    ([, { options }]) => options[ENCRYPTED_WITHIN] as EncryptedWithin | undefined,
  );
  return marks.find((mark) => mark?.path === path)?.declaration;
}

/** The mark that a path carries: its own declaration, or that of a nested path around it; undefined where it has none. */
export function markAt(schema: SchemaInternals, path: string): unknown {
  const { options } = schemaTypeAt(schema, path) ?? {};
  return options?.[ENCRYPTED] ?? options?.[ENCRYPTED_WITHIN];
}

/**
 * Writes a declaration where Mongoose keeps the options of the path, in place: in the SchemaType's options, which go
 * with `clone()`, `pick()` and discriminators, and in the schema's tree, of which `new Schema(old)`, `add(old)` and
 * `omit()` make theirs (lib/helpers/schema/merge.js, Mongoose 9.12.1).
 */
export function writeDeclaration(
  schema: SchemaInternals,
  path: string,
  declaration: EncryptedOptions,
): void {
  const schemaType = schemaTypeAt(schema, path);
  if (schemaType !== undefined) {
    writeOption(schema, [path, schemaType], { [ENCRYPTED]: declaration });
    return;
  }
  const within: EncryptedWithin = { path, declaration };
  for (const entry of pathsInside(schema, path)) {
    writeOption(schema, entry, { [ENCRYPTED_WITHIN]: within });
  }
}

type PathEntry = readonly [string, SchemaTypeInternals];

/** The SchemaType of a path of the schema itself; not of one inside its subdocuments. */
export function schemaTypeAt(
  { paths }: SchemaInternals,
  path: string,
): SchemaTypeInternals | undefined {
  return Object.hasOwn(paths, path) ? paths[path] : undefined;
}

function pathsInside({ paths }: SchemaInternals, nested: string): PathEntry[] {
  return Object.entries(paths).filter(
    ([path]) => path.startsWith(`${nested}.`) && !path.endsWith('.$*'),
  );
}

function writeOption(
  schema: SchemaInternals,
  [path, schemaType]: PathEntry,
  option: Readonly<Record<string, unknown>>,
): void {
  Object.assign(ownedBy(schema, path, schemaType).options, option);
  const names = path.split('.');
  const last = names.splice(-1).join();
  let branch = schema.tree;
  for (const name of names) branch = branch[name] as Record<string, unknown>;
  branch[last] = withOption(branch[last], option, typeKeyOf(schema));
}

/** `pick()` puts the SchemaTypes of one schema into another, where they must not carry a declaration back. */
function ownedBy(
  schema: SchemaInternals,
  path: string,
  schemaType: SchemaTypeInternals,
): SchemaTypeInternals {
  const { parentSchema } = schemaType;
  const maker = parentSchema === undefined ? schema : internalsOf(parentSchema);
  if (maker === schema || schemaTypeAt(maker, path) !== schemaType) return schemaType;
  const own = copyOf(schemaType, {
    options: { value: copyOf(schemaType.options), writable: true, enumerable: true },
  });
  schema.paths[path] = own;
  return own;
}

function copyOf<T extends object>(original: T, changed: PropertyDescriptorMap = {}): T {
  return Object.create(Object.getPrototypeOf(original) as object, {
    ...Object.getOwnPropertyDescriptors(original),
    ...changed,
  }) as T;
}

/** A definition as the tree holds it: a SchemaType, `{ type: String }`, or what may stand for `type`. */
function withOption(
  definition: unknown,
  option: Readonly<Record<string, unknown>>,
  typeKey: string,
): unknown {
  if (isSchemaType(definition)) {
    Object.assign(definition.options, option);
    return definition;
  }
  const hasType =
    typeof definition === 'object' && definition !== null && Object.hasOwn(definition, typeKey);
  return hasType ? { ...definition, ...option } : { [typeKey]: definition, ...option };
}

function isSchemaType(definition: unknown): definition is SchemaTypeInternals {
  return typeof definition === 'object' && definition !== null && 'splitPath' in definition;
}
