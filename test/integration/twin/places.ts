import { type Blueprint, type Field, type Fields, isObjectShape, type Shape } from './blueprint';

/** What of a place is encrypted, as far as docs/operations.md asks. */
export type Standing =
  /** Nothing. */
  | 'clear'
  /** The values, one by one. */
  | 'Deterministic'
  | 'Random'
  /** All of it as one value. */
  | 'whole'
  /** It stands inside a value that is encrypted as one. */
  | 'inside'
  /** Fields inside it, all of them Deterministic. */
  | 'holds Deterministic'
  /** Fields inside it, of which some are Random or whole. */
  | 'holds Random';

/** A path that operations can name, and what stands there. */
export interface Place {
  /** Dotted, with `$*` for a key of a Map and `#` for a position in an array of subdocuments, which may be left out. */
  readonly path: string;
  readonly shape: Shape;
  readonly field: Field;
  readonly standing: Standing;
  /** How many arrays of subdocuments stand above it. */
  readonly arrays: number;
  /** Only documents of the discriminator have it. */
  readonly special: boolean;
}

const STEPS: Readonly<Partial<Record<Shape['kind'], string>>> = {
  documents: '#.',
  documentMap: '$*.',
};

/** Every place of `blueprint`, containers before what they contain. */
export function placesOf({ fields, special }: Blueprint): Place[] {
  const start = { prefix: '', arrays: 0, inside: false };
  return [
    ...placesIn(fields, { ...start, special: false }),
    ...placesIn(special ?? {}, { ...start, special: true }),
  ];
}

/** The places in an element of `fields`, by paths relative to the element. */
export function placesInside(fields: Fields, inside: boolean): Place[] {
  return placesIn(fields, { prefix: '', arrays: 0, inside, special: false });
}

/** Whether `place` is an array whose elements can be told apart. */
export function isArrayPlace({ shape, standing }: Place): boolean {
  const array = shape.kind === 'list' || shape.kind === 'documents';
  return array && standing !== 'whole' && standing !== 'inside';
}

/** Whether nothing at `place` is encrypted. */
export const isClear = ({ standing }: Place): boolean => standing === 'clear';

/**
 * Whether `save()` may assign the whole of what stands at `place`, which increments the version where the twin's would not
 * (docs/operations.md, "Updates").
 */
export function isAssignedWhole({ standing, shape }: Place): boolean {
  if (shape.kind === 'scalar') return false;
  if (standing === 'whole') return true;
  const array = shape.kind === 'list' || shape.kind === 'documents';
  return array && (standing === 'Random' || standing === 'holds Random');
}

interface Surroundings {
  readonly prefix: string;
  readonly arrays: number;
  readonly inside: boolean;
  readonly special: boolean;
}

function placesIn(fields: Fields, around: Surroundings): Place[] {
  return Object.entries(fields).flatMap(([name, field]) => {
    const { shape } = field;
    const path = around.prefix + name;
    const standing = around.inside ? 'inside' : standingOf(field);
    const { arrays, special } = around;
    const place: Place = { path, shape, field, standing, arrays, special };
    return [place, ...placesBelow(place, around)];
  });
}

function placesBelow(place: Place, around: Surroundings): Place[] {
  const { shape, path, standing, field } = place;
  const inside = standing === 'whole' || standing === 'inside';
  if (shape.kind === 'map') {
    const item: Shape = { kind: 'scalar', type: shape.type };
    return [
      {
        ...place,
        path: `${path}.$*`,
        shape: item,
        field: { shape: item, seal: field.seal },
        standing: inside ? 'inside' : standing,
      },
    ];
  }
  if (!isObjectShape(shape)) return [];
  const arrays = around.arrays + (shape.kind === 'documents' ? 1 : 0);
  const prefix = `${path}.${STEPS[shape.kind] ?? ''}`;
  return placesIn(shape.fields, { ...around, prefix, arrays, inside });
}

function standingOf({ shape, seal }: Field): Standing {
  if (seal?.whole === true) return 'whole';
  if (seal !== undefined) return seal.algorithm;
  if (!isObjectShape(shape)) return 'clear';
  const inner = Object.values(shape.fields).map(standingOf);
  if (inner.every((standing) => standing === 'clear')) return 'clear';
  const random = inner.some((standing) => /Random|whole/.test(standing));
  return random ? 'holds Random' : 'holds Deterministic';
}
