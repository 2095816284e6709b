import { serialize } from 'bson';
import fc from 'fast-check';
import { textDocument } from '../../../src/codec/text-document';

describe('the document of a text', () => {
  it.each([
    ['nothing', ''],
    ['one byte a letter', '987-65-4320'],
    ['two, three and four bytes a letter', 'é – 漢 😀'],
    ['a zero', 'a\0b'],
    ['half a surrogate pair', 'a\ud83d'],
    ['the other half', '\ude00a'],
    ['more than fits into a pool of buffers', 'x'.repeat(100_000)],
  ])('is what the BSON library makes of %s', (_what, text) => {
    expect(Buffer.from(textDocument(text))).toEqual(Buffer.from(serialize({ v: text })));
  });

  it('is what the BSON library makes of any text', () => {
    const anyText = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }));
    const halves = fc
      .array(fc.integer({ min: 0, max: 0xffff }))
      .map((units) => String.fromCharCode(...units));
    fc.assert(
      fc.property(fc.oneof(anyText, halves), (text) => {
        expect(Buffer.from(textDocument(text))).toEqual(Buffer.from(serialize({ v: text })));
      }),
    );
  });
});
