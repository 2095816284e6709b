import type { Schema } from 'mongoose';
import { InvalidDeclarationError, InvalidOptionsError, NothingEncryptedError } from '../errors';
import {
  readClassFields,
  recordsFields,
  type ClassField,
  type ClassReference,
} from './class-fields';
import { checkDesignType } from './check-design-type';
import { declaredTwice, parseDeclaration, sameDeclaration, type Declaration } from './declaration';
import { internalsOf, type SchemaInternals } from './mongoose-schema';
import { schemaTypeAt, writeDeclaration, writtenAt } from './written-declarations';

/** The plugin's option `class`: a class with `@Encrypted` fields, or a function that returns one. */
export type ClassSource = ClassReference | (() => ClassReference);

/** A class's fields against a schema. */
interface Declaring {
  readonly source: ClassReference;
  readonly owner: SchemaInternals;
  /** What stands for the schema in messages. */
  readonly name: string;
}

/**
 * Records in `schema`, in place, the fields that a class declares encrypted, as if their paths said `encrypted`;
 * `name` stands for the schema in messages. Nothing is recorded without a class. Fields of superclasses that the
 * schema lacks are left to {@link checkDeclared}: a discriminator's schema gets its base's paths when it is compiled.
 *
 * @throws {InvalidOptionsError} `source` is neither a class nor a function that returns one.
 * @throws {NothingEncryptedError} The class declares nothing.
 * @throws {InvalidDeclarationError} A field is no path of the schema, has another type there, or is declared twice.
 */
export function declareFields(schema: Schema, source: ClassSource | undefined, name: string): void {
  if (source === undefined) return;
  const declaring = declaringOf(schema, source, name);
  for (const field of fieldsOf(declaring)) {
    const path = pathOf(field, declaring);
    const schemaType = schemaTypeAt(declaring.owner, path);
    if (schemaType !== undefined) {
      checkDesignType(field, schemaType, `${declaring.source.name}.${field.name}`);
    } else if (!isNested(declaring.owner, path)) {
      if (field.inherited) continue;
      throw noSuchPath(field, declaring);
    }
    recordDeclaration(field, path, declaring);
  }
}

/**
 * Checks, on the schema of a compiled model, that every field of the class, inherited ones too, is declared there.
 *
 * @throws {InvalidDeclarationError} A field has no path, or its path is declared differently or not at all.
 * @throws {InvalidOptionsError} As {@link declareFields} does.
 * @throws {NothingEncryptedError} As {@link declareFields} does.
 */
export function checkDeclared(schema: Schema, source: ClassSource, name: string): void {
  const declaring = declaringOf(schema, source, name);
  for (const field of fieldsOf(declaring)) {
    const path = pathOf(field, declaring);
    const where = `${declaring.source.name}.${field.name}`;
    if (schemaTypeAt(declaring.owner, path) === undefined && !isNested(declaring.owner, path)) {
      throw noSuchPath(field, declaring);
    }
    const written = writtenAt(declaring.owner, path);
    if (written === undefined) {
      throw new InvalidDeclarationError({
        where,
        path,
        wrong: `the path "${path}" of ${name} came into the schema after the plugin, and is not encrypted.`,
        remedy: 'Call schema.plugin() after the last schema.add(), and on the base schema as well.',
      });
    }
    const declared = parseDeclaration(written, where, path);
    if (!sameDeclaration(declared, field.declaration)) {
      throw declaredTwice(where, path, [field.declaration, declared]);
    }
  }
}

/** @throws {InvalidOptionsError} `source` is neither a class nor a function that returns one. */
function declaringOf(schema: Schema, source: ClassSource, name: string): Declaring {
  return { source: resolveClass(source, name), owner: internalsOf(schema), name };
}

/** A class's `prototype` is not writable, an arrow function has none; a class compiled to ES5 records its fields. */
function resolveClass(source: unknown, name: string): ClassReference {
  if (isClass(source)) return source;
  const returned = typeof source === 'function' ? (source as () => unknown)() : undefined;
  if (isClass(returned)) return returned;
  throw new InvalidOptionsError({
    where: name,
    wrong: "the plugin's option class is neither a class nor a function that returns one.",
    remedy:
      'Give the class that has the @Encrypted fields, or () => TheClass where it is evaluated later.',
  });
}

function isClass(value: unknown): value is ClassReference {
  if (typeof value !== 'function') return false;
  const prototype = Object.getOwnPropertyDescriptor(value, 'prototype');
  return prototype?.writable === false || recordsFields(value as ClassReference);
}

function fieldsOf({ source, name }: Declaring): ClassField[] {
  const fields = readClassFields(source);
  if (fields.length > 0) return fields;
  throw new NothingEncryptedError({
    where: name,
    wrong: `the class ${source.name} has no field with @Encrypted.`,
    remedy: 'Decorate its fields, or leave the option class out and use the path option encrypted.',
  });
}

/** A class may call a path by its alias. */
function pathOf(field: ClassField, { owner }: Declaring): string {
  return Object.hasOwn(owner.aliases, field.name) ? String(owner.aliases[field.name]) : field.name;
}

function isNested(owner: SchemaInternals, path: string): boolean {
  return Object.hasOwn(owner.nested, path);
}

function recordDeclaration(field: ClassField, path: string, { source, owner }: Declaring): void {
  const where = `${source.name}.${field.name}`;
  const written = writtenAt(owner, path);
  if (written === undefined) {
    writeDeclaration(owner, path, field.declaration);
    return;
  }
  const declared: Declaration = parseDeclaration(written, where, path);
  if (!sameDeclaration(declared, field.declaration)) {
    throw declaredTwice(where, path, [field.declaration, declared]);
  }
}

function noSuchPath(field: ClassField, { source, name }: Declaring): InvalidDeclarationError {
  return new InvalidDeclarationError({
    where: `${source.name}.${field.name}`,
    path: field.name,
    wrong: `the schema of ${name} has no path "${field.name}".`,
    remedy: 'Add the path to the schema before the plugin, or take @Encrypted off the field.',
  });
}
