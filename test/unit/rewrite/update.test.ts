import * as bson from 'bson';
import { rewriteArrayFilters } from '../../../src/rewrite/array-filters';
import { rewriteReplacement, rewriteUpdate } from '../../../src/rewrite/update';
import { UPDATE_OPERATORS } from '../../../src/rewrite/update-operators';
import { ROOT, deepFrozen, objectNode, refusalOf, rewritten, scopeOver } from './fixture';

const UPDATE = 'UnsupportedUpdateError FLE_UNSUPPORTED_UPDATE Patient';
const FILTER = 'UnsupportedFilterError FLE_UNSUPPORTED_FILTER Patient';
const SAVE = 'Change the document and save() it, which assigns the whole.';
const INSIDE = `the path leads inside a value that is encrypted as one. ${SAVE}`;
const PIPED = 'Update encrypted fields with $set, outside of a pipeline.';
const RANDOM =
  "a Random field can only be asked with $exists, or compared with null. Declare it as 'Deterministic' to filter by equality, or filter on a plain field.";

const update = (value: unknown): unknown =>
  rewritten((scope) => rewriteUpdate(deepFrozen(value), scope));
const refusal = (value: unknown): string => refusalOf(() => rewriteUpdate(value, scopeOver()));

describe('an update that can be done to ciphertext', () => {
  it.each<[string, string, unknown, unknown]>([
    ...['$set', '$setOnInsert'].flatMap((operator): [string, string, unknown, unknown][] => [
      [operator, 'ssn', 'a', 'D(ssn)a'],
      [operator, 'pin', 'a', 'R(pin)a'],
      [operator, 'ssn', null, null],
      [operator, 'tags', ['a', null], ['D(tags)a', null]],
      [operator, 'tags.0', 'a', 'D(tags)a'],
      [operator, 'tags.$', 'a', 'D(tags)a'],
      [operator, 'notes.$[]', 'a', 'R(notes)a'],
      [operator, 'notes.$[n]', 'a', 'R(notes)a'],
      [operator, 'matrix.1', ['a'], ['D(matrix)a']],
      [operator, 'profile', { a: 1 }, 'R(profile){"a":1}'],
      [operator, 'history', [1], 'R(history)[1]'],
      [
        operator,
        'address',
        { street: 'a', city: 'b' },
        { street: 'D(address.street)a', city: 'b' },
      ],
      [operator, 'address.city', 'b', 'b'],
      [operator, 'card', { cvc: 'a' }, { cvc: 'R(card.cvc)a' }],
      [operator, 'contacts', [{ phone: 'a' }], [{ phone: 'D(contacts.phone)a' }]],
      [operator, 'contacts.$[c].phone', 'a', 'D(contacts.phone)a'],
      [operator, 'contacts.0', { phone: 'a' }, { phone: 'D(contacts.phone)a' }],
      [operator, 'codes', new Map([['x', 'a']]), { x: 'D(codes.$*)a' }],
      [operator, 'codes.x', 'a', 'D(codes.$*)a'],
      [operator, 'address', { toBSON: () => ({ street: 'a' }) }, { street: 'D(address.street)a' }],
      [operator, 'name', { ssn: 'a' }, { ssn: 'a' }],
    ]),
    ['$unset', 'ssn', 'a', ''],
    ['$unset', 'pin', 1, 1],
    ['$unset', 'contacts.$[].phone', '', ''],
    ['$unset', 'address', true, true],
    ['$unset', 'name', 'a', 'a'],
    ['$rename', 'ssn', 'ssn2', 'ssn2'],
    ['$rename', 'name', 'title', 'title'],
    ['$push', 'tags', 'a', 'D(tags)a'],
    ['$push', 'notes', 'a', 'R(notes)a'],
    ['$push', 'matrix.0', 'a', 'D(matrix)a'],
    ['$push', 'matrix', ['a'], ['D(matrix)a']],
    [
      '$push',
      'notes',
      { $each: ['a', null], $position: 0, $slice: new bson.Int32(-2) },
      { $each: ['R(notes)a', null], $position: 0, $slice: new bson.Int32(-2) },
    ],
    [
      '$push',
      'visits',
      { $each: [{ reason: 'a', at: 1 }], $sort: { at: -1 } },
      { $each: [{ reason: 'R(visits.reason)a', at: 1 }], $sort: { at: -1 } },
    ],
    ['$push', 'contacts.$.labels', 'a', 'D(contacts.labels)a'],
    ['$push', 'list', { $each: ['a'], $sort: 1 }, { $each: ['a'], $sort: 1 }],
    ['$addToSet', 'tags', 'a', 'D(tags)a'],
    ['$addToSet', 'tags', { $each: ['a'] }, { $each: ['D(tags)a'] }],
    ['$addToSet', 'contacts', { phone: 'a', x: 1 }, { phone: 'D(contacts.phone)a', x: 1 }],
    ['$pull', 'tags', 'a', 'D(tags)a'],
    ['$pull', 'tags', { $in: ['a', null] }, { $in: ['D(tags)a', null] }],
    ['$pull', 'tags', { $ne: 'a' }, { $ne: 'D(tags)a' }],
    ['$pull', 'tags', null, null],
    ['$pull', 'notes', null, null],
    ['$pull', 'matrix', ['a'], ['D(matrix)a']],
    ['$pull', 'contacts', { phone: 'a', x: 1 }, { phone: 'D(contacts.phone)a', x: 1 }],
    ['$pull', 'contacts', { $or: [{ phone: 'a' }] }, { $or: [{ phone: 'D(contacts.phone)a' }] }],
    ['$pull', 'contacts', { $eq: { phone: 'a' } }, { $eq: { phone: 'D(contacts.phone)a' } }],
    ['$pull', 'visits', { _id: { $in: [1] } }, { _id: { $in: [1] } }],
    ['$pull', 'visits', { code: 'a' }, { code: 'D(visits.code)a' }],
    ['$pullAll', 'tags', ['a', null], ['D(tags)a', null]],
    ['$pullAll', 'contacts', [{ phone: 'a' }], [{ phone: 'D(contacts.phone)a' }]],
    ['$pop', 'notes', -1, -1],
    ['$pop', 'contacts.0.labels', 1, 1],
    ['$inc', '__v', 1, 1],
    ['$min', 'address.rank', 1, 1],
    ['$currentDate', 'updatedAt', true, true],
  ])('%s %s %j', (operator, path, value, expected) => {
    expect(update({ [operator]: { [path]: value } })).toEqual({ [operator]: { [path]: expected } });
  });

  it('may be empty, or have empty operators', () => {
    expect([update({}), update(undefined), update({ $set: undefined, $push: {} })]).toEqual([
      {},
      undefined,
      { $set: undefined, $push: {} },
    ]);
  });

  it('passes as it is on a model without encrypted fields', () => {
    const value = { $unheardOf: 1 };
    expect(rewriteUpdate(value, scopeOver(objectNode({})))).toBe(value);
  });
});

