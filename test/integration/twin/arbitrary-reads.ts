import { inspect } from 'node:util';
import fc from 'fast-check';
import { clauseOn, filterOn, pathTo } from './arbitrary-filter';
import type { Blueprint } from './blueprint';
import { isDeterministic, OPERATION, type Refusals } from './documented';
import { allowed, type Drawn, joined, merged, oneOf, weighed } from './drawn';
import { isArrayPlace, isClear, type Place, placesInside, placesOf } from './places';

export const READERS = ['find', 'lean', 'findOne', 'cursor', 'leanCursor', 'stream'] as const;

/** A question that is answered with documents. */
export interface Reading {
  readonly kind: 'read';
  readonly how: (typeof READERS)[number];
  readonly filter: object;
  readonly select: object | string;
  readonly sort: object;
  readonly skip: number;
  readonly limit: number;
}

/** One question. */
export type Question =
  | Reading
  | { readonly kind: 'count' | 'exists'; readonly filter: object }
  | { readonly kind: 'distinct'; readonly filter: object; readonly path: string }
  | { readonly kind: 'aliased'; readonly filter: object };

/** A question about nothing but the filter. */
export function filterQuestion(blueprint: Blueprint): fc.Arbitrary<Drawn<Question>> {
  const places = placesOf(blueprint);
  return filterOn(places).map(({ value: filter, refusals }) => ({
    value: { kind: 'read', how: 'lean', filter, select: {}, sort: { _id: 1 }, skip: 0, limit: 0 },
    refusals,
  }));
}

/** A question to the models of `blueprint`. */
export function questionTo(blueprint: Blueprint): fc.Arbitrary<Drawn<Question>> {
  const places = placesOf(blueprint);
  return weighed<Drawn<Question>>(
    [8, readingOf(places)],
    [1, countOf(places)],
    [2, distinctOf(places)],
    [1, aliasedOf(places)],
  );
}

const readingOf = (places: readonly Place[]): fc.Arbitrary<Drawn<Question>> =>
  fc
    .tuple(
      fc.record({ how: oneOf(READERS), skip: oneOf([0, 0, 1]), limit: oneOf([0, 0, 1, 2]) }),
      filterOn(places),
      selectionOf(places),
      sortOf(places),
    )
    .map(([options, filter, select, sort]) => ({
      value: {
        kind: 'read',
        ...options,
        filter: filter.value,
        select: select.value,
        sort: sort.value,
      },
      refusals: joined<unknown>([filter, select, sort]).refusals,
    }));

const countOf = (places: readonly Place[]): fc.Arbitrary<Drawn<Question>> =>
  fc
    .tuple(oneOf(['count', 'exists'] as const), filterOn(places))
    .map(([kind, { value: filter, refusals }]) => ({ value: { kind, filter }, refusals }));

const distinctOf = (places: readonly Place[]): fc.Arbitrary<Drawn<Question>> =>
  oneOf(places).chain((place) =>
    fc.tuple(pathTo(place), filterOn(places)).map(([path, filter]) => ({
      value: { kind: 'distinct', path, filter: filter.value },
      refusals: [...filter.refusals, ...(isDeterministic(place.standing) ? [] : OPERATION)],
    })),
  );

/** Aliases are names of Mongoose, which it translates when asked to. */
function aliasedOf(places: readonly Place[]): fc.Arbitrary<Drawn<Question>> | undefined {
  const named = places.filter(
    ({ path, field }) => field.traits?.alias !== undefined && !path.includes('.'),
  );
  if (named.length === 0) return undefined;
  return oneOf(named).chain((place) =>
    clauseOn([place]).map(({ value, refusals }) => ({
      value: {
        kind: 'aliased' as const,
        filter: { [place.field.traits?.alias ?? '']: Object.values(value)[0] as unknown },
      },
      refusals,
    })),
  );
}

/** Sorting by plain paths; `_id` makes the order known. */
const sortOf = (places: readonly Place[]): fc.Arbitrary<Drawn<object>> =>
  weighed<Drawn<object>>(
    [5, fc.constant(allowed({ _id: 1 }))],
    [
      1,
      fc.tuple(oneOf(places), oneOf([1, -1])).chain(([place, direction]) =>
        pathTo(place).map((path) => ({
          value: { [path]: direction, _id: 1 },
          refusals: isClear(place) ? [] : OPERATION,
        })),
      ),
    ],
  );

/** A projection, in the forms of Mongoose. */
export const selectionOf = (places: readonly Place[]): fc.Arbitrary<Drawn<object | string>> =>
  weighed<Drawn<object | string>>(
    [4, fc.constant(allowed({}))],
    [4, flagsOf(places)],
    [1, flagsOf(places).map(({ value, refusals }) => ({ value: inWords(value), refusals }))],
    [2, cutOf(places)],
  );

export const flagsOf = (places: readonly Place[]): fc.Arbitrary<Drawn<object>> =>
  fc
    .tuple(
      fc.uniqueArray(oneOf(places), {
        minLength: 1,
        maxLength: 3,
        selector: ({ path }) => path.split('.')[0],
      }),
      oneOf<unknown>([0, 1, true, false]),
    )
    .chain(([chosen, flag]) =>
      fc.tuple(...chosen.map(pathTo)).map((paths) => ({
        value: Object.fromEntries(paths.map((path) => [path, flag])),
        refusals: chosen.some(({ standing }) => standing === 'inside') ? OPERATION : [],
      })),
    );

/** `'a b'`, `'-a'`; a `+` selects what the schema deselects. */
function inWords(flags: object): string {
  return Object.entries(flags)
    .map(([path, flag]) => (Number(flag) === 0 ? `-${path}` : path))
    .join(' ');
}

/** `$slice` and `$elemMatch` of arrays. */
function cutOf(places: readonly Place[]): fc.Arbitrary<Drawn<object>> | undefined {
  const arrays = places.filter(
    ({ shape, arrays: above }) =>
      (shape.kind === 'list' || shape.kind === 'documents') && above === 0,
  );
  if (arrays.length === 0) return undefined;
  return oneOf(arrays).chain((place) => {
    const path = place.path.replaceAll('$*', 'x');
    const refusals = isClear(place) || isArrayPlace(place) ? [] : OPERATION;
    const slice = oneOf<unknown>([1, -1, [1, 1]]).map((operand) => ({
      value: { [path]: { $slice: operand } },
      refusals,
    }));
    const match = place.path.includes('.') ? undefined : matchOf(place, refusals);
    return weighed<Drawn<object>>([1, slice], [1, match]);
  });
}

/**
 * Mongoose sends the error where it cannot cast such a condition; the encrypted model ends with it. Where a type has no `$gt`, nothing of
 * the error can be sent, and both select everything.
 */
const exactly = (places: readonly Place[]): Place[] =>
  places.map((place) => ({ ...place, special: true }));

function matchOf(place: Place, refusals: Refusals): fc.Arbitrary<Drawn<object>> | undefined {
  if (place.shape.kind !== 'documents') return undefined;
  const inside = place.standing === 'whole' || place.standing === 'inside';
  return fc
    .array(clauseOn(exactly(placesInside(place.shape.fields, inside))), {
      minLength: 1,
      maxLength: 2,
    })
    .map(merged)
    .filter(({ value }) => !/\$[gl]te?\b/.test(inspect(value, { depth: Infinity })))
    .map((condition) => ({
      value: { [place.path]: { $elemMatch: condition.value } },
      refusals: inside ? refusals : condition.refusals,
    }));
}
