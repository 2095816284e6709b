import fc from 'fast-check';
import { clauseOn, elementCondition, filterOn } from './arbitrary-filter';
import { elementValue, exactScalar, idOf, scalarValue, shapeValue } from './arbitrary-values';
import type { Blueprint, Fields, ScalarType, Shape } from './blueprint';
import { areDeclaredAlike } from './declared-alike';
import { refusedUpdate, UPDATE } from './documented';
import { allowed, type Drawn, joined, merged, oneOf, weighed } from './drawn';
import { isArrayPlace, isClear, type Place, placesInside, placesOf } from './places';

/** An update with its options, as `updateOne` takes them. */
export interface Update {
  readonly update: object;
  readonly arrayFilters?: readonly object[];
  /** What a filter must say for the positional operator `$`. */
  readonly filter?: object;
}

interface Part {
  readonly operator: string;
  readonly path: string;
  readonly operand: unknown;
  readonly arrayFilter?: object | undefined;
}

/** An update of documents with `places`, with operators or, seldom, by position or as a pipeline. */
export function updateOn(blueprint: Blueprint): fc.Arbitrary<Drawn<Update>> {
  const places = placesOf(blueprint).filter(({ special }) => !special);
  const parts = fc
    .uniqueArray(partOn(places), {
      minLength: 1,
      maxLength: 3,
      selector: ({ value: { path } }) => path.split('.')[0],
    })
    .map((drawn) => {
      const { value, refusals } = joined(drawn);
      return { value: updateOf(value), refusals };
    });
  return weighed([9, parts], [1, positionalOn(places)], [1, pipelineOn(places)]);
}

function updateOf(parts: readonly Part[]): Update {
  const update: Record<string, Record<string, unknown>> = {};
  for (const { operator, path, operand } of parts) {
    update[operator] = { ...update[operator], [path]: operand };
  }
  const arrayFilters = parts.flatMap(({ arrayFilter }) => arrayFilter ?? []);
  return arrayFilters.length === 0 ? { update } : { update, arrayFilters };
}

function partOn(places: readonly Place[]): fc.Arbitrary<Drawn<Part>> {
  return oneOf(places).chain((place) =>
    fc
      .tuple(
        targetsOf(place, places),
        weighed([9, operationOn(place)], [1, renamingOf(place, places)]),
      )
      .map(([target, { value, refusals }]): Drawn<Part> => {
        const [operator, operand] = value;
        return {
          value: { operator, operand, ...target.value },
          refusals: [...target.refusals, ...refusals],
        };
      }),
  );
}

interface UpdateTarget {
  readonly path: string;
  readonly arrayFilter?: object;
}

/** A path to `place`, with a position for each array above it. */
function targetsOf(place: Place, places: readonly Place[]): fc.Arbitrary<Drawn<UpdateTarget>> {
  const at = (position: string, key: string): string =>
    place.path.replaceAll('$*', key).replaceAll('#', position);
  const fixed = fc
    .tuple(oneOf(['0', '$[]', '$[]']), oneOf(['x', 'y']))
    .map(([position, key]) => allowed<UpdateTarget>({ path: at(position, key) }));
  return weighed<Drawn<UpdateTarget>>(
    [3, fixed],
    [
      place.arrays === 1 ? 2 : 0,
      fc
        .tuple(identified(place, places), oneOf(['x', 'y']))
        .map(([{ value: arrayFilter, refusals }, key]) => ({
          value: { path: at(`$[${identifierOf(place)}]`, key), arrayFilter },
          refusals,
        })),
    ],
  );
}

/** Each array has its own identifier. */
const identifierOf = ({ path }: Place): string => `e${path.split('.')[0] ?? ''}`;

/** A filter on the elements of the array above `place`. */
function identified(place: Place, places: readonly Place[]): fc.Arbitrary<Drawn<object>> {
  const array = places.find(({ path }) => path === place.path.split('.#')[0]);
  const byId = oneOf([101, 102]).map((id) =>
    allowed<object>({ [`${identifierOf(place)}._id`]: idOf(id) }),
  );
  if (array === undefined || !('fields' in array.shape)) return byId;
  const isInside = array.standing === 'whole' || array.standing === 'inside';
  if (isInside) return byId;
  const inner = placesInside(array.shape.fields, false).map((each) => ({ ...each, special: true }));
  const byField = clauseOn(inner).map(({ value, refusals }) => ({
    value: Object.fromEntries(
      Object.entries(value).map(([path, condition]) => [
        `${identifierOf(place)}.${path}`,
        condition as unknown,
      ]),
    ),
    refusals,
  }));
  return weighed<Drawn<object>>([1, byId], [2, byField]);
}