describe('an update that cannot be done to ciphertext is refused', () => {
  const PUSH_MODIFIER = (key: string, of: string): string =>
    `${key} is no modifier of ${of} here. ${SAVE}`;
  const inside = (operator: string): [string, string, unknown, string] => [
    operator,
    'profile.a',
    'x',
    `.profile: ${INSIDE}`,
  ];
  const noArray = (operator: string): string =>
    `${operator} needs an array that is not encrypted as one value. ${SAVE}`;
  const noSet = (operator: string): string =>
    `${operator} cannot find equal elements among Random values. ${SAVE}`;

  it.each<[string, string, unknown, string]>([
    ...Object.keys(UPDATE_OPERATORS)
      .filter((operator) => operator !== '$rename')
      .flatMap((operator): [string, string, unknown, string][] => [
        // The defaults of an upsert become one value.
        ...(operator === '$setOnInsert' ? [] : [inside(operator)]),
        [operator, 'history.0', 'x', `.history: ${INSIDE}`],
        [operator, 'ssn.a', 'x', `.ssn: ${INSIDE}`],
        [
          operator,
          'address.$[].street',
          'x',
          `.address.street: the path has a position where the schema declares no array. ${SAVE}`,
        ],
      ]),
    ...['$push', '$addToSet', '$pull', '$pullAll', '$pop'].flatMap(
      (operator): [string, string, unknown, string][] => [
        [operator, 'history', 1, `.history: ${noArray(operator)}`],
        [operator, 'ssn', 1, `.ssn: ${noArray(operator)}`],
        [operator, 'address', 1, `.address: ${noArray(operator)}`],
      ],
    ),
    ...['$inc', '$mul', '$min', '$max', '$bit', '$currentDate'].flatMap((operator) =>
      ['ssn', 'pin', 'tags', 'notes', 'address', 'card', 'contacts', 'history', 'codes'].map(
        (path): [string, string, unknown, string] => [
          operator,
          path,
          1,
          `.${path}: ${operator} cannot compute with an encrypted value. Read the document, set the value computed, and save() it.`,
        ],
      ),
    ),
    ['$addToSet', 'notes', 'a', `.notes: ${noSet('$addToSet')}`],
    ['$addToSet', 'visits', { code: 'a' }, `.visits: ${noSet('$addToSet')}`],
    ['$pullAll', 'notes', ['a'], `.notes: ${noSet('$pullAll')}`],
    ['$pullAll', 'visits', [], `.visits: ${noSet('$pullAll')}`],
    [
      '$push',
      'tags',
      { $each: ['a'], $sort: 1 },
      `.tags: $sort cannot order encrypted values. ${SAVE}`,
    ],
    [
      '$push',
      'contacts',
      { $each: [], $sort: { phone: 1 } },
      `.contacts: $sort cannot order encrypted values. ${SAVE}`,
    ],
    [
      '$push',
      'contacts',
      { $each: [], $sort: -1 },
      `.contacts: $sort cannot order encrypted values. ${SAVE}`,
    ],
    ['$push', 'tags', { $ecah: ['a'] }, `.tags: ${PUSH_MODIFIER('$ecah', '$push')}`],
    [
      '$push',
      'tags',
      { $each: ['a'], $slice: 'a' },
      `.tags: $slice is given something else than a number. ${SAVE}`,
    ],
    [
      '$addToSet',
      'tags',
      { $each: ['a'], $slice: 1 },
      `.tags: ${PUSH_MODIFIER('$slice', '$addToSet')}`,
    ],
    ['$pop', 'tags', 'a', `.tags: $pop is given something else than 1 or -1. ${SAVE}`],
  ])('%s %s %j', (operator, path, value, message) => {
    expect(refusal({ [operator]: { [path]: value } })).toBe(UPDATE + message);
  });

  it.each<[string, unknown, string]>([
    ['notes', 'a', `.notes: ${RANDOM}`],
    ['notes', { $in: ['a'] }, `.notes: ${RANDOM}`],
    [
      'tags',
      { $gt: 'a' },
      '.tags: $gt cannot be answered on an encrypted field. Filter on a plain field, or compare after reading.',
    ],
    ['visits', { reason: 'a' }, `.visits.reason: ${RANDOM}`],
    [
      'contacts',
      { $or: [{ $where: 'a' }] },
      ': $where is not available on elements of a model with encrypted fields. Filter on paths, with listed operators.',
    ],
  ])('$pull %s %j', (path, condition, message) => {
    expect(refusal({ $pull: { [path]: condition } })).toBe(FILTER + message);
  });

  it.each([
    ['ssn', 'pin', 'ssn'],
    ['ssn', 'name', 'ssn'],
    ['name', 'ssn', 'ssn'],
    ['name', 'profile.a', 'profile'],
    ['address', 'card', 'address.street'],
    ['profile.a', 'name', 'profile'],
  ])('$rename %s to %s', (from, to, path) => {
    expect(refusal({ $rename: { [from]: to } })).toBe(
      `${UPDATE}.${path}: $rename would move a value to a path that is not declared alike. Declare both paths alike, or read the value and $set it at its new path.`,
    );
  });

  it.each([
    [
      { $unheardOf: { name: 1 } },
      '$unheardOf is not available in an update of a model with encrypted fields. Use the update operators that are listed.',
    ],
    [
      { ssn: 'a' },
      'an update has a path where an operator belongs. Use the update operators that are listed.',
    ],
    [
      { $set: 'a' },
      '$set is given as something else than an object. Give an object of paths and values.',
    ],
    [
      'a',
      'an update is given as something else than an object. Give an object of paths and values.',
    ],
  ])('%j', (value, message) => {
    expect(refusal(value)).toBe(`${UPDATE}: ${message}`);
  });

  it.each(['$addToSet', '$pullAll', '$pull'])(
    '%s of encrypted strings under a collation',
    (operator) => {
      const scope = scopeOver(ROOT, { collation: { locale: 'en' } });
      expect(refusalOf(() => rewriteUpdate({ [operator]: { tags: ['a'] } }, scope))).toBe(
        `${FILTER}.tags: encrypted strings cannot be compared under a collation. Leave the collation out, or compare with a plain field.`,
      );
    },
  );
});

