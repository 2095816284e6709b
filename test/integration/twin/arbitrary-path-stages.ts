import fc from 'fast-check';
import { pathTo } from './arbitrary-filter';
import { exactScalar } from './arbitrary-values';
import { type Refusals, STAGE } from './documented';
import { allowed, oneOf } from './drawn';
import {
  type Flow,
  isWithin,
  newNameIn,
  reachableIn,
  renamedTo,
  type Steps,
  topOf,
} from './pipeline-step';
import { isArrayPlace, isClear, type Place } from './places';

/** `$project` with flags. */
export function selection({ places, order }: Flow): Steps {
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
        next: {
          order,
          places: flag === 1 ? selectedOf(places, chosen) : leftOf(places, chosen),
        },
      })),
    );
}

/** What a selection takes of a path at the top is not followed: asking for the rest finds nothing on both sides. */
const selectedOf = (places: readonly Place[], chosen: readonly Place[]): Place[] =>
  places.filter(({ path }) => chosen.some((each) => isWithin(path, headOf(each))));

const headOf = ({ path }: Place): string => path.split('.')[0] ?? '';

/**
 * What is left without `chosen`, of Maps without one key. What holds some of it is not followed: DocumentDB can compute from it as it was
 * before.
 */
function leftOf(places: readonly Place[], chosen: readonly Place[]): Place[] {
  const gone = chosen.filter(({ path }) => !path.includes('$*'));
  return places.filter(
    ({ path }) =>
      !gone.some((each) => isWithin(path, each.path)) &&
      !chosen.some((each) => isWithin(each.path, path)),
  );
}

const refusedInside = (chosen: readonly Place[]): Refusals =>
  chosen.some(({ standing }) => standing === 'inside') ? STAGE : [];

/** `$addFields` with a new name for what stands at a path, or something computed from it. */
export function renaming(flow: Flow): Steps {
  const { places, order } = flow;
  return oneOf(topOf(flow)).chain((place) => {
    const name = newNameIn(flow, 'n');
    return oneOf([
      {
        stage: allowed({ $addFields: { [name]: `$${place.path}` } }),
        next: { order, places: [...places, ...renamedTo(name, place, places)] },
      },
      {
        stage: {
          value: { $addFields: { [name]: { $ifNull: [`$${place.path}`, 'none'] } } },
          refusals: isClear(place) ? [] : STAGE,
        },
        next: undefined,
      },
    ]);
  });
}

/** `$project` and `$replaceWith` that put one or two paths under new names. */
export function extraction(flow: Flow): Steps | undefined {
  const places = reachableIn(flow);
  if (places.length === 0) return undefined;
  const [first, second] = [newNameIn(flow, 'n'), newNameIn(flow, 'm')];
  return fc
    .tuple(oneOf(places), oneOf(places), oneOf(['$project', '$replaceWith'] as const))
    .map(([one, two, name]) => ({
      stage: {
        value: { [name]: { [first]: `$${one.path}`, [second]: `$${two.path}` } },
        refusals: refusedInside([one, two]),
      },
      next: {
        order: name === '$project' || flow.order === 'none' ? flow.order : 'kept',
        places: [...renamedTo(first, one, flow.places), ...renamedTo(second, two, flow.places)],
      },
    }));
}

/** A literal on a path. */
export function writing({ places, order }: Flow): Steps {
  return oneOf(topOf({ places, order })).map((place) => ({
    stage: { value: { $set: { [place.path]: 'x' } }, refusals: isClear(place) ? [] : STAGE },
    next: { order, places: places.filter(({ path }) => !isWithin(path, place.path)) },
  }));
}

/** `$unset`. */
export function removal({ places, order }: Flow): Steps {
  return oneOf(topOf({ places, order })).map((place) => ({
    stage: allowed({ $unset: place.path }),
    next: { order, places: places.filter(({ path }) => !isWithin(path, place.path)) },
  }));
}

/** `$unwind`. Of an `_id`, DocumentDB keeps an empty array that is to be left out. */
export function unwinding(flow: Flow): Steps | undefined {
  const arrays = topOf(flow).filter(
    ({ shape }) => shape.kind === 'list' || shape.kind === 'documents',
  );
  if (arrays.length === 0) return undefined;
  return fc.tuple(oneOf(arrays), fc.boolean()).map(([array, keeps]) => ({
    stage: {
      value: {
        $unwind: {
          path: `$${array.path}`,
          preserveNullAndEmptyArrays: keeps && array.path !== '_id',
        },
      },
      refusals: isClear(array) || isArrayPlace(array) ? [] : STAGE,
    },
    next: {
      order: flow.order === 'none' ? 'none' : 'kept',
      places: flow.places.map((place) => {
        if (place === array) return elementOf(array);
        const path = place.path.replace(`${array.path}.#.`, `${array.path}.`);
        return path === place.path ? place : { ...place, path, arrays: place.arrays - 1 };
      }),
    },
  }));
}

function elementOf(array: Place): Place {
  const { shape } = array;
  if (shape.kind === 'list') return { ...array, shape: { kind: 'scalar', type: shape.type } };
  return 'fields' in shape ? { ...array, shape: { kind: 'single', fields: shape.fields } } : array;
}

/** `$replaceRoot` by a subdocument. */
export function newRoot(flow: Flow): Steps | undefined {
  const objects = topOf(flow).filter(
    ({ shape }) => shape.kind === 'single' || shape.kind === 'nested',
  );
  if (objects.length === 0) return undefined;
  return oneOf(objects).map((root) => ({
    stage: {
      value: { $replaceRoot: { newRoot: `$${root.path}` } },
      refusals: root.standing === 'whole' ? STAGE : [],
    },
    next: {
      order: flow.order === 'none' ? 'none' : 'kept',
      places: flow.places
        .filter(({ path }) => path.startsWith(`${root.path}.`))
        .map((place) => ({ ...place, path: place.path.slice(root.path.length + 1) })),
    },
  }));
}

/** `$sort` by any path. */
export const sorting = ({ places, order }: Flow): Steps =>
  oneOf(places).chain((place) =>
    fc.tuple(pathTo(place), oneOf([1, -1])).map(([path, direction]) => ({
      stage: {
        value: { $sort: { [path]: direction, _id: 1 } },
        refusals: isClear(place) ? [] : STAGE,
      },
      next: { places, order: order === 'by _id' ? order : 'none' },
    })),
  );

/** `$redact` of whole documents. DocumentDB can end at a stage behind it: none may follow. */
export function redaction(flow: Flow): Steps | undefined {
  const scalars = reachableIn(flow).filter(({ shape }) => shape.kind === 'scalar');
  if (scalars.length === 0) return undefined;
  return oneOf(scalars).chain((place) =>
    exactScalar(place.shape.kind === 'scalar' ? place.shape.type : 'String').map((value) => ({
      stage: {
        value: {
          $redact: { $cond: [{ $eq: [`$${place.path}`, value] }, '$$KEEP', '$$PRUNE'] },
        },
        refusals: isClear(place) ? [] : STAGE,
      },
      next: undefined,
    })),
  );
}