type Operation = Drawn<readonly [operator: string, operand: unknown]>;

function operationOn(place: Place): fc.Arbitrary<Operation> {
  const { shape } = place;
  const value = weighed([6, shapeValue(shape, scalarValue)], [1, fc.constant(null)]);
  const done = (
    operators: readonly string[],
    operand: fc.Arbitrary<unknown>,
  ): fc.Arbitrary<Operation> =>
    fc.tuple(oneOf(operators), operand).map(([operator, given]) => ({
      value: [operator, given] as const,
      refusals: refusedUpdate(place, operator, given),
    }));
  const isArray = shape.kind === 'list' || shape.kind === 'documents';
  return weighed<Operation>(
    [6, done(['$set'], value)],
    // Inside of a whole it depends on what stands beside it: upsert-defaults.test.ts.
    [place.standing === 'inside' ? 0 : 2, done(['$setOnInsert'], value)],
    [2, done(['$unset'], fc.constant(1))],
    [isArray ? 3 : 0, done(['$push', '$addToSet'], elementOrModifiers(place))],
    [isArray ? 2 : 0, isArray ? pushWithModifiers(place) : undefined],
    [isArray ? 1 : 0, done(['$pop'], oneOf([1, -1]))],
    [isArray ? 3 : 0, isArray ? pullOn(place) : undefined],
    [isArray ? 1 : 0, done(['$pullAll'], fc.array(elementOf(place), { maxLength: 2 }))],
    [isNumeric(place) ? 2 : 0, done(['$inc', '$mul', '$min', '$max'], numberFor(place))],
  );
}

/** `$rename` to a name that no schema knows, or to another place. */
function renamingOf(place: Place, places: readonly Place[]): fc.Arbitrary<Operation> {
  const goals = places.filter(
    ({ path, arrays, standing }) => arrays === 0 && standing !== 'inside' && path !== place.path,
  );
  const alike = goals.filter((goal) => !isClear(goal) && areDeclaredAlike(place, goal));
  const to = (choices: readonly Place[]): fc.Arbitrary<Operation> | undefined =>
    choices.length === 0
      ? undefined
      : oneOf(choices).map((goal) => ({
          value: ['$rename', goal.path.replaceAll('$*', 'x')] as const,
          refusals: areDeclaredAlike(place, goal) ? [] : UPDATE,
        }));
  return weighed<Operation>(
    [
      1,
      fc.constant<Operation>({
        value: ['$rename', 'renamed'],
        refusals: isClear(place) ? [] : UPDATE,
      }),
    ],
    [1, to(goals)],
    [2, to(alike)],
  );
}

function elementOf({ shape }: Place): fc.Arbitrary<unknown> {
  if (shape.kind === 'documents') return elementValue(shape.fields);
  return exactScalar(shape.kind === 'list' ? shape.type : 'String');
}

function elementOrModifiers(place: Place): fc.Arbitrary<unknown> {
  const element = elementOf(place);
  return weighed(
    [2, element],
    [
      1,
      fc.array(element, { maxLength: 3 }).map(($each) => ({
        $each,
      })),
    ],
  );
}

/** `$push` with a place, a cut or an order, of plain fields only where something is encrypted. */
function pushWithModifiers(place: Place): fc.Arbitrary<Operation> {
  const numbers = fc.record(
    { $position: oneOf([0, 1, -1]), $slice: oneOf([0, 2, -2]) },
    { requiredKeys: [], noNullPrototype: true },
  );
  return fc
    .tuple(fc.array(elementOf(place), { maxLength: 2 }), numbers, orderOf(place))
    .map(([$each, more, { value: order, refusals }]) => {
      const operand = { $each, ...more, ...order };
      return {
        value: ['$push', operand] as const,
        refusals: [...refusedUpdate(place, '$push', operand), ...refusals],
      };
    });
}

function orderOf(place: Place): fc.Arbitrary<Drawn<object>> {
  const whole = oneOf([1, -1]).map((direction) => ({
    value: { $sort: direction },
    refusals: isClear(place) ? [] : UPDATE,
  }));
  return weighed<Drawn<object>>(
    [2, fc.constant(allowed({}))],
    [1, whole],
    [2, place.shape.kind === 'documents' ? orderByField(place.shape.fields, place) : undefined],
  );
}

