import fc from 'fast-check';
import { blueprint } from './arbitrary-blueprint';
import { exactScalar, idOf } from './arbitrary-values';
import { documentOf } from './arbitrary-writes';
import type { Blueprint } from './blueprint';

export const TENANTS = ['here', 'there'] as const;

/** A schema, documents that are stored to begin with, and what is done to them. */
export interface Story<T> {
  readonly blueprint: Blueprint;
  readonly seeds: readonly object[];
  readonly steps: T;
}

/** Stories of which the steps depend on the schema, with as many seeds as `seeds` at most. */
export function storiesOf<T>(
  steps: (drawn: Blueprint) => fc.Arbitrary<T>,
  seeds: number,
  blueprints: fc.Arbitrary<Blueprint> = blueprint,
): fc.Arbitrary<Story<T>> {
  return blueprints.chain((drawn) =>
    fc.record({
      blueprint: fc.constant(drawn),
      seeds: seedsOf(drawn, seeds),
      steps: steps(drawn),
    }),
  );
}

/** A few of something. */
export const several = <T>(step: fc.Arbitrary<T>, maxLength: number): fc.Arbitrary<T[]> =>
  fc.array(step, { minLength: 1, maxLength });

/** The identifiers of the seeds are 1, 2, … */
function seedsOf(drawn: Blueprint, maxLength: number): fc.Arbitrary<object[]> {
  return several(documentOf(drawn, exactScalar), maxLength).map((documents) =>
    documents.map((values, place) => ({
      _id: idOf(place + 1),
      ...(drawn.tenants === undefined ? {} : { tenant: TENANTS[place % 2] }),
      ...values,
    })),
  );
}
