import * as bson from 'bson';
import { rewriteElementFilter, rewriteFilter } from '../../../src/rewrite/filter';
import { FILTER_OPERATORS } from '../../../src/rewrite/filter-operators';
import {
  ROOT,
  arrayNode,
  deepFrozen,
  fieldNode,
  objectNode,
  refusalOf,
  rewritten,
  scopeOver,
} from './fixture';

const REFUSED = 'UnsupportedFilterError FLE_UNSUPPORTED_FILTER Patient';
const PLAIN = 'Filter on a plain field, or compare after reading.';
const RANDOM =
  "a Random field can only be asked with $exists, or compared with null. Declare it as 'Deterministic' to filter by equality, or filter on a plain field.";
const inside = (field: string): string =>
  `it cannot be compared as a whole, because "${field}" inside is Random. Filter on the fields inside it, by dotted paths or $elemMatch.`;
const PATTERN = `a regular expression cannot be answered on an encrypted field. ${PLAIN}`;
const INSIDE = `the path leads inside a value that is encrypted as one. ${PLAIN}`;
const HIDDEN =
  'a comparison with null would look inside an array that is encrypted as one value. Ask with $exists.';
const SIZE = `$size needs an array that is not encrypted as one value, and a number. ${PLAIN}`;
const ELEMENTS = `$elemMatch needs an array path and an object of conditions. ${PLAIN}`;

const find = (filter: unknown): unknown =>
  rewritten((scope) => rewriteFilter(deepFrozen(filter), ROOT, scope));
const refusal = (filter: unknown): string =>
  refusalOf(() => rewriteFilter(filter, ROOT, scopeOver()));

