import type fc from 'fast-check';
import type { Drawn } from './drawn';
import type { Place } from './places';

/** In what order documents come to a stage. */
export type Order =
  /** In that of their `_id`, of which each has its own, or of another path and of their `_id`. */
  | 'by _id'
  /** In one that servers keep, though several may have the same `_id`. */
  | 'kept'
  /** In none that a server promises: nothing may depend on it. */
  | 'none';

/** The documents that come to a stage. */
export interface Flow {
  readonly places: readonly Place[];
  readonly order: Order;
}

/** A stage, and what comes behind it; undefined where these stories follow no further. */
export interface Step {
  readonly stage: Drawn<object>;
  readonly next: Flow | undefined;
}

export type Steps = fc.Arbitrary<Step>;

/** The places that a reference such as `$a.b` names. */
export const reachableIn = ({ places }: Flow): Place[] =>
  places.filter(({ path }) => !/[#$]/.test(path));

/** The places at the top of the documents. */
export const topOf = ({ places }: Flow): Place[] =>
  places.filter(({ path }) => !path.includes('.'));

/** Whether `path` is `outer`, or stands in it. */
export const isWithin = (path: string, outer: string): boolean =>
  path === outer || path.startsWith(`${outer}.`);

/** What stands at `place` and below it, once more under `name`. */
export const renamedTo = (name: string, place: Place, places: readonly Place[]): Place[] =>
  places
    .filter(({ path }) => isWithin(path, place.path))
    .map((each) => ({ ...each, path: name + each.path.slice(place.path.length) }));

/** A name that nothing has yet at the top of the documents. */
export function newNameIn({ places }: Flow, letter: string): string {
  const taken = new Set(places.map(({ path }) => path.split('.')[0]));
  const number = [...places.keys(), places.length].find(
    (each) => !taken.has(letter + String(each)),
  );
  return letter + String(number);
}
