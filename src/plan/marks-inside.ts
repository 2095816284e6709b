import type { SchemaShape, ValueShape } from '../declaration/schema-shape';

/** The names that lead from `value` to the first path inside it that is declared encrypted; undefined without one. */
export function declaredInside(value: ValueShape): string | undefined {
  return firstInside(value, { isMarked: (each) => each.declared !== undefined, seen: new Set() });
}

/** The same for Mongoose's own option `encrypt`. */
export function automaticInside(value: ValueShape): string | undefined {
  return firstInside(value, { isMarked: (each) => each.automatic === true, seen: new Set() });
}

interface Search {
  readonly isMarked: (value: ValueShape) => boolean;
  /** Recursive schemas come round again. */
  readonly seen: Set<SchemaShape>;
}

function firstInside(value: ValueShape, search: Search): string | undefined {
  for (const [name, inside] of valuesInside(value, search.seen)) {
    if (search.isMarked(inside)) return name;
    const deeper = firstInside(inside, search);
    if (deeper !== undefined) return [name, deeper].filter((part) => part !== '').join('.');
  }
  return undefined;
}

function* valuesInside(
  value: ValueShape,
  seen: Set<SchemaShape>,
): Generator<readonly [string, ValueShape]> {
  switch (value.kind) {
    case 'leaf':
      for (const member of value.members ?? []) yield ['', member];
      return;
    case 'array':
      yield ['', value.element];
      return;
    case 'map':
      yield ['$*', value.values];
      return;
    case 'object':
      for (const schema of value.schemas) {
        if (seen.has(schema)) continue;
        seen.add(schema);
        yield* schema.children;
      }
  }
}
