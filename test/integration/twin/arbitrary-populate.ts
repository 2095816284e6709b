import fc from 'fast-check';
import { blueprint } from './arbitrary-blueprint';
import { filterOn } from './arbitrary-filter';
import { flagsOf } from './arbitrary-reads';
import type { Blueprint, Field, Join, Seal } from './blueprint';
import { allowed, type Drawn, joined, oneOf, weighed } from './drawn';
import { type Place, placesOf } from './places';

/** Documents, with what one of their paths refers to. */
export interface Populating {
  readonly how: 'find' | 'lean' | 'findOne' | 'cursor' | 'later';
  readonly filter: object;
  readonly populate: {
    readonly path: string;
    readonly match?: object;
    readonly select?: object;
    readonly options: object;
  };
}

const sealOfReference = weighed<Seal | undefined>(
  [1, fc.constant(undefined)],
  [3, oneOf<Seal>([{ algorithm: 'Deterministic', keyAltName: 'one' }])],
  [2, oneOf<Seal>([{ algorithm: 'Random', keyAltName: 'two' }])],
);

const reference = (kind: 'scalar' | 'list'): fc.Arbitrary<Field> =>
  sealOfReference.map((seal) => ({ shape: { kind, type: 'ObjectId', ref: true }, seal }));

/** Schemas with references, of which some are encrypted, and with virtuals. */
export const referringBlueprint: fc.Arbitrary<Blueprint> = fc
  .tuple(blueprint, reference('scalar'), reference('list'))
  .map(([drawn, one, many]) => ({ ...drawn, fields: { ...drawn.fields, one, many } }))
  .chain((drawn) => {
    const pairs = pairsIn(placesOf({ ...drawn, special: undefined }));
    const join = fc.record({
      pair: oneOf(pairs),
      justOne: fc.boolean(),
      count: weighed([3, fc.constant(false)], [1, fc.constant(true)]),
    });
    return fc.array(join, { minLength: 1, maxLength: 2 }).map((joins) => ({
      ...drawn,
      joins: joins.map(({ pair: [localField, foreignField], ...more }, place): Join => ({
        name: `virtual${place}`,
        localField,
        foreignField,
        ...more,
      })),
    }));
  });

/** Fields by which documents can be found: of the same type, and equal where values are. */
function pairsIn(places: readonly Place[]): [local: string, foreign: string][] {
  const fields = places.filter(
    ({ path, shape }) => !/[#$]/.test(path) && (shape.kind === 'scalar' || shape.kind === 'list'),
  );
  const typed = [
    { path: '_id', type: 'ObjectId', isForeign: true },
    ...fields.flatMap(({ path, shape, standing }) =>
      'type' in shape
        ? [{ path, type: shape.type, isForeign: /^(clear|Deterministic)$/.test(standing) }]
        : [],
    ),
  ];
  return typed.flatMap((local) =>
    typed
      .filter(({ type, isForeign }) => isForeign && type === local.type)
      .map((foreign): [string, string] => [local.path, foreign.path]),
  );
}

/** A question with `populate`. */
export function populatingOf(drawn: Blueprint): fc.Arbitrary<Drawn<Populating>> {
  const places = placesOf(drawn);
  const paths = ['one', 'many', ...(drawn.joins ?? []).map(({ name }) => name)];
  const match = weighed<Drawn<{ readonly match?: object }>>(
    [2, fc.constant(allowed({}))],
    [2, filterOn(places).map(({ value, refusals }) => ({ value: { match: value }, refusals }))],
  );
  const select = weighed<Drawn<{ readonly select?: object }>>(
    [3, fc.constant(allowed({}))],
    [1, flagsOf(places).map(({ value, refusals }) => ({ value: { select: value }, refusals }))],
  );
  return fc
    .tuple(
      oneOf(['find', 'lean', 'findOne', 'cursor', 'later'] as const),
      filterOn(places),
      oneOf(paths),
      match,
      select,
    )
    .map(([how, filter, path, matched, selected]) => ({
      value: {
        how,
        filter: filter.value,
        populate: { path, ...matched.value, ...selected.value, options: { sort: { _id: 1 } } },
      },
      refusals: joined<unknown>([filter, matched, selected]).refusals,
    }));
}