describe('a condition that ciphertext can answer', () => {
  it.each<[string, unknown, unknown]>([
    ['ssn', 'a', 'D(ssn)a'],
    ['ssn', '', 'D(ssn)'],
    ['ssn', ['a', null], ['D(ssn)a', null]],
    ['ssn', { $eq: 'a' }, { $eq: 'D(ssn)a' }],
    ['ssn', { $ne: 'a' }, { $ne: 'D(ssn)a' }],
    ['ssn', { $in: ['a', null] }, { $in: ['D(ssn)a', null] }],
    ['ssn', { $in: [] }, { $in: [] }],
    ['ssn', { $nin: ['a'], $exists: true }, { $nin: ['D(ssn)a'], $exists: true }],
    ['ssn', { $not: { $in: ['a'] } }, { $not: { $in: ['D(ssn)a'] } }],
    ['ssn', { $all: ['a'] }, { $all: ['D(ssn)a'] }],
    ['age', 0, 'D(age)0'],
    ['age', { $in: [5, new bson.Int32(5)] }, { $in: ['D(age)5', 'D(age)5'] }],
    ['tags', 'a', 'D(tags)a'],
    ['tags', ['a', 'b'], ['D(tags)a', 'D(tags)b']],
    ['tags', { $eq: ['a'] }, { $eq: ['D(tags)a'] }],
    ['tags', { $ne: 'a' }, { $ne: 'D(tags)a' }],
    ['tags', { $in: ['a', ['b']] }, { $in: ['D(tags)a', ['D(tags)b']] }],
    ['tags', { $nin: [null, 'a'] }, { $nin: [null, 'D(tags)a'] }],
    ['tags', { $all: ['a', ['b']] }, { $all: ['D(tags)a', ['D(tags)b']] }],
    ['tags', { $elemMatch: { $eq: 'a' } }, { $elemMatch: { $eq: 'D(tags)a' } }],
    ['tags', { $elemMatch: { $nin: ['a'] } }, { $elemMatch: { $nin: ['D(tags)a'] } }],
    ['tags', { $not: { $size: 2 } }, { $not: { $size: 2 } }],
    ['tags.0', 'a', 'D(tags)a'],
    ['matrix', [['a'], ['b']], [['D(matrix)a'], ['D(matrix)b']]],
    ['matrix', ['a'], ['D(matrix)a']],
    ['matrix', { $elemMatch: { $all: ['a'] } }, { $elemMatch: { $all: ['D(matrix)a'] } }],
    ['address.street', 'a', 'D(address.street)a'],
    ['address', { street: 'a', city: 'b' }, { street: 'D(address.street)a', city: 'b' }],
    ['address', { city: 'b', street: null }, { city: 'b', street: null }],
    ['address', {}, {}],
    [
      'address',
      { $in: [{ street: 'a' }, null] },
      { $in: [{ street: 'D(address.street)a' }, null] },
    ],
    ['address', { $ne: { street: 'a' } }, { $ne: { street: 'D(address.street)a' } }],
    ['contacts.phone', 'a', 'D(contacts.phone)a'],
    ['contacts.0.phone', { $in: ['a'] }, { $in: ['D(contacts.phone)a'] }],
    ['contacts.labels', { $all: ['a'] }, { $all: ['D(contacts.labels)a'] }],
    [
      'contacts',
      { $elemMatch: { phone: 'a', city: 'b', $or: [{ labels: 'c' }] } },
      {
        $elemMatch: {
          phone: 'D(contacts.phone)a',
          city: 'b',
          $or: [{ labels: 'D(contacts.labels)c' }],
        },
      },
    ],
    [
      'contacts',
      { $all: [{ $elemMatch: { phone: 'a' } }] },
      { $all: [{ $elemMatch: { phone: 'D(contacts.phone)a' } }] },
    ],
    [
      'contacts',
      [{ phone: 'a', labels: ['b'] }],
      [{ phone: 'D(contacts.phone)a', labels: ['D(contacts.labels)b'] }],
    ],
    ['contacts', { phone: 'a' }, { phone: 'D(contacts.phone)a' }],
    ['contacts', { '0': { phone: 'a' } }, { '0': { phone: 'D(contacts.phone)a' } }],
    ['tags', { '0': 'a' }, { '0': 'D(tags)a' }],
    ['contacts', { $size: 1 }, { $size: 1 }],
    ['visits', { $elemMatch: { code: 'a' } }, { $elemMatch: { code: 'D(visits.code)a' } }],
    ['codes.x', 'a', 'D(codes.$*)a'],
    ['codes', { x: 'a' }, { x: 'D(codes.$*)a' }],
    ['codes', new Map([['x', 'a']]), { x: 'D(codes.$*)a' }],
    ['ssn', new Map([['$in', ['a']]]), { $in: ['D(ssn)a'] }],
    ['ssn', { toBSON: () => 'a' }, 'D(ssn)a'],
    ['ssn', { toBSON: () => null }, null],
  ])('%s %j is asked with ciphertext', (path, condition, expected) => {
    expect(find({ [path]: condition })).toEqual({ [path]: expected });
  });

  it.each([
    'ssn',
    'pin',
    'tags',
    'notes',
    'address',
    'card',
    'contacts',
    'visits',
    'codes.x',
    'profile',
  ])('null and presence of %s pass unchanged', (path) => {
    const conditions = [
      null,
      undefined,
      { $eq: null },
      { $ne: undefined },
      { $in: [null] },
      { $nin: [null, undefined] },
      { $in: null },
      { $not: { $eq: null } },
      { $exists: true },
      { $exists: 0 },
      { $not: { $exists: false } },
    ];
    const filter = { $or: conditions.map((condition) => ({ [path]: condition })) };
    expect(find(filter)).toEqual(filter);
  });

  it.each([
    ['notes', { $size: 1 }],
    ['notes', { $elemMatch: { $ne: null } }],
    ['history', { $exists: false }],
    ['visits', { $all: [{ $elemMatch: { reason: null } }] }],
  ])('%s %j passes on Random values', (path, condition) => {
    expect(find({ [path]: condition })).toEqual({ [path]: condition });
  });
});

