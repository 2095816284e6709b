import fc from 'fast-check';
import { elementValue, exactScalar, idOf, scalarValue, shapeValue } from './arbitrary-values';
import type { Shape } from './blueprint';
import { FILTER, refusedFilter } from './documented';
import { allowed, type Drawn, joined, merged, oneOf, weighed } from './drawn';
import { type Place, placesInside } from './places';

/** A condition on one place, as the value of its path. */
type Condition = Drawn<unknown>;

/** A filter on documents with `places`. */
export function filterOn(places: readonly Place[]): fc.Arbitrary<Drawn<object>> {
  const clause = clauseOn(places);
  return weighed(
    [1, fc.constant(allowed<object>({}))],
    [2, oneOf([1, 2, 3, 4]).map((id) => allowed<object>({ _id: idOf(id) }))],
    [8, clause],
    [
      2,
      fc
        .tuple(oneOf(['$and', '$or', '$nor']), fc.array(clause, { minLength: 1, maxLength: 3 }))
        .map(([operator, clauses]) => {
          const { value, refusals } = joined(clauses);
          return { value: { [operator]: value }, refusals };
        }),
    ],
  );
}

/** A clause with one path. */
export function clauseOn(places: readonly Place[]): fc.Arbitrary<Drawn<object>> {
  return oneOf(places).chain((place) =>
    fc
      .tuple(pathTo(place), conditionOn(place))
      .map(([path, { value, refusals }]) => ({ value: { [path]: value }, refusals })),
  );
}

/** A path to `place`: through Maps by one of their keys. */
export function pathTo({ path }: Place): fc.Arbitrary<string> {
  return oneOf(['x', 'y']).map((key) => path.replaceAll('$*', key).replaceAll('.#', ''));
}

/** A condition on `place`: a value, or an operator with its operand. */
export function conditionOn(place: Place): fc.Arbitrary<Condition> {
  return weighed(
    [4, comparedWith(place).map((value) => judged(place, meaningOf(place, value), value, value))],
    [6, operatorOn(place)],
    [
      1,
      operatorOn(place).map(({ value, refusals }) => ({
        value: { $not: value },
        refusals: [...refusals, ...refusedFilter(place, '$not', value)],
      })),
    ],
    [
      1,
      place.shape.kind === 'scalar' && place.shape.type === 'String' ? patternOn(place) : undefined,
    ],
  );
}

/** Mongoose takes an array for a list of values where the schema has no array. */
function meaningOf({ shape, special }: Place, value: unknown): string {
  return shape.kind === 'mixed' && !special && Array.isArray(value) ? '$in' : '$eq';
}

function operatorOn(place: Place): fc.Arbitrary<Condition> {
  const value = comparedWith(place);
  const values = fc.array(value, { minLength: 1, maxLength: 3 });
  const list = place.shape.kind === 'list' || place.shape.kind === 'documents';
  const withOperand = (
    operators: readonly string[],
    operand: fc.Arbitrary<unknown>,
  ): fc.Arbitrary<Condition> =>
    fc
      .tuple(oneOf(operators), operand)
      .map(([operator, given]) => judged(place, operator, given, { [operator]: given }));
  return weighed(
    [3, withOperand(['$eq', '$ne'], value)],
    [3, withOperand(['$in', '$nin'], values)],
    [2, withOperand(['$exists'], fc.boolean())],
    [1, withOperand(['$all'], values)],
    [1, withOperand(['$gt', '$gte', '$lt', '$lte'], value)],
    [list ? 1 : 0, withOperand(['$size'], fc.integer({ min: 0, max: 2 }))],
    [list ? 2 : 0, list ? elementMatch(place) : undefined],
    [1, withOperand(['$type'], fc.constant('string'))],
  );
}

function elementMatch(place: Place): fc.Arbitrary<Condition> {
  return elementCondition(place).map(({ value, refusals }) => ({
    value: { $elemMatch: value },
    refusals: [...refusals, ...refusedFilter(place, '$elemMatch', value)],
  }));
}

/** What an element of an array must meet. */
export function elementCondition({ shape, field, standing }: Place): fc.Arbitrary<Drawn<object>> {
  if (shape.kind === 'documents') {
    const inside = standing === 'whole' || standing === 'inside';
    const places = placesInside(shape.fields, inside);
    return fc.array(clauseOn(places), { minLength: 1, maxLength: 2 }).map(merged);
  }
  const type = shape.kind === 'list' ? shape.type : 'String';
  const element: Place = {
    path: '',
    shape: { kind: 'scalar', type },
    field,
    standing,
    arrays: 0,
    special: false,
  };
  return fc
    .tuple(oneOf(['$eq', '$ne']), exactScalar(type))
    .map(([operator, value]) => judged(element, operator, value, { [operator]: value }))
    .map(({ value, refusals }) => ({ value: value as object, refusals }));
}

function patternOn(place: Place): fc.Arbitrary<Condition> {
  const refusals = place.standing === 'clear' ? [] : FILTER;
  return fc.constantFrom<unknown[]>(/^x/, { $regex: 'x' }, { $in: [/y/] }).map((value) => ({
    value,
    refusals,
  }));
}

/** Mongoose casts what it finds in the schema: of a discriminator, only where the filter names it; in Maps and nested paths, nothing. */
function comparedWith({ path, shape, special }: Place): fc.Arbitrary<unknown> {
  const isCast = !special && !path.includes('$*') && !holdsNested(shape);
  const item = isCast ? scalarValue : exactScalar;
  switch (shape.kind) {
    case 'list':
      return weighed(
        [3, item(shape.type)],
        [1, fc.array(exactScalar(shape.type), { maxLength: 2 })],
      );
    case 'documents':
      return weighed([1, fc.constant(null)], [2, elementValue(shape.fields)]);
    default:
      return weighed([1, fc.constant(null)], [5, shapeValue(shape, item)]);
  }
}

function holdsNested(shape: Shape): boolean {
  if (!('fields' in shape)) return false;
  return (
    shape.kind !== 'single' || Object.values(shape.fields).some((each) => holdsNested(each.shape))
  );
}

function judged(place: Place, operator: string, operand: unknown, value: unknown): Condition {
  return { value, refusals: refusedFilter(place, operator, operand) };
}
