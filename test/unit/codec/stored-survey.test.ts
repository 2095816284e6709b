import * as bson from 'bson';
import { isOrdinary, openSurvey } from '../../../src/codec/stored-survey';
import type { PlanNode } from '../../../src/plan/encryption-plan';
import { arrayNode, node, objectNode } from './fixture';
import { keyIdOf } from './memory-cipher';

const STRING = 0x02;
const BINARY = 0x05;

/** Bytes that can be a ciphertext of a value of BSON type `plain`. */
function ciphertext({ kind = 1, key = 'k', plain = STRING, length = 98 } = {}): bson.Binary {
  const bytes = Buffer.alloc(length, 7);
  bytes[0] = kind;
  keyIdOf(key).copy(bytes, 1);
  bytes[17] = plain;
  return new bson.Binary(bytes, 6);
}

const ROOT = objectNode({
  ssn: node({ path: 'ssn' }),
  pin: node({ path: 'pin' }),
  tags: arrayNode(node({ path: 'tags' })),
  address: objectNode({ street: node({ path: 'address.street' }) }),
  contacts: arrayNode(objectNode({ phone: node({ path: 'contacts.phone' }) })),
  codes: objectNode({ main: node({ path: 'codes.main' }) }, node({ path: 'codes.$*' })),
});

const survey = (document: Uint8Array, plan: PlanNode = ROOT): [boolean, number] => {
  const seen = openSurvey();
  return [isOrdinary(seen, document, plan), seen.ciphertexts];
};

const C = ciphertext();