describe('a condition that ciphertext cannot answer is refused', () => {
  it.each<[string, unknown, string]>([
    ...[
      { $eq: 'a' },
      'a',
      ['a'],
      { $ne: 'a' },
      { $in: [null, 'a'] },
      { $nin: ['a'] },
      { $all: ['a'] },
    ].flatMap((condition): [string, unknown, string][] => [
      ['pin', condition, `.pin: ${RANDOM}`],
      ['notes', condition, `.notes: ${RANDOM}`],
      ['profile', condition, `.profile: ${RANDOM}`],
      ['card', condition, `.card: ${inside('card.cvc')}`],
      ['visits', condition, `.visits: ${inside('visits.reason')}`],
      ['visits.reason', condition, `.visits.reason: ${RANDOM}`],
      ['profile.a', condition, `.profile: ${INSIDE}`],
      ['ssn.a', condition, `.ssn: ${INSIDE}`],
      ['tags.0.a', condition, `.tags: ${INSIDE}`],
    ]),
    ['pin', { $not: { $eq: 'a' } }, `.pin: ${RANDOM}`],
    ['notes', { $elemMatch: { $in: ['a'] } }, `.notes: ${RANDOM}`],
    ['history', ['a'], `.history: ${RANDOM}`],
    ['history', { $in: ['a', null] }, `.history: ${RANDOM}`],
    ['history', null, `.history: ${HIDDEN}`],
    ['history', { $in: [null] }, `.history: ${HIDDEN}`],
    ['history', { $ne: null }, `.history: ${HIDDEN}`],
    ['history', { $size: 1 }, `.history: ${SIZE}`],
    ['ssn', { $size: 1 }, `.ssn: ${SIZE}`],
    ['tags', { $size: 'a' }, `.tags: ${SIZE}`],
    ['profile', { $elemMatch: { a: 1 } }, `.profile: ${ELEMENTS}`],
    ['address', { $elemMatch: { street: 'a' } }, `.address: ${ELEMENTS}`],
    ['tags', { $elemMatch: 'a' }, `.tags: ${ELEMENTS}`],
    [
      'tags',
      { $elemMatch: { a: 1 } },
      `.tags: $elemMatch looks for fields inside of encrypted values. ${PLAIN}`,
    ],
    [
      'tags',
      { $elemMatch: {} },
      `.tags: $elemMatch looks for fields inside of encrypted values. ${PLAIN}`,
    ],
    [
      'contacts',
      { $elemMatch: { reason: 1, $where: 'a' } },
      `.contacts: this operator cannot be answered on an encrypted field. ${PLAIN}`,
    ],
    [
      'contacts',
      { $elemMatch: { $or: [{ $expr: 'a' }] } },
      ': $expr is not available on elements of a model with encrypted fields. Filter on paths, with listed operators.',
    ],
    ['ssn', { $in: 'a' }, `.ssn: $in is given something else than an array. ${PLAIN}`],
    ['ssn', { $in: new Set(['a']) }, `.ssn: $in is given something else than an array. ${PLAIN}`],
    ['ssn', { $exists: 'a' }, `.ssn: $exists is given something else than true or false. ${PLAIN}`],
    [
      'ssn',
      { $not: 'a' },
      `.ssn: $not is given something else than an object of operators. ${PLAIN}`,
    ],
    [
      'ssn',
      { $not: /a/ },
      `.ssn: $not is given something else than an object of operators. ${PLAIN}`,
    ],
    [
      'ssn',
      { $eq: { $gt: 'a' } },
      '.ssn: an operator stands where a value belongs. Give the value to compare with.',
    ],
    [
      'ssn',
      { $in: [{ $gt: 'a' }] },
      '.ssn: an operator stands where a value belongs. Give the value to compare with.',
    ],
    [
      'ssn',
      { $eq: 'a', b: 1 },
      `.ssn: this operator cannot be answered on an encrypted field. ${PLAIN}`,
    ],
    [
      'address.0.street',
      'a',
      `.address.street: the path has a position where the schema declares no array. ${PLAIN}`,
    ],
  ])('%s %j', (path, condition, message) => {
    expect(refusal({ [path]: condition })).toBe(REFUSED + message);
  });

  const paths = [
    'ssn',
    'pin',
    'tags',
    'notes',
    'history',
    'profile',
    'address',
    'card',
    'contacts',
  ];

  it.each([
    '$gt',
    '$gte',
    '$lt',
    '$lte',
    '$regex',
    '$options',
    '$type',
    '$mod',
    '$bitsAllSet',
    '$geoWithin',
    '$near',
    '$jsonSchema',
    '$unheardOf',
  ])('%s on every encrypted path', (operator) => {
    for (const path of paths) {
      const message = `.${path}: ${operator} cannot be answered on an encrypted field. ${PLAIN}`;
      expect(refusal({ [path]: { [operator]: 'a' } })).toBe(REFUSED + message);
      expect(refusal({ [path]: { $not: { [operator]: 'a' } } })).toBe(REFUSED + message);
      expect(find({ name: { [operator]: 'a' } })).toEqual({ name: { [operator]: 'a' } });
    }
  });

  it.each(paths)('a regular expression on %s', (path) => {
    const pattern = new bson.BSONRegExp('a');
    for (const condition of [/a/, pattern, { $in: [/a/] }, { $all: [pattern] }, { $ne: /a/ }]) {
      expect(refusal({ [path]: condition })).toBe(`${REFUSED}.${path}: ${PATTERN}`);
    }
  });
});

