import * as bson from 'bson';
import { nodeOfDistinct } from '../../../src/rewrite/distinct';
import { rewriteReadOptions } from '../../../src/rewrite/read-options';
import {
  ROOT,
  deepFrozen,
  fieldNode,
  objectNode,
  refusalOf,
  rewritten,
  scopeOver,
} from './fixture';

const REFUSED = 'UnsupportedOperationError FLE_UNSUPPORTED_OPERATION Patient';
const SELECT = 'Select or deselect the path, and compute after reading.';
const COMPUTED = `a projection cannot compute with an encrypted path, nor write onto one. ${SELECT}`;

const options = (value: unknown): unknown =>
  rewritten((scope) => rewriteReadOptions(deepFrozen(value), scope));
const refusal = (value: unknown): string => refusalOf(() => rewriteReadOptions(value, scopeOver()));

describe('a projection', () => {
  it.each<[unknown]>([
    [{ ssn: 1, pin: true, name: 1, address: 1, 'contacts.phone': 1, profile: 1 }],
    [{ ssn: 0, 'contacts.labels': false, _id: 0 }],
    [{ ssn: new bson.Int32(1), tags: new bson.Double(1) }],
    [{ address: { street: 1 }, contacts: { phone: 0 } }],
    [{ 'contacts.$': 1 }],
    [{ tags: { $slice: 2 }, 'contacts.labels': { $slice: [1, 2] }, visits: { $slice: -1 } }],
    [{ name: { $toUpper: '$name' }, title: '$name', n: 'text', 'address.x': { $size: '$list' } }],
    [{ score: { $meta: 'textScore' }, list: { $slice: 1 }, others: { $elemMatch: { a: 1 } } }],
  ])('%j passes', (projection) => {
    expect(options({ projection, fields: projection })).toEqual({ projection, fields: projection });
  });

  it.each<[unknown, unknown]>([
    [
      { contacts: { $elemMatch: { phone: 'a', x: 1 } } },
      { contacts: { $elemMatch: { phone: 'D(contacts.phone)a', x: 1 } } },
    ],
    [{ tags: { $elemMatch: { $in: ['a'] } } }, { tags: { $elemMatch: { $in: ['D(tags)a'] } } }],
  ])('%j asks with ciphertext', (projection, expected) => {
    expect(options({ projection })).toEqual({ projection: expected });
  });

  it.each<[unknown, string]>([
    [{ ssn: 'a' }, `.ssn: ${COMPUTED}`],
    [{ ssn: '$name' }, `.ssn: ${COMPUTED}`],
    [{ ssn: null }, `.ssn: ${COMPUTED}`],
    [{ ssn: { $toUpper: '$name' } }, `.ssn: ${COMPUTED}`],
    [{ ssn: { $literal: 'a' } }, `.ssn: ${COMPUTED}`],
    [{ ssn: { $meta: 'textScore' } }, `.ssn: ${COMPUTED}`],
    [{ address: { street: 'a' } }, `.address.street: ${COMPUTED}`],
    [{ address: '$home' }, `.address: ${COMPUTED}`],
    [{ history: { $slice: 1 } }, `.history: ${COMPUTED}`],
    [{ tags: { $slice: ['$tags', 1] } }, `.tags: ${COMPUTED}`],
    [{ tags: { $slice: 1, $elemMatch: {} } }, `.tags: ${COMPUTED}`],
    [{ tags: { $filter: { input: '$tags', cond: true } } }, `.tags: ${COMPUTED}`],
    [
      { 'profile.a': 1 },
      `.profile: the path leads inside a value that is encrypted as one. ${SELECT}`,
    ],
    [
      { profile: { a: 1 } },
      `.profile: the path leads inside a value that is encrypted as one. ${SELECT}`,
    ],
    [
      { x: '$ssn' },
      `: "x" is computed from an encrypted field, or something that may hold one. ${SELECT}`,
    ],
    [
      { x: { $first: '$contacts.phone' } },
      `: "x" is computed from an encrypted field, or something that may hold one. ${SELECT}`,
    ],
    [
      { x: { $meta: 'indexKey' } },
      `: "x" is computed from an encrypted field, or something that may hold one. ${SELECT}`,
    ],
    ['ssn', ': the option projection is not an object. Give an object of paths.'],
  ])('%j is refused', (projection, message) => {
    expect(refusal({ projection })).toBe(REFUSED + message);
  });

  it('is refused where its condition asks what ciphertext cannot answer', () => {
    expect(refusal({ projection: { visits: { $elemMatch: { reason: 'a' } } } })).toBe(
      "UnsupportedFilterError FLE_UNSUPPORTED_FILTER Patient.visits.reason: a Random field can only be asked with $exists, or compared with null. Declare it as 'Deterministic' to filter by equality, or filter on a plain field.",
    );
  });
});

