import { randomBytes } from 'node:crypto';
import * as bson from 'bson';
import {
  ciphertextsDocument,
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

  it('is the document that the BSON library would write', () => {
    const marking = bson.serialize({ v: 'text', a: 1, ka: 'pii' });
    const binary = new bson.Binary(Buffer.concat([Buffer.from([0]), marking]), 6);

    expect(
      markingsDocument([
        {
          bytes: bson.serialize({ v: 'text' }),
          suffix: markingSuffix('Deterministic', keyNamed('pii')),
        },
      ]),
    ).toEqual(Buffer.from(bson.serialize({ result: { v: [binary] } })));
  });
});

describe('ciphertextsDocument', () => {
  it.each([0, 1, 12])('is the document that the BSON library would write of %d', (count) => {
    const ciphertexts = Array.from({ length: count }, (_, index) => randomBytes(82 + index));

    expect(ciphertextsDocument(ciphertexts)).toEqual(
      Buffer.from(bson.serialize({ v: ciphertexts.map((bytes) => new bson.Binary(bytes, 6)) })),
    );
  });
});
