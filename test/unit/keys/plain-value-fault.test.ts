import * as bson from 'bson';
import { plainValueFault } from '../../../src/keys/plain-value-fault';

const UNENCRYPTABLE =
  'the value is of a BSON type that cannot be encrypted, such as null or undefined.';
const NOT_DETERMINISTIC = 'the value is of a BSON type that has no deterministic encryption.';
const NOT_A_DOCUMENT = 'the value is not serialised as { v: value }.';

function bytesOf(v: unknown): Uint8Array {
  return bson.serialize({ v }, { ignoreUndefined: false });
}

/** `{ v: … }` with a type and bytes of one's own. */
function rawBytes(type: number, value: Uint8Array): Uint8Array {
  const bytes = Buffer.concat([Buffer.from([0, 0, 0, 0, type, 0x76, 0]), value, Buffer.from([0])]);
  bytes.writeInt32LE(bytes.length);
  return bytes;
}

describe('plainValueFault', () => {
  it.each([
    ['string', 'text'],
    ['empty string', ''],
    ['binary', Buffer.from('bytes')],
    ['uuid', new bson.UUID()],
    ['objectId', new bson.ObjectId()],
    ['date', new Date(0)],
    ['regexp', /a.c/i],
    ['code', new bson.Code('f()')],
    ['symbol', new bson.BSONSymbol('s')],
    ['int32', new bson.Int32(1)],
    ['timestamp', new bson.Timestamp({ t: 1, i: 2 })],
    ['int64', bson.Long.fromNumber(1)],
  ])('lets a value of type %s be encrypted by either algorithm', (_, value) => {
    expect(plainValueFault(bytesOf(value), 'Random')).toBeUndefined();
    expect(plainValueFault(bytesOf(value), 'Deterministic')).toBeUndefined();
  });

  it('lets a value of type dbPointer be encrypted by either algorithm', () => {
    const value = rawBytes(0x0c, Buffer.from('\x02\0\0\0a\x00123456789012', 'latin1'));

    expect(plainValueFault(value, 'Random')).toBeUndefined();
    expect(plainValueFault(value, 'Deterministic')).toBeUndefined();
  });

  it.each([
    ['double', new bson.Double(1)],
    ['object', { a: null }],
    ['array', []],
    ['boolean', false],
    ['code with scope', new bson.Code('f()', { a: 1 })],
    ['decimal128', bson.Decimal128.fromString('1')],
  ])('lets a value of type %s be encrypted at random only', (_, value) => {
    expect(plainValueFault(bytesOf(value), 'Random')).toBeUndefined();
    expect(plainValueFault(bytesOf(value), 'Deterministic')).toBe(NOT_DETERMINISTIC);
  });

  it.each([
    ['null', bytesOf(null)],
    ['undefined', rawBytes(0x06, Buffer.alloc(0))],
    ['minKey', bytesOf(new bson.MinKey())],
    ['maxKey', bytesOf(new bson.MaxKey())],
    ['a type that BSON has not', rawBytes(0x20, Buffer.alloc(4))],
  ])('refuses a value of type %s, which would abort the process', (_, value) => {
    expect(plainValueFault(value, 'Random')).toBe(UNENCRYPTABLE);
    expect(plainValueFault(value, 'Deterministic')).toBe(UNENCRYPTABLE);
  });

  it('refuses ciphertext', () => {
    const value = bytesOf(new bson.Binary(Buffer.from([1, 2, 3]), 6));

    expect(plainValueFault(value, 'Random')).toBe('the value is ciphertext already.');
  });

  it.each([
    ['no bytes', new Uint8Array()],
    ['an empty document', bson.serialize({})],
    ['another name', bson.serialize({ w: 1 })],
    ['a longer name', bson.serialize({ vv: 1 })],
    ['a second value', bson.serialize({ v: 'a', w: 'b' })],
    ['a second v', bson.serialize({ v: 1, w: null }).map((byte) => (byte === 0x77 ? 0x76 : byte))],
    ['a value that is cut off', bson.serialize({ v: 'text' }).subarray(0, -2)],
    ['a length of its own', Buffer.concat([bson.serialize({ v: 'text' }), Buffer.alloc(1)])],
    ['a string of negative length', rawBytes(0x02, Buffer.from([0xff, 0xff, 0xff, 0xff, 0]))],
    ['a string longer than the document', rawBytes(0x02, Buffer.from([9, 0, 0, 0, 0]))],
    ['a regular expression without end', rawBytes(0x0b, Buffer.from('abc'))],
  ])('refuses a document with %s', (_, value) => {
    expect(plainValueFault(value, 'Random')).toBe(NOT_A_DOCUMENT);
  });
});
