import * as bson from 'bson';
import { findCiphertext } from '../../../src/codec/find-ciphertext';
import { Undecryptable, isUndecryptable, takeMarkers } from '../../../src/codec/undecryptable';
import { arrayNode, node, objectNode } from './fixture';

const ROOT = objectNode({
  ssn: node({ path: 'ssn' }),
  tags: arrayNode(node({ path: 'tags' })),
  contacts: arrayNode(objectNode({ phone: node({ path: 'contacts.phone' }) })),
  codes: objectNode({}, node({ path: 'codes.$*' })),
});

describe('markers', () => {
  it('are taken out, with the paths where they stood', () => {
    const marker = new Undecryptable('p', undefined);
    const document = {
      name: marker,
      ssn: marker,
      tags: ['a', marker],
      contacts: [{ phone: marker, x: 1 }, null, new bson.ObjectId()],
      codes: { x: marker, y: 'b' },
    };
    const [, , id] = document.contacts;
    expect(takeMarkers(document, ROOT)).toEqual(['ssn', 'tags.1', 'contacts.0.phone', 'codes.x']);
    expect(document).toEqual({
      name: marker,
      tags: ['a', null],
      contacts: [{ x: 1 }, null, id],
      codes: { y: 'b' },
    });
  });

  it('are found where an array stands for an object', () => {
    const document = { codes: [{ x: new Undecryptable('p', 'id') }] };
    expect(takeMarkers(document, ROOT)).toEqual(['codes.0.x']);
  });

  it('are found where MongoDB made an object of a position', () => {
    const marker = new Undecryptable('p', 'id');
    const document = { tags: { '0': marker, '1': 'a' }, contacts: { '0': { phone: marker } } };
    expect(takeMarkers(document, ROOT)).toEqual(['tags.0', 'contacts.0.phone']);
    expect(document).toEqual({ tags: { '1': 'a' }, contacts: { '0': {} } });
  });

  it.each([null, undefined, 'a', {}, { path: 'p' }])('are not %j', (value) => {
    expect(isUndecryptable(value)).toBe(false);
  });
});

describe('ciphertext left in a document', () => {
  const ciphertext = new bson.Binary(Buffer.alloc(18, 1), 6);

  it.each<[object, string | undefined]>([
    [{ ssn: ciphertext }, 'ssn'],
    [{ tags: ['a', ciphertext] }, 'tags'],
    [{ contacts: [{}, { phone: ciphertext }] }, 'contacts.phone'],
    [{ codes: { x: ciphertext } }, 'codes.$*'],
    [{ codes: [{ x: ciphertext }] }, 'codes.$*'],
    [{ tags: { '0': 'a', '1': ciphertext } }, 'tags'],
    [{ contacts: { '0': { phone: ciphertext } } }, 'contacts.phone'],
    [
      { name: ciphertext, ssn: 'a', tags: [], contacts: { phone: ciphertext }, codes: null },
      undefined,
    ],
    [{ ssn: new bson.Binary(Buffer.alloc(1)) }, undefined],
  ])('is found under its field', (document, path) => {
    expect(findCiphertext(document, ROOT)?.path).toBe(path);
  });
});