describe('the survey of a stored document', () => {
  it.each<readonly [string, object, number]>([
    ['an empty one', {}, 0],
    ['null at a declared path', { ssn: null, tags: null, address: null }, 0],
    ['ciphertext at declared paths', { ssn: C, pin: ciphertext({ kind: 2 }) }, 2],
    ['in an array, beside null', { tags: [C, null, C] }, 2],
    ['in an empty array', { tags: [] }, 0],
    ['in a nested object', { address: { street: C, city: 'Zürich' } }, 1],
    ['in objects of an array', { contacts: [{ phone: C }, {}, null, { phone: C, x: 1 }] }, 2],
    ['in an array where an object is declared', { address: [{ street: C }, { street: C }] }, 2],
    ['in a Map', { codes: { main: C, other: C } }, 2],
    ['names that begin or end as declared ones', { ss: 'a', ssnx: 'b', xssn: 'c', psn: 'd' }, 0],
    [
      'every common type beside it',
      {
        _id: new bson.ObjectId(),
        double: 1.5,
        int: 1,
        long: bson.Long.fromNumber(2 ** 40),
        decimal: bson.Decimal128.fromString('1.5'),
        truth: true,
        date: new Date(0),
        time: new bson.Timestamp({ t: 1, i: 2 }),
        bytes: Buffer.from('b'),
        uuid: new bson.UUID(),
        text: 'é – 漢',
        nested: { a: [{ b: [[], {}] }], ssn: 'not the declared one' },
        ssn: C,
      },
      1,
    ],
  ])('finds it ordinary with %s', (_what, document, count) => {
    expect(survey(bson.serialize(document))).toEqual([true, count]);
  });

  it.each<readonly [string, object]>([
    ['plaintext at a declared path', { ssn: 'a' }],
    ['a number at a declared path', { ssn: 5 }],
    ['an object at the path of a value', { ssn: { a: 1 } }],
    ['an array at the path of a value', { ssn: [C] }],
    ['plaintext in a declared array', { tags: [C, 'a'] }],
    ['an object with positions where an array is declared', { tags: { 0: C } }],
    ['a value where an object is declared', { address: 'a' }],
    ['ciphertext where an object is declared', { address: C }],
    ['ciphertext where an array is declared', { tags: C }],
    ['ciphertext at an undeclared path', { other: C }],
    ['ciphertext deep in an undeclared path', { other: [{ a: { b: C } }] }],
    ['bytes at a declared path', { ssn: Buffer.from('a') }],
    ['ciphertext that may hold another', { ssn: ciphertext({ plain: BINARY }) }],
    ['a binary of subtype 6 that is no ciphertext', { ssn: ciphertext({ kind: 0 }) }],
    ['one of Queryable Encryption', { ssn: ciphertext({ kind: 6 }) }],
    ['ciphertext that is cut off', { ssn: ciphertext({ length: 81 }) }],
    ['a regular expression', { other: /a/i }],
    ['code', { other: new bson.Code('a') }],
    ['code with scope', { other: new bson.Code('a', { b: 1 }) }],
    ['a symbol', { other: new bson.BSONSymbol('a') }],
    ['minKey', { other: new bson.MinKey() }],
    ['maxKey', { other: new bson.MaxKey() }],
    ['a binary of the old subtype', { other: new bson.Binary(Buffer.from('a'), 2) }],
  ])('finds it unusual with %s', (_what, document) => {
    expect(survey(bson.serialize(document))[0]).toBe(false);
  });

  it.each<readonly [string, object, (document: Buffer) => void]>([
    [
      'a boolean that is neither',
      { ssn: C, flag: true },
      (document) => (document[document.length - 2] = 2),
    ],
    [
      'a text without its end',
      { ssn: C, text: 'aaaa' },
      (document) => (document[document.indexOf('aaaa') + 4] = 1),
    ],
    [
      'a text of no length',
      { ssn: C, text: '' },
      (document) => (document[document.indexOf('text') + 5] = 0),
    ],
    ['no end', { ssn: C }, (document) => (document[document.length - 1] = 1)],
    [
      'an array without its end',
      { ssn: C, list: [1] },
      (document) => (document[document.length - 2] = 1),
    ],
  ])('finds it unusual with %s, behind which libmongocrypt would stop', (_what, given, spoil) => {
    const document = Buffer.from(bson.serialize(given));
    expect(survey(document)[0]).toBe(true);
    spoil(document);
    expect(survey(document)[0]).toBe(false);
  });

  it('finds documents unusual that are nested deeper than any that is stored', () => {
    const nested = (levels: number): object => {
      let inner: object = {};
      for (let level = 1; level < levels; level += 1) inner = { a: inner };
      return inner;
    };
    expect(survey(bson.serialize(nested(200)))[0]).toBe(true);
    expect(survey(bson.serialize(nested(201)))[0]).toBe(false);
  });

  it('finds documents of a few keys ordinary, and of many unusual', () => {
    const seen = openSurvey();
    const ofKey = (key: number): Uint8Array =>
      bson.serialize({ ssn: ciphertext({ key: `k${key}` }) });
    for (let key = 0; key < 8; key += 1) expect(isOrdinary(seen, ofKey(key), ROOT)).toBe(true);
    expect(isOrdinary(seen, ofKey(3), ROOT)).toBe(true);
    expect(isOrdinary(seen, ofKey(8), ROOT)).toBe(false);
  });

  it('adds up what it has seen', () => {
    const seen = openSurvey();
    const document = bson.serialize({ ssn: C });
    isOrdinary(seen, document, ROOT);
    isOrdinary(seen, document, ROOT);
    expect([seen.ciphertexts, seen.bytes]).toEqual([2, 2 * document.length]);
  });

  it('comes to an end, and finds nothing ordinary, wherever a document is cut off', () => {
    const whole = bson.serialize({ tags: [C], other: { a: 'text', b: [1] }, ssn: C });
    for (let length = 0; length < whole.length; length += 1) {
      expect(survey(whole.subarray(0, length))[0]).toBe(false);
    }
  });

  it('comes to an end whatever a byte of a document is changed to', () => {
    const whole = bson.serialize({ other: { a: 'text', b: [1] }, tags: [C], n: 1 });
    for (let at = 0; at < whole.length; at += 1) {
      for (const byte of [0x00, 0x01, 0x03, 0x04, 0x05, 0x7f, 0x80, 0xff]) {
        const changed = Buffer.from(whole);
        changed[at] = byte;
        expect(typeof survey(changed)[0]).toBe('boolean');
      }
    }
  });

  it('finds a document ordinary that ends where its length says, and no other', () => {
    const document = bson.serialize({ ssn: C });
    expect(survey(Buffer.concat([document, Buffer.from([0])]))[0]).toBe(false);
    expect(survey(document, node({ path: 'ssn' }))[0]).toBe(false);
  });
});
