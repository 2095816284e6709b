import type { Schema } from 'mongoose';
import { InvalidDeclarationError } from '../errors';
import { internalsOf, isSchema } from './mongoose-schema';
import { markAt } from './written-declarations';

/**
 * Refuses a schema that was copied from another before that one took a declaration: the copy would stay clear. Mongoose copies a schema
 * where it is told to, and where one may not expect it: in `discriminator()` of a path, and in `{ type: child, _id: false }`.
 *
 * @throws {InvalidDeclarationError} `schema` is such a copy.
 */
export function checkCopy(schema: Schema, name: string): void {
  const owner = internalsOf(schema);
  const paths = Object.keys(owner.paths);
  const forgotten = paths.find(
    (path) => markAt(owner, path) === undefined && markAtOrigin(schema, path) !== undefined,
  );
  if (forgotten === undefined) return;
  throw new InvalidDeclarationError({
    where: name,
    path: forgotten,
    wrong: `a schema with the paths ${paths.join(', ')} was copied before "${forgotten}" was declared encrypted.`,
    remedy:
      'Call plugin() with the class before the schema goes into a parent, into discriminator(), or through clone(), omit() or new Schema().',
  });
}

/**
 * What the schema that `schema`, or its path, was made of says of the path now; undefined where it says nothing, or where there is no
 * such schema. `add()` leaves no trace of the schema that was added.
 */
export function markAtOrigin(schema: Schema, path: string, seen?: Set<Schema>): unknown {
  const origins = originsOf(schema, path);
  if (origins.length === 0) return undefined;
  const visited = seen ?? new Set([schema]);
  for (const origin of origins.filter((each) => !visited.has(each))) {
    visited.add(origin);
    const mark = markAt(internalsOf(origin), path) ?? markAtOrigin(origin, path, visited);
    if (mark !== undefined) return mark;
  }
  return undefined;
}

const NOTHING: readonly Schema[] = [];

/**
 * Source: Mongoose 9.12.1, lib/schemaType.js, `clone`: a SchemaType keeps its first `parentSchema`; lib/schema.js, `Schema` and `omit`:
 * what a schema is made of is its `obj`.
 */
function originsOf(schema: Schema, path: string): readonly Schema[] {
  const { obj, paths } = internalsOf(schema);
  const parent = Object.hasOwn(paths, path) ? paths[path]?.parentSchema : undefined;
  const isCopied = parent !== undefined && parent !== schema;
  if (!isCopied && !Array.isArray(obj) && !isSchema(obj)) return NOTHING; // most are; every command asks
  const origins = (Array.isArray(obj) ? (obj as unknown[]) : [obj]).filter(isSchema);
  if (isCopied) origins.push(parent);
  return origins;
}
