import type { Declaration } from '../../../src/declaration/declaration';
import type {
  ArrayShape,
  LeafShape,
  MapShape,
  ModelShape,
  ObjectShape,
  SchemaShape,
  ValueShape,
} from '../../../src/declaration/schema-shape';

export const RANDOM: Declaration = { algorithm: 'Random', keyAltName: 'k', whole: false };
export const DETERMINISTIC: Declaration = { ...RANDOM, algorithm: 'Deterministic' };
export const WHOLE: Declaration = { ...RANDOM, whole: true };

export function leaf(type: string, declared?: Declaration): LeafShape {
  return { kind: 'leaf', type, declared };
}

export function array(element: ValueShape, declared?: Declaration): ArrayShape {
  return { kind: 'array', element, declared };
}

export function map(values: ValueShape, declared?: Declaration): MapShape {
  return { kind: 'map', values, declared };
}

export function schema(
  children: Readonly<Record<string, ValueShape>>,
  reserved: SchemaShape['reserved'] = [],
): SchemaShape {
  return { children: new Map(Object.entries(children)), reserved };
}

export function object(
  children: Readonly<Record<string, ValueShape>>,
  declared?: Declaration,
): ObjectShape {
  return { kind: 'object', schemas: [schema(children)], declared };
}

export function model(
  children: Readonly<Record<string, ValueShape>>,
  more: Partial<ModelShape> & Partial<Pick<SchemaShape, 'reserved'>> = {},
): ModelShape {
  const { reserved, ...facts } = more;
  return {
    schema: schema(children, reserved),
    versionKey: '__v',
    collation: false,
    indexes: [],
    searchIndexes: [],
    ...facts,
  };
}
