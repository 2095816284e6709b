import type { Schema } from 'mongoose';
import { markAtOrigin } from '../declaration/late-declarations';
import type { AnyModel } from './native-collection';

/** A schema with the discriminators that hang on it (Mongoose 9.12, lib/helpers/model/discriminator.js). */
export type DiscriminatedSchema = Schema & {
  readonly discriminators?: Readonly<Record<string, Schema>>;
};

/** What the plan of `family` is built of, by identity: every SchemaType with its declaration, and every index, of all schemas within. */
export function partsOf(family: readonly AnyModel[]): readonly unknown[] {
  const parts: unknown[] = [];
  everyPart(family, (part) => {
    parts.push(part);
    return true;
  });
  return parts;
}

/** Whether `parts` are still what the plan of `family` is built of. Every command asks: nothing is made to answer it. */
export function isBuiltOf(family: readonly AnyModel[], parts: readonly unknown[]): boolean {
  let place = 0;
  const isWhole = everyPart(family, (part) => {
    const isAsBefore = part === parts[place];
    place += 1;
    return isAsBefore;
  });
  return isWhole && place === parts.length;
}

/** Looks at a part; false ends the walk. */
type Visit = (part: unknown) => boolean;

/** Whether `visit` says yes to every part. */
function everyPart(family: readonly AnyModel[], visit: Visit): boolean {
  const seen: Schema[] = [];
  for (const { schema } of family) if (!everyPartOf(schema as Schema, visit, seen)) return false;
  return true;
}

function everyPartOf(schema: DiscriminatedSchema, visit: Visit, seen: Schema[]): boolean {
  if (seen.includes(schema)) return true;
  seen.push(schema);
  const { _indexes: indexes } = schema as unknown as { readonly _indexes: readonly unknown[] };
  for (const index of indexes) if (!visit(index)) return false;
  for (const path of Object.keys(schema.paths)) {
    if (!everyPartOfPath(schema, path, visit)) return false;
  }
  for (const { schema: child } of schema.childSchemas) {
    if (!everyPartOf(child, visit, seen)) return false;
  }
  for (const child of Object.values(schema.discriminators ?? {})) {
    if (!everyPartOf(child, visit, seen)) return false;
  }
  return true;
}

function everyPartOfPath(schema: Schema, path: string, visit: Visit): boolean {
  const schemaType = schema.paths[path];
  const { encrypted, encryptedWithin } = schemaType?.options as Record<string, unknown>;
  return (
    visit(schemaType) &&
    visit(encrypted) &&
    visit(encryptedWithin) &&
    visit(markAtOrigin(schema, path))
  );
}