describe('the top of a filter', () => {
  it('is followed through $and, $or and $nor', () => {
    const filter = { $and: [{ $or: [{ ssn: 'a' }, { name: 'b' }] }, { $nor: [{ tags: 'c' }] }] };
    expect(find(filter)).toEqual({
      $and: [{ $or: [{ ssn: 'D(ssn)a' }, { name: 'b' }] }, { $nor: [{ tags: 'D(tags)c' }] }],
    });
  });

  it.each<[unknown]>([
    [{ $comment: 'a' }],
    [{ $text: { $search: 'a' } }],
    [{ $sampleRate: 0.5 }],
    [{ $expr: { $eq: ['$name', '$$NOW'] } }],
    [{ $expr: { $gt: ['$$ROOT.city', { $literal: '$ssn' }] } }],
    [{ $expr: { $let: { vars: { a: '$city' }, in: { $eq: ['$$a.b', 1] } } } }],
    [{ $expr: { $eq: [{ $getField: { field: 'x', input: '$meta' } }, 1] } }],
    [{ $expr: { $gt: [{ $meta: 'textScore' }, 1] } }],
    [{ name: { $elemMatch: { $gt: 1 } }, 'meta.ssn': /a/, list: { $type: 'array' } }],
  ])('%j passes', (filter) => {
    expect(find(filter)).toEqual(filter);
  });

  it.each([
    '$ssn',
    '$pin',
    '$address',
    '$contacts.phone',
    '$$ROOT',
    '$$CURRENT',
    '$$ROOT.ssn',
    '$$CURRENT.tags',
    '$address.0.street',
    { $getField: 'name' },
    { $getField: { field: 'ssn' } },
    { $objectToArray: '$$ROOT' },
    { $mergeObjects: ['$meta', '$address'] },
    { $let: { vars: { a: '$$ROOT' }, in: '$$a.ssn' } },
    { $function: { body: 'f', args: [], lang: 'js' } },
    { $unheardOf: 1 },
    { $meta: 'indexKey' },
    new Map([['$toUpper', '$ssn']]),
  ])('$expr of %j is refused', (expression) => {
    expect(refusal({ $expr: { $eq: [expression, 'a'] } })).toBe(
      `${REFUSED}: $expr reads an encrypted field, or something that may hold one. Compare encrypted fields outside of $expr, by their paths.`,
    );
  });

  it.each(['$where', '$jsonSchema', '$function', '$unheardOf', '$eq', '$alwaysTrue'])(
    '%s is refused',
    (operator) => {
      expect(refusal({ [operator]: 'a' })).toBe(
        `${REFUSED}: ${operator} is not available in filters of a model with encrypted fields. Filter on paths, with listed operators.`,
      );
    },
  );

  it.each([
    [{ $or: { ssn: 'a' } }, '$or is given something else than an array. Give an array of filters.'],
    ['a', 'a filter is not an object. Give an object of paths and conditions.'],
    [[{ ssn: 'a' }], 'a filter is not an object. Give an object of paths and conditions.'],
    [{ $and: ['a'] }, 'a filter is not an object. Give an object of paths and conditions.'],
  ])('%j is refused', (filter, message) => {
    expect(refusal(filter)).toBe(`${REFUSED}: ${message}`);
  });

  it('that is missing asks for everything', () => {
    expect([find(undefined), find(null), find({})]).toEqual([{}, {}, {}]);
  });

  it('may be a Map, or say by toBSON what it is', () => {
    expect(find(new Map([['ssn', 'a']]))).toEqual({ ssn: 'D(ssn)a' });
    expect(find({ toBSON: () => ({ ssn: 'a' }) })).toEqual({ ssn: 'D(ssn)a' });
  });

  it('of a model without encrypted fields is the same object', () => {
    const filter = { $where: 'a' };
    expect(rewriteFilter(filter, objectNode({}), scopeOver(objectNode({})))).toBe(filter);
  });
});

