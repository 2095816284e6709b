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

/** What a caller may give by mistake for one encrypted value. */
const hostile = fc.oneof(
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

/** What a caller may give for one encrypted value. */
const secret = fc.oneof(
  { weight: 9, arbitrary: fc.constant<unknown>(SENTINEL) },
  { weight: 1, arbitrary: hostile },
);

const secrets = fc.oneof(
  { weight: 9, arbitrary: fc.array(secret, { maxLength: 2 }) },
  { weight: 1, arbitrary: secret },
);

const document = fc.record(
  {
    street: secret,
    phone: secret,
    reason: secret,
    cvc: secret,
    holder: secret,
    code: secret,
    labels: secrets,
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
  fc.letrec<{ condition: unknown; wrong: unknown; right: unknown }>((tie) => ({
    condition: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      { weight: 5, arbitrary: value },
      { weight: 4, arbitrary: tie('right') },
      { weight: 1, arbitrary: tie('wrong') },
    ),
    right: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc
        .tuple(fc.constantFrom('$eq', '$ne'), value)
        .map(([name, operand]) => ({ [name]: operand })),
      fc
        .tuple(fc.constantFrom('$in', '$nin', '$all'), fc.array(value, { maxLength: 3 }))
        .map(([name, operand]) => ({ [name]: operand, [TRUSTED]: true })),
      fc
        .tuple(fc.constantFrom('$not', '$elemMatch'), tie('right'))
        .map(([name, operand]) => ({ [name]: operand })),
      value.map((inner) => ({ $elemMatch: inner })),
      fc.constant({ $exists: true }),
    ),
    wrong: fc.dictionary(
      operator,
      fc.oneof(value, fc.array(value, { maxLength: 2 }), tie('condition')),
      { minKeys: 1, maxKeys: 2 },
    ),
  })).condition;

const anyPath = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...SCALARS, ...ELEMENTS) },
  { weight: 3, arbitrary: fc.constantFrom(...ARRAYS) },
  { weight: 1, arbitrary: fc.constantFrom(...WHOLES) },
);

const pathCondition = fc.oneof(
  fc.tuple(anyPath, conditionOn(secret)).map(([path, condition]) => ({ [path]: condition })),
  fc
    .tuple(fc.constantFrom(...ARRAYS), conditionOn(secrets))
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

const valueUpdate = fc.oneof(
  fc.tuple(fc.constantFrom(...SCALARS, ...ELEMENTS), secret),
  fc.tuple(fc.constantFrom(...ARRAYS), secrets),
  fc.tuple(fc.constantFrom(...WHOLES), hostile),
  fc
    .constantFrom(...Object.keys(PARENTS))
    .chain((parent) => fc.tuple(fc.constant(parent), subdocumentOf(parent))),
  fc
    .constantFrom('contacts', 'visits')
    .chain((parent) =>
      fc.tuple(fc.constant(parent), fc.array(subdocumentOf(parent), { maxLength: 2 })),
    ),
);

const elementUpdate = fc.oneof(
  fc.tuple(fc.constantFrom(...ARRAYS), secret),
  fc.tuple(fc.constantFrom(...ARRAYS), fc.record({ $each: secrets, $position: fc.constant(0) })),
  fc.tuple(fc.constantFrom(...ARRAYS), fc.record({ $each: secrets })),
  fc
    .constantFrom('contacts', 'visits')
    .chain((parent) =>
      fc.tuple(
        fc.constant(parent),
        fc.oneof(
          subdocumentOf(parent),
          fc.record({ $each: fc.array(subdocumentOf(parent), { maxLength: 2 }) }),
        ),
      ),
    ),
);

const updateOf = (
  operators: readonly string[],
  operands: fc.Arbitrary<[string, unknown]>,
): fc.Arbitrary<object> =>
  fc
    .tuple(fc.constantFrom(...operators), operands)
    .map(([name, [path, value]]) => ({ [name]: { [path]: value, 'meta.a': 1 } }));

const update = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: updateOf(['$set', '$setOnInsert', '$unset'], valueUpdate) },
      {
        weight: 4,
        arbitrary: updateOf(['$push', '$addToSet', '$pull', '$pullAll'], elementUpdate),
      },
      { weight: 2, arbitrary: pathCondition.map((condition) => ({ $pull: condition })) },
      {
        weight: 1,
        arbitrary: updateOf([...Object.keys(UPDATE_OPERATORS), '$unheardOf'], valueUpdate),
      },
    ),
    { minLength: 1, maxLength: 2 },
  )
  .map((updates) => Object.assign({}, ...updates) as object);

/** Stages that leave what documents hold as it is: behind others, a name may mean something plain. */
const stage = fc.oneof(
  filter.map(($match) => ({ $match })),
  filter.map((inner) => ({
    $lookup: { from: 'patients', pipeline: [{ $match: inner }], as: 'x' },
  })),
  filter.map((query) => ({ $geoNear: { near: [0, 0], distanceField: 'd', query } })),
  hostile.map((value) => ({ $addFields: { ssn: value } })),
  hostile.map((value) => ({ $project: { tags: value } })),
  filter.map(($match) => ({ $match })),
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
    const values = { ssn: secret, pin: secret, tags: secrets, notes: secrets, history: secrets };
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
      fc.oneof(
        fc.constantFrom<unknown>(1, 0, { $slice: 1 }),
        secret,
        conditionOn(secret),
        fc.record({ $elemMatch: conditionOn(secret) }),
      ),
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
