import type { Holder } from '../codec/collect-plaintext';
import { type PlainRecord, unwrapped } from '../codec/record-of';
import { type Spot, nameOfSpot, placeCompared } from './compare-values';
import { scopesOfKeys } from './key-scope';
import { unsupportedFilter } from './refusals';
import type { RewriteScope } from './rewrite-scope';

/** Places what a path is asked to equal at `spot`: under several keys a value has several ciphertexts, any of which may be stored. */
export function placeEqual(value: unknown, spot: Spot, scope: RewriteScope): void {
  const scopes = scopesOfKeys(spot.node, scope);
  const [only] = scopes;
  if (isNothing(value)) placeCompared(value, spot, scope);
  else if (scopes.length === 1 && only !== undefined) placeCompared(value, spot, only);
  else spot.holder[spot.key] = { $in: comparedUnder(scopes, [value], spot) };
}

/** Places the values of `$in` or `$nin` at `spot`. */
export function placeEachEqual(list: readonly unknown[], spot: Spot, scope: RewriteScope): void {
  spot.holder[spot.key] = comparedUnder(scopesOfKeys(spot.node, scope), list, spot);
}

/** Copies of `values`, each as often as it has ciphertexts. */
function comparedUnder(
  scopes: readonly RewriteScope[],
  values: readonly unknown[],
  spot: Spot,
): unknown[] {
  const [first] = scopes;
  const places = values.flatMap((value) =>
    (isNothing(value) && first !== undefined ? [first] : scopes).map((scope) => ({ value, scope })),
  );
  const copy = new Array<unknown>(places.length);
  const holder = copy as unknown as Holder;
  places.forEach(({ value, scope }, key) => {
    placeCompared(value, { ...spot, holder, key }, scope);
  });
  return copy;
}

/** Operators that take one value, and those that take several in their place. */
const LISTS = [
  ['$eq', '$in'],
  ['$ne', '$nin'],
] as const;

/**
 * The operators of a condition, so that each can take several ciphertexts where there are several keys.
 *
 * @throws {UnsupportedFilterError} where two of them would become one.
 */
export function operatorsOverKeys(
  record: PlainRecord,
  spot: Spot,
  scope: RewriteScope,
): PlainRecord {
  if (scopesOfKeys(spot.node, scope).length === 1) return { ...record };
  const copy = { ...record };
  for (const [single, several] of LISTS) {
    if (!Object.hasOwn(copy, single)) continue;
    if (Object.hasOwn(copy, several)) throw bothGiven(`${single} and ${several}`, spot, scope);
    copy[several] = [copy[single]];
    Reflect.deleteProperty(copy, single);
  }
  return copy;
}

function bothGiven(operators: string, spot: Spot, scope: RewriteScope): Error {
  return unsupportedFilter(
    {
      path: nameOfSpot(spot),
      wrong: `${operators} stand beside each other, and the documents may have several data keys.`,
      remedy: 'Give one of them, or ask for the documents of one key.',
    },
    scope,
  );
}

function isNothing(value: unknown): boolean {
  const plain = unwrapped(value);
  return plain === null || plain === undefined;
}