describe('a copy of a filter', () => {
  it('keeps the symbols that Mongoose trusts operators by', () => {
    const trusted = Symbol('trusted');
    const copy = find({ ssn: { $in: ['a'], [trusted]: true } });
    expect(copy).toEqual({ ssn: { $in: ['D(ssn)a'], [trusted]: true } });
  });

  it('keeps clear parts by reference', () => {
    const clear = { $gt: 1 };
    expect((find({ name: clear }) as { name: unknown }).name).toBe(clear);
  });

  it('keeps a key named __proto__', () => {
    const filter = JSON.parse('{"__proto__":{"a":1},"codes":{"__proto__":"b"}}') as unknown;
    expect(JSON.stringify(find(filter))).toBe(
      '{"__proto__":{"a":1},"codes":{"__proto__":"D(codes.$*)b"}}',
    );
  });

  it('holds undefined in the place of each value until it is filled', () => {
    const scope = scopeOver();
    expect(rewriteFilter({ ssn: 'a', tags: { $in: ['b'] } }, ROOT, scope)).toEqual({
      ssn: undefined,
      tags: { $in: [undefined] },
    });
    expect(scope.values.slots).toHaveLength(2);
  });
});

describe('a collation', () => {
  const under = (collation: unknown, filter: unknown): string =>
    refusalOf(() => rewriteFilter(filter, ROOT, scopeOver(ROOT, { collation })));

  it('is refused where encrypted strings are compared', () => {
    expect(under({ locale: 'en', strength: 2 }, { ssn: { $in: ['a'] } })).toBe(
      `${REFUSED}.ssn: encrypted strings cannot be compared under a collation. Leave the collation out, or compare with a plain field.`,
    );
  });

  it.each([
    [{ locale: 'simple' }, { ssn: 'a' }],
    [null, { ssn: 'a' }],
    [{ locale: 'en' }, { age: 5, ssn: null, tags: { $size: 1 }, name: 'a' }],
  ])('%j passes over %j', (collation, filter) => {
    expect(under(collation, filter)).toBe('not refused');
  });
});

it('rewrites filters on elements by their own node', () => {
  const node = arrayNode(objectNode({ a: fieldNode('a') }));
  const filter = { 0: { a: 'x' }, a: 'y', b: 'z' };
  expect(rewritten((scope) => rewriteElementFilter(filter, node, scope))).toEqual({
    0: { a: 'D(a)x' },
    a: 'D(a)y',
    b: 'z',
  });
});

it('names every operator with how far it goes', () => {
  expect(Object.keys(FILTER_OPERATORS).sort()).toEqual([
    '$all',
    '$elemMatch',
    '$eq',
    '$exists',
    '$in',
    '$ne',
    '$nin',
    '$not',
    '$size',
  ]);
});
