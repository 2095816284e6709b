import fc from 'fast-check';
import { filterOn, pathTo } from './arbitrary-filter';
import type { Blueprint, Shape } from './blueprint';
import { isDeterministic, refusedAccumulator, type Refusals, STAGE } from './documented';
import { allowed, type Drawn, oneOf, weighed } from './drawn';
import { isArrayPlace, isClear, type Place, placesOf, type Standing } from './places';

/** A stage, and what the documents behind it hold; undefined where these stories follow no further. */
interface Step {
  readonly stage: Drawn<object>;
  readonly places: readonly Place[] | undefined;
}

type Steps = fc.Arbitrary<Step>;

/** Pipelines of a few stages on the documents of `blueprint`. Mongoose casts nothing of them. */
export function pipelineOn(blueprint: Blueprint): fc.Arbitrary<Drawn<object[]>> {
  const places = placesOf(blueprint).map((place) => ({ ...place, special: true }));
  const sorted = allowed<object>({ $sort: { _id: 1 } });
  return weighed<Drawn<object[]>>([9, stagesFrom(places, 3)], [1, withOthers(places)]).map(
    ({ value, refusals }) => ({ value: [sorted.value, ...value], refusals }),
  );
}

function stagesFrom(places: readonly Place[], length: number): fc.Arbitrary<Drawn<object[]>> {
  return stepOn(places).chain(({ stage, places: next }) => {
    const first = { value: [stage.value], refusals: stage.refusals };
    if (length <= 1 || next === undefined || next.length === 0) return fc.constant(first);
    return weighed<Drawn<object[]>>(
      [1, fc.constant(first)],
      [
        3,
        stagesFrom(next, length - 1).map(({ value, refusals }) => ({
          value: [stage.value, ...value],
          refusals: [...stage.refusals, ...refusals],
        })),
      ],
    );
  });
}

function stepOn(places: readonly Place[]): Steps {
  const top = places.filter(({ path }) => !path.includes('.'));
  return weighed<Step>(
    [
      4,
      filterOn(places).map(({ value, refusals }) => ({
        stage: { value: { $match: value }, refusals },
        places,
      })),
    ],
    [3, selection(places)],
    [3, oneOf(top).chain((place) => renaming(place, places))],
    [1, oneOf(top).chain((place) => writing(place, places))],
    [1, oneOf(top).map((place) => removal(place, places))],
    [3, unwinding(top, places)],
    [4, grouping(places)],
    [1, sorting(places)],
    [1, oneOf([1, 2]).map((count) => ({ stage: allowed({ $limit: count }), places }))],
    [1, fc.constant({ stage: allowed({ $count: 'count' }), places: undefined })],
    [1, newRoot(top, places)],
  );
}

/** `$project` with flags. */
function selection(places: readonly Place[]): Steps {
  return fc
    .tuple(
      fc.uniqueArray(oneOf(places), {
        minLength: 1,
        maxLength: 2,
        selector: ({ path }) => path.split('.')[0],
      }),
      oneOf([0, 1]),
    )
    .chain(([chosen, flag]) =>
      fc.tuple(...chosen.map(pathTo)).map((paths) => ({
        stage: {
          value: { $project: Object.fromEntries(paths.map((path) => [path, flag])) },
          refusals: refusedInside(chosen),
        },
        places: places.filter(({ path }) =>
          flag === 1
            ? chosen.some((each) => isWithin(path, each.path) || isWithin(each.path, path))
            : !chosen.some((each) => isWithin(path, each.path)),
        ),
      })),
    );
}

const refusedInside = (chosen: readonly Place[]): Refusals =>
  chosen.some(({ standing }) => standing === 'inside') ? STAGE : [];

const isWithin = (path: string, outer: string): boolean =>
  path === outer || path.startsWith(`${outer}.`);

/** `$addFields` with a new name for what stands at `place`, or something computed from it. */
function renaming(place: Place, places: readonly Place[]): Steps {
  const name = `n${places.length}`;
  const renamed = places
    .filter(({ path }) => isWithin(path, place.path))
    .map((each) => ({ ...each, path: name + each.path.slice(place.path.length) }));
  return oneOf<Step>([
    {
      stage: allowed({ $addFields: { [name]: `$${place.path}` } }),
      places: [...places, ...renamed],
    },
    {
      stage: {
        value: { $addFields: { [name]: { $ifNull: [`$${place.path}`, 'none'] } } },
        refusals: isClear(place) ? [] : STAGE,
      },
      places: undefined,
    },
  ]);
}

/** A literal on a path. */
function writing(place: Place, places: readonly Place[]): Steps {
  return fc.constant({
    stage: { value: { $set: { [place.path]: 'x' } }, refusals: isClear(place) ? [] : STAGE },
    places: places.filter(({ path }) => !isWithin(path, place.path)),
  });
}

const removal = (place: Place, places: readonly Place[]): Step => ({
  stage: allowed({ $unset: place.path }),
  places: places.filter(({ path }) => !isWithin(path, place.path)),
});

