import * as bson from 'bson';
import { bsonTypeOf, isCiphertext } from '../../../src/codec/bson';

const BRAND = Symbol.for('@@mdb.bson.version');

it.each<[unknown, string | undefined]>([
  [new bson.ObjectId(), 'ObjectId'],
  [new bson.UUID(), 'Binary'],
  [bson.Long.ONE, 'Long'],
  [{ _bsontype: 'Binary', sub_type: 6 }, undefined],
  [{ [BRAND]: 7, _bsontype: 5 }, undefined],
  [{ [BRAND]: 7 }, undefined],
  [Buffer.from('a'), undefined],
  [null, undefined],
  ['Binary', undefined],
])('the BSON class of %p is %p', (value, name) => {
  expect(bsonTypeOf(value)).toBe(name);
});

it.each<[unknown, boolean]>([
  [new bson.Binary(Buffer.alloc(1), 6), true],
  [new bson.Binary(Buffer.alloc(1)), false],
  [{ _bsontype: 'Binary', sub_type: 6 }, false],
  [undefined, false],
])('%p is ciphertext: %p', (value, expected) => {
  expect(isCiphertext(value)).toBe(expected);
});
