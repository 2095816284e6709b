import * as bson from 'bson';
import { decryptDocuments, type DecryptScope } from '../../../src/codec/decrypt-documents';
import { fillSlots } from '../../../src/codec/fill-slots';
import { isUndecryptable } from '../../../src/codec/undecryptable';
import {
  ENCODE,
  arrayNode,
  decryptScope,
  node,
  objectNode,
  refusalOf,
  collectorOf,
} from './fixture';
import { MemoryCipher } from './memory-cipher';

const PHONE = objectNode({ phone: node({ path: 'contacts.phone' }) });
const ROOT = objectNode({
  ssn: node({ path: 'ssn' }),
  age: node({ path: 'age', type: 'Number' }),
  big: node({ path: 'big', type: 'BigInt' }),
  lost: node({ path: 'lost', keyAltName: 'lost' }),
  tags: arrayNode(node({ path: 'tags' })),
  matrix: arrayNode(arrayNode(node({ path: 'matrix' }))),
  address: objectNode({ street: node({ path: 'address.street' }) }),
  contacts: arrayNode(PHONE),
  codes: objectNode({ main: node({ path: 'codes.main' }) }, node({ path: 'codes.$*' })),
});

const PATIENT = {
  name: 'n',
  ssn: 'a',
  age: 5,
  tags: ['b', null, 'c'],
  matrix: [['d'], [], ['e', 'f']],
  address: { street: 'g', city: 'h' },
  contacts: [{ phone: 'i', x: 1 }, { x: 2 }, null],
  codes: { main: 'j', other: 'k' },
};

async function stored(document: unknown): Promise<Record<string, unknown>> {
  const collector = collectorOf();
  const copy = collector.copyObject(document, ROOT);
  const cipher = new MemoryCipher(['k', 'lost']);
  await fillSlots(collector.slots, { cipher, purpose: 'write', scope: ENCODE });
  return copy;
}

async function readBack(
  document: unknown,
  more: Partial<DecryptScope> = {},
): Promise<Record<string, unknown>> {
  const documents = [await stored(document)];
  await decryptDocuments(documents, ROOT, decryptScope(more));
  return documents[0] ?? {};
}

describe('decrypting documents', () => {
  it('gives back what was stored, in one batch', async () => {
    const cipher = new MemoryCipher();
    const documents = [await stored(PATIENT), {}, null, await stored({ ssn: 'z' })];
    await decryptDocuments(documents, ROOT, decryptScope({ cipher }));
    expect(documents).toEqual([PATIENT, {}, null, { ssn: 'z' }]);
    expect(cipher.calls).toEqual(['decrypt 12']);
  });

  it('follows dotted keys where they are paths, and leaves what describes an update', async () => {
    const of = await stored(PATIENT);
    const [contact] = of['contacts'] as { phone: unknown }[];
    const event = {
      updatedFields: {
        'address.street': (of['address'] as { street: unknown }).street,
        'contacts.0.phone': contact?.phone,
        'contacts.1': contact,
        'tags.2': (of['tags'] as unknown[])[0],
        'codes.other': (of['codes'] as { other: unknown }).other,
        ssn: of['ssn'],
        name: 'n',
      },
      removedFields: ['ssn'],
      truncatedArrays: [{ field: 'tags', newSize: 1 }],
      disambiguatedPaths: { 'codes.0': ['codes', '0'] },
    };
    const byPath = { ...ROOT, keyedByPaths: true } as const;
    await decryptDocuments([event], objectNode({ updatedFields: byPath }), decryptScope());
    expect(event).toEqual({
      updatedFields: {
        'address.street': 'g',
        'contacts.0.phone': 'i',
        'contacts.1': { phone: 'i', x: 1 },
        'tags.2': 'b',
        'codes.other': 'k',
        ssn: 'a',
        name: 'n',
      },
      removedFields: ['ssn'],
      truncatedArrays: [{ field: 'tags', newSize: 1 }],
      disambiguatedPaths: { 'codes.0': ['codes', '0'] },
    });
  });

  it('looks into what the BSON library takes for a reference', async () => {
    const [contact] = (await stored(PATIENT))['contacts'] as { phone: unknown }[];
    const reference = { $ref: 'people', $id: 1, phone: contact?.phone };
    const document = bson.deserialize(bson.serialize({ contacts: [reference] }));
    await decryptDocuments([document], ROOT, decryptScope());
    const [read] = document['contacts'] as [bson.DBRef];
    expect(read.fields).toEqual({ phone: 'i' });
  });

  it('leaves a text a text where numbers are declared', async () => {
    const { ssn } = await stored(PATIENT);
    const documents = [{ age: ssn }];
    await decryptDocuments(documents, ROOT, decryptScope());
    expect(documents).toEqual([{ age: 'a' }]);
  });

  it('asks for nothing where nothing is encrypted', async () => {
    const cipher = new MemoryCipher();
    await decryptDocuments([{ name: 'a' }, { ssn: null }], ROOT, decryptScope({ cipher }));
    expect(cipher.calls).toEqual([]);
  });

  it('decrypts single values, as distinct gives them', async () => {
    const { ssn, tags } = await stored(PATIENT);
    const values = [ssn, null, ...(tags as unknown[])];
    await decryptDocuments(values, node({ path: 'ssn' }), decryptScope());
    expect(values).toEqual(['a', null, 'b', null, 'c']);
  });

  it('finds values where an array stands for an object, or an object for an array', async () => {
    const { address, contacts } = await stored(PATIENT);
    const [contact] = contacts as unknown[];
    const document = { address: [address], contacts: contact };
    await decryptDocuments([document], ROOT, decryptScope());
    expect(document).toEqual({ address: [PATIENT.address], contacts: PATIENT.contacts[0] });
  });

  it('finds the elements of an object that MongoDB made of a position where no array was', async () => {
    const document = {
      tags: { '0': 'a', '10': 'b' },
      matrix: { '1': { '0': 'c' }, '2': ['d'] },
      contacts: { '0': { phone: 'e', x: 1 } },
      codes: { '0': 'f' },
    };
    expect(await readBack(document)).toEqual(document);
  });

  it('takes no BSON value and no bytes for an object of positions', async () => {
    const document = { tags: Buffer.from('a'), contacts: new bson.ObjectId() };
    const [before] = [{ ...document }];
    await decryptDocuments([document], ROOT, decryptScope({ plaintext: 'read' }));
    expect(document).toEqual(before);
  });

  it.each<[DecryptScope['readOptions'], unknown, unknown]>([
    [{}, 5, 5],
    [{ promoteLongs: false }, 5, bson.Long.fromNumber(5)],
    [{ useBigInt64: true }, 5, 5n],
    [{ promoteValues: false }, new bson.Int32(5), bson.Long.fromNumber(5)],
  ])('gives numbers as the twin has them under %j', async (readOptions, age, big) => {
    expect(await readBack({ age: 5, big: 5n }, { readOptions })).toEqual({ age, big });
  });

  it('gives a Number beyond int32 as a Double where values are not promoted', async () => {
    const { age } = await readBack({ age: 2 ** 40 }, { readOptions: { promoteValues: false } });
    expect(age).toEqual(new bson.Double(2 ** 40));
  });
});

