import * as bson from 'bson';
import { DocumentKeys } from '../../../src/codec/document-keys';
import { pointerText } from '../../../src/codec/pointer-text';
import type { PointerRule, PointerType } from '../../../src/plan/key-rule';
import { fieldOf, refusalOf } from './fixture';

const HEX = '64b000000000000000000001';
const UUID = '0e2b0a53-1c1b-4f8a-9d8e-0a1b2c3d4e5f';

describe('the text of a value that names a key', () => {
  it.each<[PointerType, unknown, string | undefined]>([
    ['String', 'acme', 'acme'],
    ['String', '../acme', '../acme'],
    ['String', '', undefined],
    ['String', 5, undefined],
    ['String', ['acme'], undefined],
    ['String', { $ne: null }, undefined],
    ['String', { toString: () => 'acme' }, undefined],
    ['String', Object('acme'), undefined],
    ['ObjectId', new bson.ObjectId(HEX), HEX],
    ['ObjectId', HEX, undefined],
    ['ObjectId', { _bsontype: 'ObjectId', toHexString: () => HEX }, undefined],
    ['UUID', new bson.UUID(UUID), UUID],
    ['UUID', new bson.Binary(Buffer.alloc(16), 0), undefined],
    ['UUID', UUID, undefined],
    ['Number', 5, '5'],
    ['Number', new bson.Int32(5), '5'],
    ['Number', new bson.Double(5), '5'],
    ['Number', bson.Long.fromNumber(5), '5'],
    ['Number', -0, '0'],
    ['Number', new bson.Double(-0), '0'],
    ['Number', 1.5, undefined],
    ['Number', Number.NaN, undefined],
    ['Number', 2 ** 53, undefined],
    ['Number', '5', undefined],
    ['BigInt', 5n, '5'],
    ['BigInt', bson.Long.MAX_VALUE, '9223372036854775807'],
    ['String', null, undefined],
    ['Number', undefined, undefined],
  ])('%s %p: %s', (type, value, text) => {
    expect(pointerText(value, type)).toBe(text);
  });

  it('is none where no model has told the type', () => {
    expect(pointerText('acme', undefined)).toBeUndefined();
  });
});

describe('the keys of documents', () => {
  const rule: PointerRule = {
    kind: 'pointer',
    pointer: '/t',
    prefix: 't:',
    path: 't',
    type: 'String',
  };
  const field = fieldOf('String', { keyAltName: rule });
  const unknown = new DocumentKeys({ model: 'M', operation: 'find', context: 1, maySpread: true });
  const of = (...texts: string[]): DocumentKeys => unknown.within(new Map([['t', texts]]));

  it('are named by what is known, and only by that', async () => {
    expect(of('acme').nameFor(field)).toBe('t:acme');
    expect(
      of('a', 'b')
        .within(new Map([['t', ['b', 'c']]]))
        .nameFor(field),
    ).toBe('t:b');
    expect(unknown.nameFor(fieldOf('String'))).toBe('k');
    for (const keys of [
      unknown,
      of('a', 'b'),
      of(),
      of('victim\0attacker'),
      of('\ud800'),
      of('a').mixed,
    ]) {
      expect(await refusalOf(() => keys.nameFor(field))).toContain('FLE_KEY_UNRESOLVED');
    }
  });

  it('once settled, do not change with what is asked later', () => {
    expect(
      of('a')
        .settled.within(new Map([['t', ['b']]]))
        .nameFor(field),
    ).toBe('t:a');
  });

  it('ask a function once for each document', () => {
    const nameOf = jest.fn(() => 'named');
    const by = fieldOf('String', { keyAltName: { kind: 'function', nameOf } });
    const keys = unknown.of({ filter: { a: 1 } });
    expect([keys.nameFor(by), keys.nameFor(by)]).toEqual(['named', 'named']);
    expect(nameOf.mock.calls).toEqual([
      [{ model: 'M', operation: 'find', document: undefined, filter: { a: 1 }, context: 1 }],
    ]);
  });
});
