import { deserialize, Double, serialize } from 'bson';

import { arrayOf, documentOf, documentsIn, elementsOf } from '../../../dev/gateway/bson-bytes';

const bytesOf = (document: object): Buffer => Buffer.from(serialize(document));

describe('elementsOf', () => {
  it('cuts a document into pieces that make the same document again', () => {
    const document = bytesOf({ a: 1, 'ü.b': [1, { c: new Double(-0) }], '': null, last: 'x' });

    expect(elementsOf(document).map(({ name }) => name)).toEqual(['a', 'ü.b', '', 'last']);
    expect(documentOf(elementsOf(document))).toEqual(document);
    expect(documentOf([])).toEqual(bytesOf({}));
  });

  it.each([
    ['is empty', Buffer.alloc(0)],
    ['is shorter than the length it names', Buffer.from('0600000000', 'hex')],
    ['is longer than the length it names', Buffer.from('050000000000', 'hex')],
    ['has an element of an unknown type', Buffer.from('0800000020610000', 'hex')],
    ['has a value that is cut off', Buffer.from('0a000000106100010000', 'hex')],
  ])('refuses a document that %s', (_, bytes) => {
    expect(() => elementsOf(bytes)).toThrow();
  });
});

describe('documentsIn', () => {
  it('splits documents that stand one after another', () => {
    const documents = [bytesOf({ a: 1 }), bytesOf({}), bytesOf({ b: 'x' })];

    expect(documentsIn(Buffer.concat(documents))).toEqual(documents);
    expect(documentsIn(Buffer.alloc(0))).toEqual([]);
  });

  it.each(['01', '04000000', 'ffffffff00', '0600000000', '050000000005'])('refuses %s', (hex) => {
    expect(() => documentsIn(Buffer.from(hex, 'hex'))).toThrow(RangeError);
  });
});

describe('arrayOf', () => {
  it('makes an array of documents', () => {
    const array = arrayOf('list', [bytesOf({ a: 1 }), bytesOf({})]);

    expect(deserialize(documentOf([array]))).toEqual({ list: [{ a: 1 }, {}] });
  });
});
