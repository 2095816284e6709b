import fc from 'fast-check';
import { filterOn } from './arbitrary-filter';
import { areDeclaredAlike } from './declared-alike';
import { isDeterministic, type Refusals, STAGE } from './documented';
import { type Drawn, oneOf, weighed } from './drawn';
import type { Flow, Steps } from './pipeline-step';
import { isClear, type Place } from './places';

/** Whether `$lookup` and `$graphLookup` can join by two places: by fields, not by what holds some. */
function isJoinable(own: Place, other: Place): boolean {
  if (isClear(own) && isClear(other)) return true;
  return [own, other].every(isSingle) && declarationOf(own) === declarationOf(other);
}

const isSingle = ({ shape, standing }: Place): boolean =>
  standing === 'Deterministic' && shape.kind !== 'map';

/** Arrays are joined by their elements. */
const declarationOf = ({ shape, field: { seal } }: Place): string =>
  JSON.stringify(['type' in shape && shape.type, seal?.algorithm, seal?.keyAltName]);

const refusedJoin = (own: Place, other: Place): Refusals => (isJoinable(own, other) ? [] : STAGE);

/** A stage that joins documents of the same collection, and all of them as `joined`. */
export function joining(flow: Flow): Steps | undefined {
  const { places } = flow;
  const joinable = places.filter(({ path, arrays }) => arrays === 0 && !/[#$]/.test(path));
  if (joinable.length === 0) return undefined;
  const likes = likesIn(joinable);
  const pair = weighed<[Place, Place]>(
    [3, oneOf(joinable).map((place) => [place, place])],
    [1, fc.tuple(oneOf(joinable), oneOf(joinable))],
    [2, likes.length === 0 ? undefined : oneOf(likes)],
  );
  const stage = weighed<Drawn<object>>(
    [2, pair.map(lookup)],
    [2, fc.tuple(pair, filterOn(places)).map(([sides, filter]) => lookupThen(sides, filter))],
    [1, pair.map(lookupByVariable)],
    [2, fc.tuple(pair, filterOn(places), fc.boolean()).map(graphLookup)],
  );
  const within = places.map((place) => ({
    ...place,
    path: `joined.#.${place.path}`,
    arrays: place.arrays + 1,
  }));
  return stage.map((drawn) => ({
    stage: drawn,
    next: { ...flow, places: [...places, ...within] },
  }));
}

/** Different encrypted places that are declared alike. */
const likesIn = (places: readonly Place[]): [Place, Place][] =>
  places.flatMap((one) =>
    places
      .filter((other) => other !== one && !isClear(one) && isJoinable(one, other))
      .map((other): [Place, Place] => [one, other]),
  );

const lookup = ([own, other]: [Place, Place]): Drawn<object> => ({
  value: {
    $lookup: { from: 'cases', localField: own.path, foreignField: other.path, as: 'joined' },
  },
  refusals: refusedJoin(own, other),
});

const lookupThen = (
  [own, other]: [Place, Place],
  { value: filter, refusals }: Drawn<object>,
): Drawn<object> => ({
  value: {
    $lookup: {
      from: 'cases',
      localField: own.path,
      foreignField: other.path,
      pipeline: [{ $match: filter }],
      as: 'joined',
    },
  },
  refusals: [...refusedJoin(own, other), ...refusals],
});

/** A variable is compared with the whole of what stands at a path: with an array, not with its elements. */
const lookupByVariable = ([own, other]: [Place, Place]): Drawn<object> => ({
  value: {
    $lookup: {
      from: 'cases',
      let: { mine: `$${own.path}` },
      pipeline: [{ $match: { $expr: { $eq: [`$${other.path}`, '$$mine'] } } }],
      as: 'joined',
    },
  },
  refusals: refusedVariable(own, other),
});

const FILTER_OR_STAGE = [...STAGE, 'FLE_UNSUPPORTED_FILTER'];

function refusedVariable(own: Place, other: Place): Refusals {
  const isComparable = [own, other].every(({ standing }) => isDeterministic(standing));
  return isComparable && areDeclaredAlike(own, other) ? [] : FILTER_OR_STAGE;
}

const graphLookup = ([[own, other], { value: filter, refusals }, isRestricted]: [
  [Place, Place],
  Drawn<object>,
  boolean,
]): Drawn<object> => ({
  value: {
    $graphLookup: {
      from: 'cases',
      startWith: `$${own.path}`,
      connectFromField: own.path,
      connectToField: other.path,
      maxDepth: 1,
      ...(isRestricted ? { restrictSearchWithMatch: filter } : {}),
      as: 'joined',
    },
  },
  refusals: [...refusedJoin(own, other), ...(isRestricted ? refusals : [])],
});