describe('options', () => {
  it.each<[unknown]>([
    [{ sort: { name: 1, 'contacts.city': -1, score: { $meta: 'textScore' } } }],
    [{ sort: new Map([['name', 1]]) }],
    [{ sort: [['name', 'desc']], hint: { ssn: 1 }, let: { a: 1 }, limit: 2 }],
    [{ min: { name: 'a' }, max: { name: 'b' }, returnKey: false, showRecordId: true }],
    [{ projection: null, sort: undefined }],
  ])('%j pass', (given) => {
    expect(options(given)).toEqual(given);
  });

  const SORTED =
    'sort cannot order documents by an encrypted field. Sort by a plain field, or sort after reading.';

  it.each<[unknown, string]>([
    [{ sort: { ssn: 1 } }, `.ssn: ${SORTED}`],
    [{ sort: { name: 1, address: 1 } }, `.address.street: ${SORTED}`],
    [{ sort: { 'profile.a': 1 } }, `.profile: ${SORTED}`],
    [{ sort: 'pin' }, `.pin: ${SORTED}`],
    [{ sort: [['tags', 1]] }, `.tags: ${SORTED}`],
    [{ sort: ['name', 'tags.0'] }, `.tags: ${SORTED}`],
    [{ sort: new Map([['ssn', 1]]) }, `.ssn: ${SORTED}`],
    [
      { min: { ssn: 'a' } },
      '.ssn: min cannot bound an encrypted field, whose order is lost. Filter by equality, or bound a plain field.',
    ],
    [
      { max: { name: 1, pin: 'a' } },
      '.pin: max cannot bound an encrypted field, whose order is lost. Filter by equality, or bound a plain field.',
    ],
    [
      { returnKey: true },
      ': the option returnKey gives the keys of an index, which may be encrypted. Select the paths with a projection.',
    ],
  ])('%j are refused', (given, message) => {
    expect(refusal(given)).toBe(REFUSED + message);
  });

  it('keep their symbols', () => {
    const key = Symbol('mongoose');
    expect(options({ [key]: 1, limit: 1 })).toEqual({ [key]: 1, limit: 1 });
  });

  it('pass as they are on a model without encrypted fields, or where there are none', () => {
    const given = { sort: { ssn: 1 } };
    expect(rewriteReadOptions(given, scopeOver(objectNode({})))).toBe(given);
    expect(rewriteReadOptions(undefined, scopeOver())).toBeUndefined();
  });
});

describe('distinct', () => {
  it.each([
    ['ssn', fieldNode('ssn')],
    ['tags', fieldNode('tags')],
    ['contacts.phone', fieldNode('contacts.phone')],
    ['contacts.labels', fieldNode('contacts.labels')],
    ['address', objectNode({ street: fieldNode('address.street') })],
    ['name', undefined],
    ['address.city', undefined],
  ])('on %s says what results hold', (path, node) => {
    expect(nodeOfDistinct(path, scopeOver())).toEqual(node);
  });

  const READ = 'Read the documents and compare the decrypted values.';

  it.each([
    ['pin', `.pin: distinct cannot find equal values among Random ones. ${READ}`],
    ['card', `.card: distinct cannot find equal values among Random ones. ${READ}`],
    ['profile', `.profile: distinct cannot find equal values among Random ones. ${READ}`],
    ['profile.a', `.profile: the path leads inside a value that is encrypted as one. ${READ}`],
  ])('on %s is refused', (path, message) => {
    expect(refusalOf(() => nodeOfDistinct(path, scopeOver()))).toBe(REFUSED + message);
  });

  it('of encrypted strings under a collation is refused', () => {
    const scope = { ...scopeOver(ROOT), collation: { locale: 'en' } };
    expect(refusalOf(() => nodeOfDistinct('ssn', scope))).toBe(
      `${REFUSED}.ssn: encrypted strings cannot be compared under a collation. ${READ}`,
    );
    expect(nodeOfDistinct('age', scope)).toEqual(fieldNode('age', { type: 'Number' }));
  });
});
