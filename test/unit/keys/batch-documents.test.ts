import { randomBytes } from 'node:crypto';
import * as bson from 'bson';
import {
  ciphertextsDocument,
  documentsDocument,
  markingSuffix,
  markingSuffixes,
  markingsDocument,
} from '../../../src/keys/batch-documents';
import { keyIdentified, keyNamed } from '../../../src/keys/key-ref';

function markingsIn(document: Uint8Array): unknown[] {
  const { result } = bson.deserialize(document) as { result: { v: bson.Binary[] } };
  return result.v.map((binary) => {
    expect(binary.sub_type).toBe(6);
    expect(binary.value()[0]).toBe(0);
    return bson.deserialize(binary.value().subarray(1));
  });
}

describe('markingsDocument', () => {
  it('marks values for encryption by name and by identifier', () => {
    const id = new bson.UUID();
    const document = markingsDocument([
      {
        bytes: bson.serialize({ v: 'text' }),
        suffix: markingSuffix('Deterministic', keyNamed('tenant:é')),
      },
      {
        bytes: bson.serialize({ v: [1] }),
        suffix: markingSuffix('Random', keyIdentified(id.value())),
      },
    ]);

    expect(markingsIn(document)).toEqual([
      { v: 'text', a: 1, ka: 'tenant:é' },
      { v: [1], a: 2, ki: id },
    ]);
  });

  it.each([0, 1, 9, 10, 11, 500])('holds %d values', (count) => {
    const suffixOf = markingSuffixes();
    const document = markingsDocument(
      Array.from({ length: count }, (_, v) => ({
        bytes: bson.serialize({ v }),
        suffix: suffixOf('Random', `key ${v % 2}`),
      })),
    );

    expect(markingsIn(document)).toEqual(
      Array.from({ length: count }, (_, v) => ({ v, a: 2, ka: `key ${v % 2}` })),
    );
  });

  it('is the document that the BSON library would write of an element without a name', () => {
    const marking = bson.serialize({ v: 'text', a: 1, ka: 'pii' });
    const binary = new bson.Binary(Buffer.concat([Buffer.from([0]), marking]), 6);
    const suffix = markingSuffix('Deterministic', keyNamed('pii'));
    const document = markingsDocument([{ bytes: bson.serialize({ v: 'text' }), suffix }]);

    expect(document).toEqual(asArray(bson.serialize({ result: { v: { '': binary } } }), 'result'));
  });
});

describe('ciphertextsDocument', () => {
  it('is the document that the BSON library would write of an element without a name', () => {
    const ciphertext = randomBytes(82);

    expect(ciphertextsDocument([ciphertext])).toEqual(
      asArray(bson.serialize({ v: { '': new bson.Binary(ciphertext, 6) } })),
    );
  });

  it.each([0, 1, 12, 500])('holds %d ciphertexts, in their order', (count) => {
    const ciphertexts = Array.from({ length: count }, (_, index) => randomBytes(82 + index));
    const { v } = bson.deserialize(ciphertextsDocument(ciphertexts)) as { v: bson.Binary[] };

    expect(v.map(({ sub_type: subtype }) => subtype)).toEqual(ciphertexts.map(() => 6));
    expect(v.map((binary) => Buffer.from(binary.value()))).toEqual(ciphertexts);
  });
});

describe('documentsDocument', () => {
  it('is the document that the BSON library would write of an element without a name', () => {
    const document = { ssn: new bson.Binary(randomBytes(82), 6), name: 'a' };

    expect(documentsDocument([bson.serialize(document)])).toEqual(
      asArray(bson.serialize({ v: { '': document } })),
    );
  });

  it.each([0, 1, 12, 500])('holds %d documents, in their order', (count) => {
    const documents = Array.from({ length: count }, (_, index) => ({ index, of: { a: [index] } }));
    const bytes = documents.map((document) => bson.serialize(document));

    expect(bson.deserialize(documentsDocument(bytes))).toEqual({ v: documents });
  });
});

/** The document with its object `v`, which stands first, in `outer` where one is given, made an array. */
function asArray(document: Uint8Array, outer?: string): Buffer {
  const copy = Buffer.from(document);
  copy[outer === undefined ? 4 : 4 + `.${outer}.....`.length] = 0x04;
  return copy;
}