function unwinding(top: readonly Place[], places: readonly Place[]): Steps | undefined {
  const arrays = top.filter(({ shape }) => shape.kind === 'list' || shape.kind === 'documents');
  if (arrays.length === 0) return undefined;
  return fc.tuple(oneOf(arrays), fc.boolean()).map(([array, keeps]) => ({
    stage: {
      value: { $unwind: { path: `$${array.path}`, preserveNullAndEmptyArrays: keeps } },
      refusals: isClear(array) || isArrayPlace(array) ? [] : STAGE,
    },
    places: places.map((place) => {
      if (place === array) return elementOf(array);
      const path = place.path.replace(`${array.path}.#.`, `${array.path}.`);
      return path === place.path ? place : { ...place, path, arrays: place.arrays - 1 };
    }),
  }));
}

function elementOf(array: Place): Place {
  const { shape } = array;
  if (shape.kind === 'list') return { ...array, shape: { kind: 'scalar', type: shape.type } };
  return 'fields' in shape ? { ...array, shape: { kind: 'single', fields: shape.fields } } : array;
}

const ACCUMULATORS = ['$first', '$last', '$push', '$addToSet', '$max', '$sum'] as const;

/** `$group` and `$sortByCount` by a path, or by nothing. */
function grouping(places: readonly Place[]): Steps {
  const reachable = places.filter(({ path }) => !/[#$]/.test(path));
  const accumulators = fc.array(fc.tuple(oneOf(ACCUMULATORS), oneOf(reachable)), { maxLength: 2 });
  return fc
    .tuple(oneOf(reachable), accumulators, oneOf(['path', 'nothing', 'sortByCount'] as const))
    .map(([by, outputs, how]) => {
      const refused = how === 'nothing' ? [] : refusedKey(by);
      if (how === 'sortByCount') {
        return {
          stage: { value: { $sortByCount: `$${by.path}` }, refusals: refused },
          places: undefined,
        };
      }
      const entries = outputs.map(([name, { path }], place) => [
        name === '$addToSet' ? `set${place}` : `out${place}`,
        { [name]: `$${path}` },
      ]);
      const refusals = outputs.flatMap(([name, place]) => refusedOutput(name, place));
      return {
        stage: {
          value: {
            $group: {
              _id: how === 'nothing' ? null : `$${by.path}`,
              ...(Object.fromEntries(entries) as object),
            },
          },
          refusals: [...refused, ...refusals],
        },
        places: undefined,
      };
    });
}

const refusedKey = ({ standing }: Place): Refusals => (isDeterministic(standing) ? [] : STAGE);

function refusedOutput(name: string, { standing }: Place): Refusals {
  return standing === 'inside' ? STAGE : refusedAccumulator(name, standing);
}

const sorting = (places: readonly Place[]): Steps =>
  oneOf(places).chain((place) =>
    pathTo(place).map((path) => ({
      stage: { value: { $sort: { [path]: 1, _id: 1 } }, refusals: isClear(place) ? [] : STAGE },
      places,
    })),
  );

/** `$replaceRoot` by a subdocument. */
function newRoot(top: readonly Place[], places: readonly Place[]): Steps | undefined {
  const objects = top.filter(({ shape }) => shape.kind === 'single' || shape.kind === 'nested');
  if (objects.length === 0) return undefined;
  return oneOf(objects).map((root) => ({
    stage: {
      value: { $replaceRoot: { newRoot: `$${root.path}` } },
      refusals: root.standing === 'whole' ? STAGE : [],
    },
    places: places
      .filter(({ path }) => path.startsWith(`${root.path}.`))
      .map((place) => ({ ...place, path: place.path.slice(root.path.length + 1) })),
  }));
}

/** `$lookup` joins by fields, not by what holds some. */
function isJoinable({ kind }: Shape, standing: Standing): boolean {
  if (standing === 'clear') return true;
  return standing === 'Deterministic' && kind !== 'map';
}

/** `$facet`, `$unionWith` and `$lookup` into the same collection. */
function withOthers(places: readonly Place[]): fc.Arbitrary<Drawn<object[]>> {
  const inner = stagesFrom(places, 2);
  const joinable = places.filter(({ path, arrays }) => arrays === 0 && !/[#$]/.test(path));
  return weighed<Drawn<object[]>>(
    [
      1,
      fc.tuple(inner, inner).map(([one, two]) => ({
        value: [{ $facet: { one: one.value, two: two.value } }],
        refusals: [...one.refusals, ...two.refusals],
      })),
    ],
    [
      1,
      filterOn(places).map(({ value, refusals }) => ({
        value: [{ $unionWith: { coll: 'cases', pipeline: [{ $match: value }] } }],
        refusals,
      })),
    ],
    [
      2,
      oneOf(joinable).map(({ path, shape, standing }) => ({
        value: [{ $lookup: { from: 'cases', localField: path, foreignField: path, as: 'joined' } }],
        refusals: isJoinable(shape, standing) ? [] : STAGE,
      })),
    ],
  );
}
