import type { SearchIndexShape } from '../declaration/schema-shape';
import { indexError } from './check-indexes';
import type { ObjectNode } from './encryption-plan';
import type { PlanPlace } from './plan-place';
import { fieldsBelow, fieldsTouched } from './resolve-path';

/**
 * Checks the Atlas Search and Vector Search indexes of a model against its plan.
 *
 * Source: MongoDB Atlas, "Define Field Mappings" (`mappings.dynamic`, `mappings.fields`) and "Index Fields for Vector
 * Search" (`fields[].path`).
 *
 * @throws {InvalidDeclarationError} One of them covers an encrypted field.
 */
export function checkSearchIndexes(
  indexes: readonly SearchIndexShape[],
  root: ObjectNode,
  place: PlanPlace,
): void {
  for (const index of indexes) {
    const { mappings, fields } = read(index['definition']);
    const vectors = Array.isArray(fields) ? fields.map((each) => read(each)['path']) : [];
    const paths = [...vectors.map(String), ...pathsMapped(mappings, '')];
    const [field] = paths.flatMap((path) =>
      path === '' ? fieldsBelow(root) : fieldsTouched(root, path),
    );
    if (field === undefined) continue;
    const fault = [
      'a search index covers it, and cannot read ciphertext',
      'Map the clear paths by name, with dynamic: false around the encrypted ones.',
    ] as const;
    throw indexError(fault, field, place);
  }
}

/** The paths that a mapping covers, each with everything below it; the empty path is the whole document. */
function pathsMapped(mapping: unknown, path: string): string[] {
  const { dynamic, fields } = read(mapping);
  if (dynamic) return [path];
  if (typeof fields !== 'object' || fields === null) return [];
  return Object.entries(fields).flatMap(([name, definitions]) => {
    const inside = path === '' ? name : `${path}.${name}`;
    return [definitions]
      .flat()
      .flatMap((definition: unknown) =>
        isContainer(definition) ? pathsMapped(definition, inside) : [inside],
      );
  });
}

function isContainer(definition: unknown): boolean {
  const { type } = read(definition);
  return type === 'document' || type === 'embeddedDocuments';
}

function read(value: unknown): Partial<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? value : {};
}
