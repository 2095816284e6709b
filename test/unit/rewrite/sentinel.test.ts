import * as bson from 'bson';
import fc from 'fast-check';
import { isFleError } from '../../../src/errors';
import { rewriteArrayFilters } from '../../../src/rewrite/array-filters';
import { rewriteFilter } from '../../../src/rewrite/filter';
import { FILTER_OPERATORS } from '../../../src/rewrite/filter-operators';
import { rewritePipeline } from '../../../src/rewrite/pipeline';
import { rewriteReadOptions } from '../../../src/rewrite/read-options';
import type { RewriteScope } from '../../../src/rewrite/rewrite-scope';
import { rewriteReplacement, rewriteUpdate } from '../../../src/rewrite/update';
import { UPDATE_OPERATORS } from '../../../src/rewrite/update-operators';
import { ROOT, deepFrozen, scopeOver } from './fixture';

const SENTINEL = 'SENTINEL-7b1f';
const TRUSTED = Symbol('trusted');

const SCALARS = [
  'ssn',
  'pin',
  'address.street',
  'card.cvc',
  'contacts.phone',
  'visits.reason',
  'codes.k',
];
const ARRAYS = ['tags', 'notes', 'contacts.labels'];
const WHOLES = ['history', 'profile', 'profile.a', 'history.0'];
const ELEMENTS = [
  'tags.0',
  'notes.$',
  'notes.$[]',
  'tags.$[t]',
  'contacts.$[c].phone',
  'contacts.0.phone',
];

/** What a caller may give for one encrypted value: well formed or not. */
const secret = fc.oneof(
  fc.constantFrom<unknown>(
    SENTINEL,
    null,
    [SENTINEL],
    [[SENTINEL], null],
    new RegExp(SENTINEL),
    new bson.BSONRegExp(SENTINEL),
    new Map([['a', SENTINEL]]),
    new Map([['$in', [SENTINEL]]]),
    new Map([['$gt', SENTINEL]]),
    { toBSON: (): string => SENTINEL },
    { toBSON: (): object => ({ $in: [SENTINEL] }) },
    { a: SENTINEL },
    { $each: [SENTINEL], $slice: 1 },
    { $in: [SENTINEL], [TRUSTED]: true },
    { $literal: SENTINEL },
    { $ref: SENTINEL, $id: SENTINEL },
    { $unheardOf: SENTINEL },
  ),
);

const document = fc.record(
  {
    street: secret,
    phone: secret,
    reason: secret,
    cvc: secret,
    holder: secret,
    code: secret,
    labels: fc.oneof(fc.array(secret, { maxLength: 2 }), secret),
  },
  { requiredKeys: [] },
);

/** The keys that mean an encrypted value in each parent: others of `document` would be plain there. */
const PARENTS: Record<string, readonly string[]> = {
  address: ['street'],
  card: ['holder', 'cvc'],
  contacts: ['phone', 'labels'],
  visits: ['reason', 'code'],
};

const subdocumentOf = (parent: string): fc.Arbitrary<unknown> =>
  document.map((all) =>
    Object.fromEntries(Object.entries(all).filter(([key]) => PARENTS[parent]?.includes(key))),
  );

const operator = fc.constantFrom(
  ...Object.keys(FILTER_OPERATORS),
  '$gt',
  '$regex',
  '$type',
  '$mod',
  '$unheardOf',
);

/** A condition on a path whose values are `value`. */
const conditionOn = (value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.letrec<{ condition: unknown }>((tie) => ({
    condition: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      value,
      fc.dictionary(operator, fc.oneof(value, fc.array(value, { maxLength: 2 })), {
        minKeys: 1,
        maxKeys: 2,
      }),
      fc.dictionary(operator, tie('condition'), { minKeys: 1, maxKeys: 1 }),
      fc.array(tie('condition'), { maxLength: 2 }).map((list) => ({ $all: list })),
    ),
  })).condition;

const pathCondition = fc.oneof(
  fc
    .tuple(fc.constantFrom(...SCALARS, ...ARRAYS, ...WHOLES, ...ELEMENTS), conditionOn(secret))
    .map(([path, condition]) => ({ [path]: condition })),
  fc
    .constantFrom(...Object.keys(PARENTS))
    .chain((parent) =>
      conditionOn(subdocumentOf(parent)).map((condition) => ({ [parent]: condition })),
    ),
);

const filter = fc.letrec<{ filter: unknown }>((tie) => ({
  filter: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    pathCondition,
    fc
      .tuple(
        fc.constantFrom('$and', '$or', '$nor', '$unheardOf'),
        fc.array(tie('filter'), { maxLength: 3 }),
      )
      .map(([clause, filters]) => ({ [clause]: filters, name: 1 })),
    tie('filter').map((inner) => new Map(Object.entries(inner as object))),
    secret.map((value) => ({ $expr: { $eq: ['$ssn', value] } })),
  ),
})).filter;

const update = fc.dictionary(
  fc.constantFrom(...Object.keys(UPDATE_OPERATORS), '$unheardOf'),
  fc.oneof(
    pathCondition,
    fc.dictionary(fc.constantFrom(...SCALARS, ...ARRAYS, ...WHOLES, ...ELEMENTS), secret, {
      maxKeys: 3,
    }),
    fc
      .constantFrom(...Object.keys(PARENTS))
      .chain((parent) =>
        fc
          .oneof(
            subdocumentOf(parent),
            fc.array(subdocumentOf(parent), { maxLength: 2 }),
            fc.record({ $each: fc.array(subdocumentOf(parent), { maxLength: 2 }) }),
          )
          .map((value) => ({ [parent]: value, 'meta.a': 1 })),
      ),
  ),
  { minKeys: 1, maxKeys: 3 },
);

