import { runInNewContext } from 'node:vm';
import * as bson from 'bson';
import { arrayNode, node, objectNode, refusalOf, collectorOf } from './fixture';

const PATIENT = objectNode({
  ssn: node({ path: 'ssn' }),
  tags: arrayNode(node({ path: 'tags' })),
  address: objectNode({ street: node({ path: 'address.street' }) }),
  contacts: arrayNode(objectNode({ phone: node({ path: 'contacts.phone' }) })),
  codes: objectNode({}, node({ path: 'codes.$*' })),
  profile: node({ path: 'profile', type: 'Object', whole: true, algorithm: 'Random' }),
});

function collect(document: unknown): { copy: unknown; slots: [string, unknown][] } {
  const collector = collectorOf();
  const copy = collector.copyObject(document, PATIENT);
  const slots = collector.slots.map(({ field, encoded }): [string, unknown] => [
    field.path,
    bson.deserialize(encoded())['v'],
  ]);
  return { copy, slots };
}

describe('a copy of a document', () => {
  it('has an open slot for each encrypted value, and everything else by reference', () => {
    const clear = { deep: true };
    const document = Object.freeze({
      ssn: 'a',
      name: clear,
      tags: Object.freeze(['b', null]),
      address: Object.freeze({ street: 'c', city: 'd' }),
      contacts: Object.freeze([Object.freeze({ phone: 'e' }), null]),
      codes: new Map([['x', 'f']]),
      profile: Object.freeze({ g: 1 }),
    });
    const { copy, slots } = collect(document);
    expect(copy).toEqual({
      ssn: undefined,
      name: { deep: true },
      tags: [undefined, null],
      address: { street: undefined, city: 'd' },
      contacts: [{ phone: undefined }, null],
      codes: { x: undefined },
      profile: undefined,
    });
    expect((copy as { name: unknown }).name).toBe(clear);
    expect(slots).toEqual([
      ['ssn', 'a'],
      ['tags', 'b'],
      ['address.street', 'c'],
      ['contacts.phone', 'e'],
      ['codes.$*', 'f'],
      ['profile', { g: 1 }],
    ]);
  });

  it('leaves what is absent absent, and null and undefined as they are', () => {
    const document = {
      ssn: null,
      tags: undefined,
      address: null,
      contacts: [undefined],
      codes: {},
    };
    const { copy, slots } = collect(document);
    expect(copy).toStrictEqual(document);
    expect(slots).toEqual([]);
  });

  it('encrypts values that are falsy', () => {
    expect(collect({ ssn: '', tags: [''], profile: {} }).slots).toEqual([
      ['ssn', ''],
      ['tags', ''],
      ['profile', {}],
    ]);
  });

  it('is made of what containers store', () => {
    const document = {
      ssn: { toBSON: (): string => 'a' },
      tags: { toBSON: (): unknown => ['b'] },
      address: { toBSON: (): unknown => new Map([['street', 'c']]) },
      contacts: [{ toBSON: (): unknown => ({ phone: 'd' }) }],
      codes: { toBSON: (): unknown => null },
      profile: { toBSON: (): unknown => null },
    };
    const { copy, slots } = collect({ toBSON: () => document });
    expect(copy).toEqual({
      ssn: undefined,
      tags: [undefined],
      address: { street: undefined },
      contacts: [{ phone: undefined }],
      codes: null,
      profile: null,
    });
    expect(slots.map(([path]) => path)).toEqual([
      'ssn',
      'tags',
      'address.street',
      'contacts.phone',
    ]);
  });

  it('has slots in the elements of an object of positions, as MongoDB makes of a position where no array was', () => {
    const document = { tags: { '0': 'a' }, contacts: { '0': { phone: 'b', x: 1 }, '2': null } };
    const { copy, slots } = collect(document);
    expect(copy).toEqual({
      tags: { '0': undefined },
      contacts: { '0': { phone: undefined, x: 1 }, '2': null },
    });
    expect(slots).toEqual([
      ['tags', 'a'],
      ['contacts.phone', 'b'],
    ]);
    expect(document.tags).toEqual({ '0': 'a' });
  });

  it('is made of Maps of another realm', () => {
    const document: unknown = runInNewContext(
      'new Map([["ssn", "a"], ["name", "n"], ["codes", new Map([["x", "b"]])]])',
    );
    const { copy, slots } = collect(document);
    expect(copy).toEqual({ ssn: undefined, name: 'n', codes: { x: undefined } });
    expect(slots).toEqual([
      ['ssn', 'a'],
      ['codes.$*', 'b'],
    ]);
  });

  it('holds null where a container of a container gives null', () => {
    const nothing = { toBSON: (): unknown => ({ toBSON: (): null => null }) };
    expect(collect({ profile: nothing })).toEqual({ copy: { profile: null }, slots: [] });
  });

  it('keeps the order of keys, and a key named __proto__', () => {
    const document = JSON.parse(
      '{"z":1,"ssn":"a","__proto__":1,"codes":{"__proto__":"b"}}',
    ) as object;
    const { copy, slots } = collect(document);
    expect(Object.keys(copy as object)).toEqual(['z', 'ssn', '__proto__', 'codes']);
    expect(slots).toEqual([
      ['ssn', 'a'],
      ['codes.$*', 'b'],
    ]);
  });

  it('keeps dotted keys that name nothing encrypted', () => {
    expect(collect({ 'address.city': 'a' }).copy).toEqual({ 'address.city': 'a' });
  });
});