const orderByField = (fields: Fields, place: Place): fc.Arbitrary<Drawn<object>> =>
  fc
    .tuple(oneOf(placesInside(fields, place.standing === 'inside')), oneOf([1, -1]))
    .map(([inner, direction]) => ({
      value: {
        $sort: { [inner.path.replaceAll(/\.#/g, '').replaceAll('$*', 'x')]: direction, _id: 1 },
      },
      refusals: isClear(inner) ? [] : UPDATE,
    }));

/** A value to pull, or a condition on the elements. */
function pullOn(place: Place): fc.Arbitrary<Operation> {
  const isWhole = !isArrayPlace(place) && place.standing !== 'clear';
  const condition = elementCondition(place).map<Operation>(({ value, refusals }) => ({
    value: ['$pull', value],
    refusals: isWhole ? UPDATE : refusals,
  }));
  const element = elementOf(place).map<Operation>((value) => ({
    value: ['$pull', value],
    refusals: refusedUpdate(place, '$pull', value),
  }));
  return place.shape.kind === 'documents' ? condition : weighed([1, condition], [1, element]);
}

const NUMBERS: ReadonlySet<ScalarType> = new Set(['Number', 'Int32', 'Double']);

function isNumeric({ shape }: Place): boolean {
  return shape.kind === 'scalar' && NUMBERS.has(shape.type);
}

function numberFor({ shape }: Place): fc.Arbitrary<unknown> {
  return shape.kind === 'scalar' && shape.type !== 'Double' ? oneOf([1, 2]) : oneOf([0.5, 1]);
}

/** An element that the filter names, by the positional operator `$`. */
function positionalOn(places: readonly Place[]): fc.Arbitrary<Drawn<Update>> | undefined {
  const arrays = places.filter(
    (place) => isArrayPlace(place) && place.arrays === 0 && !place.path.includes('$*'),
  );
  if (arrays.length === 0) return undefined;
  return oneOf(arrays).chain((array) => {
    const within = places.filter(({ path }) => path.startsWith(`${array.path}.#.`));
    const inner = within.filter(({ arrays: above }) => above === 1);
    const target: fc.Arbitrary<Place> = inner.length === 0 ? fc.constant(array) : oneOf(inner);
    return fc.tuple(target, elementCondition(array)).chain(([place, condition]) => {
      const element = { ...place, shape: elementShapeOf(place, array) };
      const path = place.path.replace('.#', '.$').replaceAll('$*', 'x');
      return fc
        .tuple(shapeValue(element.shape, scalarValue), oneOf(['$set', '$unset'] as const))
        .map(([value, operator]): Drawn<Update> => ({
          value: {
            update: {
              [operator]: {
                [place === array ? `${path}.$` : path]: operator === '$set' ? value : 1,
              },
            },
            filter: { [array.path]: { $elemMatch: condition.value } },
          },
          refusals: [...condition.refusals, ...refusedUpdate(place, operator, value)],
        }));
    });
  });
}

function elementShapeOf({ shape }: Place, array: Place): Shape {
  if (shape !== array.shape) return shape;
  if (shape.kind === 'list') return { kind: 'scalar', type: shape.type };
  return 'fields' in shape ? { kind: 'single', fields: shape.fields } : shape;
}

/** Pipelines may compute plain paths from plain paths. */
function pipelineOn(places: readonly Place[]): fc.Arbitrary<Drawn<Update>> {
  const top = places.filter(({ path }) => !path.includes('.'));
  const stage = fc
    .tuple(oneOf(['$set', '$unset']), oneOf(top), oneOf(top))
    .map(([kind, to, from]): Drawn<object> => {
      const touched = kind === '$set' ? [to, from] : [to];
      return {
        value: { [kind]: kind === '$set' ? { [to.path]: `$${from.path}` } : to.path },
        refusals: touched.every(({ standing }) => standing === 'clear') ? [] : UPDATE,
      };
    });
  return fc.array(stage, { minLength: 1, maxLength: 2 }).map((stages) => {
    const { value, refusals } = joined(stages);
    return { value: { update: value }, refusals };
  });
}

/** A filter that one document meets at most, so that it is known which one is written. */
export function singleFilterOn(blueprint: Blueprint): fc.Arbitrary<Drawn<object>> {
  return fc
    .tuple(oneOf([1, 2, 5, 6]), filterOn(placesOf(blueprint)), fc.boolean())
    .map(([id, { value, refusals }, more]) => {
      const known = allowed<object>({ _id: idOf(id) });
      return more && !('_id' in value) && Object.keys(value).every((key) => !key.startsWith('$'))
        ? merged([known, { value, refusals }])
        : known;
    });
}

/** The filter of a write with `update`, which may need one of its own. */
export function filterFor(filter: Drawn<object>, { value }: Drawn<Update>): Drawn<object> {
  if (value.filter === undefined) return filter;
  const known = '_id' in filter.value ? { _id: filter.value._id } : {};
  return allowed<object>({ ...known, ...value.filter }); // what it asks is judged with the update
}