describe('an update that is a pipeline', () => {
  it.each([
    [[{ $set: { name: { $toUpper: '$name' }, 'meta.a': 1, 'address.city': '$city' } }]],
    [[{ $addFields: { address: { city: 'x' } } }, { $unset: ['name', 'meta.a'] }]],
    [[{ $unset: 'name' }]],
    [[]],
  ])('%j passes', (stages) => {
    expect(update(stages)).toEqual(stages);
  });

  it.each<[unknown, string]>([
    [[{ $set: { ssn: 'a' } }], '.ssn: a pipeline cannot change an encrypted path.'],
    [
      [{ $set: { address: { street: 'a' } } }],
      '.address.street: a pipeline cannot change an encrypted path.',
    ],
    [
      [{ $addFields: { address: '$name' } }],
      '.address.street: a pipeline cannot change an encrypted path.',
    ],
    [[{ $set: { 'profile.a': 'a' } }], '.profile: a pipeline cannot change an encrypted path.'],
    [[{ $unset: ['name', 'pin'] }], '.pin: a pipeline cannot change an encrypted path.'],
    [
      [{ $set: { name: '$ssn' } }],
      ': "name" is computed from an encrypted field, or something that may hold one.',
    ],
    [
      [{ $set: { name: { $concat: ['$$ROOT.tags', 'a'] } } }],
      ': "name" is computed from an encrypted field, or something that may hold one.',
    ],
    [
      [{ $replaceWith: { ssn: 'a' } }],
      ': $replaceWith is not available in an update of a model with encrypted fields.',
    ],
    [
      [{ $project: { name: 1 } }],
      ': $project is not available in an update of a model with encrypted fields.',
    ],
    [[{ $set: 'a' }], ': a stage is given something else than an object of paths.'],
    [['a'], ': this operator is not available in an update of a model with encrypted fields.'],
  ])('%j is refused', (stages, message) => {
    expect(refusal(stages)).toBe(`${UPDATE}${message} ${PIPED}`);
  });

  it('passes as it is on a model without encrypted fields', () => {
    const stages = [{ $replaceWith: '$a' }];
    expect(rewriteUpdate(stages, scopeOver(objectNode({})))).toBe(stages);
  });
});