describe('a ciphertext that cannot be decrypted', () => {
  const FAILED = 'DecryptionFailedError FLE_DECRYPTION_FAILED Patient';

  it('fails the read, under a key that is gone', async () => {
    const read = readBack({ ssn: 'a', lost: 'b' });
    expect(await refusalOf(async () => await read)).toBe(
      `${FAILED}.lost: the data key that encrypted the stored value is not in the key vault. Restore the key from a backup of the vault; without it the value is lost.`,
    );
    await expect(read).rejects.toMatchObject({
      model: 'Patient',
      operation: 'find',
      path: 'lost',
      keyAltName: 'lost',
      keyId: expect.stringMatching(/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/) as string,
    });
  });

  it('fails the read, where it was tampered with', async () => {
    const { ssn } = await stored({ ssn: 'a' });
    const short = new bson.Binary((ssn as bson.Binary).buffer.subarray(0, 18), 6);
    const read = (): Promise<void> => decryptDocuments([{ ssn: short }], ROOT, decryptScope());
    expect(await refusalOf(read)).toBe(
      `${FAILED}.ssn: the stored value cannot be decrypted. Check that the master key is the one that wrapped the data key; the cause says more.`,
    );
    await expect(read()).rejects.toMatchObject({ cause: new Error('HMAC validation failure') });
  });

  it('is named without a key where it is too short for one', async () => {
    const document = { ssn: new bson.Binary(Buffer.from([1]), 6) };
    await expect(decryptDocuments([document], ROOT, decryptScope())).rejects.toMatchObject({
      path: 'ssn',
      keyId: undefined,
    });
  });

  it('is marked, and the others read, where the handle says so', async () => {
    const document = await readBack({ ssn: 'a', lost: 'b' }, { undecryptable: 'mark' });
    expect(document['ssn']).toBe('a');
    expect(isUndecryptable(document['lost'])).toBe(true);
    expect(document['lost']).toMatchObject({ path: 'lost' });
  });

  it.each(['address', 'tags', 'codes'])(
    'fails the read, where it stands at %s as a whole',
    async (path) => {
      const document = { [path]: new bson.Binary(Buffer.alloc(18, 1), 6) };
      const field = { address: 'address.street', tags: 'tags', codes: 'codes.main' }[path] ?? '';
      expect(await refusalOf(() => decryptDocuments([document], ROOT, decryptScope()))).toBe(
        `${FAILED}.${field}: the database holds one ciphertext where the schema declares encrypted fields inside. Declare the path as it was when the document was written, or rewrite the document.`,
      );
    },
  );
});

describe('plaintext that is stored at an encrypted path', () => {
  it.each<[object, string]>([
    [{ ssn: 'a' }, 'ssn'],
    [{ tags: ['a'] }, 'tags'],
    [{ tags: 'a' }, 'tags'],
    [{ address: { street: '' } }, 'address.street'],
    [{ codes: { x: 0 } }, 'codes.$*'],
    [{ ssn: new bson.Binary(Buffer.from('a')) }, 'ssn'],
    [{ ssn: { _bsontype: 'Binary', sub_type: 6 } }, 'ssn'],
  ])('is refused in %j', async (document, path) => {
    expect(await refusalOf(() => decryptDocuments([document], ROOT, decryptScope()))).toBe(
      `PlaintextFoundError FLE_PLAINTEXT_FOUND Patient.${path}: the database holds a value there that is not ciphertext. Encrypt what is stored, or allow it to be read with the option plaintext: 'read'.`,
    );
  });

  it.each<[object, object]>([
    [
      { ssn: 'a', tags: ['b'], age: 5.5 },
      { ssn: 'a', tags: ['b'], age: 5.5 },
    ],
    [
      { age: 'text', address: 'g' },
      { age: 'text', address: 'g' },
    ],
    [{ age: bson.Long.fromNumber(5) }, { age: 5 }],
  ])('is read where that is allowed: %j', async (document, read) => {
    await decryptDocuments([document], ROOT, decryptScope({ plaintext: 'read' }));
    expect(document).toEqual(read);
  });
});
