import { InvalidDeclarationError } from '../errors';
import { internalsOf, isSchema } from './mongoose-schema';
import { ENCRYPTED } from './path-options';

/** Options of a path that are no part of its definition: its own declaration, which is read, and a value. */
const NO_DEFINITIONS: ReadonlySet<string> = new Set([ENCRYPTED, 'default']);

/**
 * Refuses a definition with declarations inside that Mongoose takes for Mixed, as it does with `{ type: Map, of: { type: { … } } }` and
 * with an object among the members of a Union: what they declare would be stored in clear.
 *
 * @throws {InvalidDeclarationError} `options`, those of a Mixed path, hold such a definition.
 */
export function refuseDropped(
  options: Readonly<Record<string, unknown>>,
  { name, path }: { readonly name: string; readonly path: string },
): void {
  const seen = new Set<unknown>();
  for (const [key, option] of Object.entries(options)) {
    const dropped = NO_DEFINITIONS.has(key) ? undefined : declarationIn(option, [key], seen);
    if (dropped === undefined) continue;
    throw new InvalidDeclarationError({
      where: `${name}.${path}`,
      path,
      wrong: `Mongoose takes the definition for Mixed and drops what is declared in it, at ${dropped.join('.')}.`,
      remedy: 'Write the object inside as a Schema of its own, as in `of: new Schema({ … })`.',
    });
  }
}

/** Where the first declaration in `definition` stands, each object looked at once. */
function declarationIn(
  definition: unknown,
  keys: readonly string[],
  seen: Set<unknown>,
): readonly string[] | undefined {
  if (!isDefinition(definition) || seen.has(definition)) return undefined;
  seen.add(definition);
  if (isDeclaration(definition[ENCRYPTED])) return keys;
  for (const [key, inner] of Object.entries(partsOf(definition))) {
    const found = declarationIn(inner, [...keys, key], seen);
    if (found !== undefined) return found;
  }
  return undefined;
}

type Definition = Readonly<Record<string, unknown>>;

/** Whether `value` is a plain object, an array or a Schema; none of them is recognised by class. */
function isDefinition(value: unknown): value is Definition {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value) || isSchema(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** What stands in a definition, by its key; in a Schema, the options of its paths. */
function partsOf(definition: Definition): Definition {
  if (!isSchema(definition)) return definition;
  const paths = Object.entries(internalsOf(definition).paths);
  return Object.fromEntries(paths.map(([path, { options }]) => [path, { ...options }]));
}

function isDeclaration(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'algorithm' in value;
}