describe('a replacement', () => {
  it('holds ciphertext wherever the plan says so', () => {
    const document = {
      ssn: 'a',
      pin: 'b',
      name: 'c',
      contacts: [{ phone: 'd' }],
      profile: { e: 1 },
    };
    expect(rewritten((scope) => rewriteReplacement(deepFrozen(document), scope))).toEqual({
      ssn: 'D(ssn)a',
      pin: 'R(pin)b',
      name: 'c',
      contacts: [{ phone: 'D(contacts.phone)d' }],
      profile: 'R(profile){"e":1}',
    });
  });

  it.each([
    [
      { ssn: 'a', $set: { ssn: 'b' } },
      '$set stands in a document that is stored as it is. Give a document without operators.',
    ],
    [
      null,
      'a document is given as something else than an object. Give an object of paths and values.',
    ],
  ])('%j is refused', (document, message) => {
    expect(refusalOf(() => rewriteReplacement(document, scopeOver()))).toBe(
      `${UPDATE}: ${message}`,
    );
  });
});

describe('arrayFilters', () => {
  const filters = (arrayFilters: unknown, ...paths: string[]): unknown => {
    const given = { $set: Object.fromEntries(paths.map((path) => [path, 'x'])) };
    return rewritten((scope) => rewriteArrayFilters(deepFrozen(arrayFilters), given, scope));
  };
  const refused = (arrayFilters: unknown, ...paths: string[]): string =>
    refusalOf(() => filters(arrayFilters, ...paths));

  it.each<[unknown, unknown, string[]]>([
    [[{ c: 'a' }], [{ c: 'D(tags)a' }], ['tags.$[c]']],
    [[{ c: { $in: ['a'] } }], [{ c: { $in: ['D(tags)a'] } }], ['tags.$[c]']],
    [
      [{ 'c.phone': 'a', 'c.x': 1 }],
      [{ 'c.phone': 'D(contacts.phone)a', 'c.x': 1 }],
      ['contacts.$[c].x'],
    ],
    [
      [{ $or: [{ 'c.phone': 'a' }, { 'c.x': 1 }] }],
      [{ $or: [{ 'c.phone': 'D(contacts.phone)a' }, { 'c.x': 1 }] }],
      ['contacts.$[c].x'],
    ],
    [
      [{ 'c.x': 1 }, { l: 'a' }],
      [{ 'c.x': 1 }, { l: 'D(contacts.labels)a' }],
      ['contacts.$[c].labels.$[l]'],
    ],
    [[{ c: 'a' }], [{ c: 'a' }], ['list.$[c]', 'lists.$[c].x']],
    [[{ 'c.code': null }], [{ 'c.code': null }], ['visits.$[c].reason', 'visits.$[c].code']],
  ])('%j are rewritten by where their identifiers stand', (given, expected, paths) => {
    expect(filters(given, ...paths)).toEqual(expected);
  });

  it.each<[unknown, string, string[]]>([
    [
      [{ d: 'a' }],
      ': in arrayFilters, an identifier is not in the update. Use one identifier for each array, with the paths of the update.',
      ['tags.$[c]'],
    ],
    [
      [{ c: 'a' }],
      ': in arrayFilters, an identifier stands at paths that are declared differently. Use one identifier for each array, with the paths of the update.',
      ['tags.$[c]', 'list.$[c]'],
    ],
    [
      [{ c: 'a' }],
      ': in arrayFilters, an identifier stands inside a value that is encrypted as one. Use one identifier for each array, with the paths of the update.',
      ['history.$[c]'],
    ],
    [[{ c: 'a' }], `.notes: ${RANDOM}`, ['notes.$[c]']],
    [[{ 'c.reason': 'a' }], `.visits.reason: ${RANDOM}`, ['visits.$[c].code']],
    [
      [{ c: { $gt: 'a' } }],
      '.tags: $gt cannot be answered on an encrypted field. Filter on a plain field, or compare after reading.',
      ['tags.$[c]'],
    ],
  ])('%j are refused', (given, message, paths) => {
    expect(refused(given, ...paths)).toBe(FILTER + message);
  });

  it('are refused where there is nothing they could belong to', () => {
    const message =
      'in arrayFilters, an identifier is not in the update. Use one identifier for each array, with the paths of the update.';
    for (const update of [undefined, [{ $set: { name: 'x' } }], { $set: null }]) {
      expect(refusalOf(() => rewriteArrayFilters([{ c: 'a' }], update, scopeOver()))).toBe(
        `${FILTER}: ${message}`,
      );
    }
    expect(refused(['c'], 'tags.$[c]')).toBe(
      `${FILTER}: a filter is not an object. Give an object of paths and conditions.`,
    );
    expect(refused([{ $or: { c: 'a' } }], 'tags.$[c]')).toBe(
      `${FILTER}: $or is given something else than an array. Give an array of filters.`,
    );
  });

  it('pass as they are on a model without encrypted fields, or where there are none', () => {
    const given = [{ c: 'a' }];
    expect(rewriteArrayFilters(given, {}, scopeOver(objectNode({})))).toBe(given);
    expect(rewriteArrayFilters(undefined, {}, scopeOver())).toBeUndefined();
  });
});