const stage = fc.oneof(
  filter.map(($match) => ({ $match })),
  filter.map((inner) => ({
    $lookup: { from: 'patients', pipeline: [{ $match: inner }], as: 'x' },
  })),
  filter.map((query) => ({ $geoNear: { near: [0, 0], distanceField: 'd', query } })),
  secret.map((value) => ({ $addFields: { ssn: value } })),
  secret.map((value) => ({ $project: { tags: value } })),
  secret.map((value) => ({ $set: { address: { street: value } } })),
  fc.constantFrom({ $limit: 1 }, { $unset: 'name' }, { $sort: { name: 1 } }, { $unwind: '$tags' }),
);

/** Whether the sentinel stands anywhere in `value`, under whatever key or class. */
function holdsSentinel(value: unknown): boolean {
  if (typeof value === 'string') return value.includes(SENTINEL);
  if (value instanceof RegExp) return value.source.includes(SENTINEL);
  if (typeof value !== 'object' || value === null) return false;
  if (value instanceof Map) return [...value.entries()].some(holdsSentinel);
  const { toBSON } = value as { toBSON?: () => unknown };
  if (typeof toBSON === 'function' && holdsSentinel(toBSON.call(value))) return true;
  return Reflect.ownKeys(value).some(
    (key) => holdsSentinel(key) || holdsSentinel((value as Record<PropertyKey, unknown>)[key]),
  );
}

/** Whether `rewrite` takes the plaintext out, or refuses without a word of it. */
function takesOutOrRefuses(rewrite: (scope: RewriteScope) => unknown): boolean {
  const scope = scopeOver(ROOT, {
    shapeOfCollection: (name) => (name === 'patients' ? ROOT : undefined),
  });
  try {
    return !holdsSentinel(rewrite(scope));
  } catch (error) {
    if (!isFleError(error)) throw error;
    return !error.message.includes(SENTINEL);
  }
}

describe('no plaintext of an encrypted path is left in', () => {
  const runs = { numRuns: 3000 };

  it('a filter', () => {
    fc.assert(
      fc.property(filter, (given) =>
        takesOutOrRefuses((scope) => rewriteFilter(deepFrozen(given), ROOT, scope)),
      ),
      runs,
    );
  });

  it('an update', () => {
    fc.assert(
      fc.property(update, (given) =>
        takesOutOrRefuses((scope) => rewriteUpdate(deepFrozen(given), scope)),
      ),
      runs,
    );
  });

  it('a replacement', () => {
    const values = {
      ssn: secret,
      pin: secret,
      tags: secret,
      notes: fc.array(secret),
      profile: secret,
    };
    const parents = {
      address: subdocumentOf('address'),
      contacts: fc.array(subdocumentOf('contacts')),
    };
    const given = fc.record({ ...values, ...parents }, { requiredKeys: [] });
    fc.assert(
      fc.property(given, (value) =>
        takesOutOrRefuses((scope) => rewriteReplacement(deepFrozen(value), scope)),
      ),
      runs,
    );
  });

  it('arrayFilters', () => {
    const update = { $set: { 'tags.$[t]': 'x', 'contacts.$[c].phone': 'x', 'notes.$[n]': 'x' } };
    const condition = fc
      .tuple(fc.constantFrom('t', 'c.phone', 'n', 'c.labels', 'x', 'x.phone'), conditionOn(secret))
      .map(([path, value]) => ({ [path]: value }));
    fc.assert(
      fc.property(fc.array(condition), (given) =>
        takesOutOrRefuses((scope) => rewriteArrayFilters(deepFrozen(given), update, scope)),
      ),
      runs,
    );
  });

  it('a projection', () => {
    const projection = fc.dictionary(
      fc.constantFrom(...SCALARS, ...ARRAYS, ...WHOLES),
      fc.oneof(secret, conditionOn(secret), fc.record({ $elemMatch: conditionOn(secret) })),
      { maxKeys: 2 },
    );
    fc.assert(
      fc.property(projection, (given) =>
        takesOutOrRefuses((scope) => rewriteReadOptions(deepFrozen({ projection: given }), scope)),
      ),
      runs,
    );
  });

  it('a pipeline', () => {
    const stages = fc.array(stage, { maxLength: 3 });
    const pipeline = fc
      .tuple(stages, fc.option(stages))
      .map(([first, inner]) => (inner === null ? first : [...first, { $facet: { a: inner } }]));
    fc.assert(
      fc.property(pipeline, (given) =>
        takesOutOrRefuses((scope) => rewritePipeline(deepFrozen(given), scope).pipeline),
      ),
      runs,
    );
  });
});

it('finds the sentinel wherever it hides', () => {
  const hidden = [
    { a: [new Map([[SENTINEL, 1]])] },
    { [Symbol('a')]: SENTINEL },
    { toBSON: (): string => SENTINEL },
    [new RegExp(SENTINEL)],
    new bson.BSONRegExp(SENTINEL),
  ];
  expect(hidden.map(holdsSentinel)).toEqual(hidden.map(() => true));
});