describe('a document that does not have the declared shape is refused', () => {
  const INVALID = 'InvalidValueError FLE_INVALID_VALUE Patient';
  const noObject =
    'the value is not an object, as the schema declares. Give an object, or let Mongoose cast the value.';
  const noArray =
    'the value is not an array, as the schema declares. Give an array, or let Mongoose cast the value.';
  const NEST = 'Nest the value in objects, one for each part of the path.';

  it.each<[unknown, string]>([
    [{ address: 'a' }, `.address.street: ${noObject}`],
    [{ address: ['a'] }, `.address.street: ${noObject}`],
    [{ address: new Date() }, `.address.street: ${noObject}`],
    [{ address: /a/ }, `.address.street: ${noObject}`],
    [{ address: Buffer.from('a') }, `.address.street: ${noObject}`],
    [{ address: new bson.ObjectId() }, `.address.street: ${noObject}`],
    [{ contacts: ['a'] }, `.contacts.phone: ${noObject}`],
    [{ contacts: { phone: 'a' } }, `.contacts.phone: ${noArray}`],
    [{ contacts: {} }, `.contacts.phone: ${noArray}`],
    [{ contacts: { '0': {}, x: 1 } }, `.contacts.phone: ${noArray}`],
    [{ tags: 'a' }, `.tags: ${noArray}`],
    [{ tags: new Set(['a']) }, `.tags: ${noArray}`],
    ['a', `.ssn: ${noObject}`],
    [
      { 'address.street': 'a' },
      `.address.street: a key with dots in it names an encrypted path. ${NEST}`,
    ],
    [
      { 'contacts.0.phone': 'a' },
      `.contacts.0.phone: a key with dots in it names an encrypted path. ${NEST}`,
    ],
    [{ 'profile.a': 'a' }, `.profile.a: a key with dots in it names an encrypted path. ${NEST}`],
    [
      { address: { $each: [{ street: 'a' }] } },
      `.address.street: a key beside it begins with "$", as an operator does. ${NEST}`,
    ],
    [{ $set: { ssn: 'a' } }, `.ssn: a key beside it begins with "$", as an operator does. ${NEST}`],
  ])('%j', async (document, message) => {
    expect(await refusalOf(() => collect(document))).toBe(INVALID + message);
  });
});

it('copies documents of a model without encrypted fields as they are', () => {
  const document = { $a: 1, 'b.c': 2 };
  const copy = collectorOf().copyObject(document, objectNode({}));
  expect(copy).toEqual(document);
});
