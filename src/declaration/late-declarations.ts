import { InvalidDeclarationError } from '../errors';
import type { SchemaInternals } from './mongoose-schema';
import { ENCRYPTED, ENCRYPTED_WITHIN } from './path-options';

/** The `$id`s of the schemas that took declarations from a class, by the definition they share with their clones. */
const DECLARED = new WeakMap<object, Set<number>>();

/** Remembers that `schema` took declarations from a class. */
export function rememberDeclared({ obj, $id }: SchemaInternals): void {
  if (obj === undefined) return;
  DECLARED.set(obj, (DECLARED.get(obj) ?? new Set()).add($id));
}

/**
 * Refuses a schema that Mongoose cloned into its parent before it took its declarations: `{ type: child, _id: false }`
 * clones at once (Mongoose 9.12.1, lib/helpers/schema/handleIdOption.js), and the clone would stay clear.
 *
 * @throws {InvalidDeclarationError} `schema` is such a clone.
 */
export function checkCopy(schema: SchemaInternals, name: string): void {
  const { obj, $originalSchemaId, paths } = schema;
  if (obj === undefined || $originalSchemaId === undefined) return;
  if (DECLARED.get(obj)?.has($originalSchemaId) !== true) return;
  const isDeclared = Object.values(paths).some(
    ({ options }) => (options[ENCRYPTED] ?? options[ENCRYPTED_WITHIN]) !== undefined,
  );
  if (isDeclared) return;
  throw new InvalidDeclarationError({
    where: name,
    wrong: `a schema with the paths ${Object.keys(paths).join(', ')} was copied before the plugin declared its fields.`,
    remedy: 'Call plugin() on the schema of a subdocument before it goes into its parent.',
  });
}
