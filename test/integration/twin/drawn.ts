import fc from 'fast-check';
import type { Refusals } from './documented';

/** Something drawn, with what the documentation says becomes of it on the encrypted side. */
export interface Drawn<T> {
  readonly value: T;
  readonly refusals: Refusals;
}

/** What works. */
export const allowed = <T>(value: T): Drawn<T> => ({ value, refusals: [] });

/** Several things drawn as one: one refusal is enough. */
export function joined<T>(drawn: readonly Drawn<T>[]): Drawn<T[]> {
  return {
    value: drawn.map(({ value }) => value),
    refusals: [...new Set(drawn.flatMap(({ refusals }) => refusals))],
  };
}

/** One of `choices`, of which there must be one. */
export function oneOf<T>(choices: readonly T[]): fc.Arbitrary<T> {
  return fc.constantFrom(...choices);
}

/** Objects of one key each, drawn, as one object: of those with the same key the last one counts. */
export function merged(drawn: readonly Drawn<object>[]): Drawn<object> {
  const byKey = new Map(drawn.map((each) => [Object.keys(each.value)[0], each]));
  const { value, refusals } = joined([...byKey.values()]);
  return { value: Object.assign({}, ...value) as object, refusals };
}

/** `arbitraries` that exist, by weight. */
export function weighed<T>(
  ...choices: readonly (readonly [weight: number, arbitrary: fc.Arbitrary<T> | undefined])[]
): fc.Arbitrary<T> {
  return fc.oneof(
    ...choices.flatMap(([weight, arbitrary]) =>
      arbitrary === undefined ? [] : [{ weight, arbitrary }],
    ),
  );
}
