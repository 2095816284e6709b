import * as bson from 'bson';
import fc from 'fast-check';
import type { BsonReadOptions } from '../../../src/codec/bson';
import { decryptDocuments, type DecryptScope } from '../../../src/codec/decrypt-documents';
import { decryptStored } from '../../../src/codec/decrypt-stored';
import { fillSlots } from '../../../src/codec/fill-slots';
import type { ObjectNode, PlanNode } from '../../../src/plan/encryption-plan';
import { fieldsBelow } from '../../../src/plan/resolve-path';
import { isUndecryptable } from '../../../src/codec/undecryptable';
import {
  arrayNode,
  collectorOf,
  decryptScope,
  ENCODE,
  node,
  objectNode,
  refusalOf,
} from './fixture';
import { MemoryCipher } from './memory-cipher';

const ROOT = objectNode({
  ssn: node({ path: 'ssn' }),
  age: node({ path: 'age', type: 'Number' }),
  bytes: node({ path: 'bytes', type: 'Buffer' }),
  any: node({ path: 'any', type: 'Mixed', algorithm: 'Random', whole: true }),
  lost: node({ path: 'lost', keyAltName: 'lost' }),
  tags: arrayNode(node({ path: 'tags' })),
  contacts: arrayNode(objectNode({ phone: node({ path: 'contacts.phone' }) })),
  codes: objectNode({}, node({ path: 'codes.$*' })),
});

async function stored(document: object, plan: PlanNode = ROOT): Promise<Uint8Array> {
  const collector = collectorOf();
  const copy = collector.copyObject(document, plan as ObjectNode);
  const names = fieldsBelow(plan).map(({ keyAltName }) => keyAltName as string);
  const cipher = new MemoryCipher(names);
  await fillSlots(collector.slots, { cipher, purpose: 'write', scope: ENCODE });
  return bson.serialize(copy);
}

/** As the driver would have read them, and decrypted then. */
async function decryptedAfterwards(
  documents: readonly Uint8Array[],
  scope: DecryptScope,
): Promise<unknown[]> {
  const options = { ...scope.readOptions, promoteBuffers: false } as object;
  const read = documents.map((document) => bson.deserialize(document, options) as unknown);
  await decryptDocuments(read, ROOT, scope);
  return read;
}

const PERSON = { _id: 1, ssn: 'a', age: 5, tags: ['b', null], contacts: [{ phone: 'c', x: 1 }] };

describe('decrypting documents as the database sent them', () => {
  it('decrypts ordinary ones whole, and asks for no value', async () => {
    const cipher = new MemoryCipher();
    const documents = [await stored(PERSON), await stored({ _id: 2, ssn: null })];
    expect(await decryptStored(documents, ROOT, decryptScope({ cipher }))).toEqual([
      PERSON,
      { _id: 2, ssn: null },
    ]);
    expect(cipher.calls).toEqual(['decryptWhole 2']);
  });

  it('asks for nothing where nothing is encrypted', async () => {
    const cipher = new MemoryCipher();
    const documents = [bson.serialize({ name: 'a' }), bson.serialize({ ssn: null })];
    expect(await decryptStored(documents, ROOT, decryptScope({ cipher }))).toEqual([
      { name: 'a' },
      { ssn: null },
    ]);
    expect(await decryptStored([], ROOT, decryptScope({ cipher }))).toEqual([]);
    expect(cipher.calls).toEqual([]);
  });

  it('decrypts value by value from the first unusual one on', async () => {
    const cipher = new MemoryCipher();
    const unusual = { _id: 2, ssn: 'b', pattern: /a/ };
    const documents = await Promise.all([PERSON, unusual, PERSON].map((each) => stored(each)));
    expect(await decryptStored(documents, ROOT, decryptScope({ cipher }))).toEqual([
      PERSON,
      unusual,
      PERSON,
    ]);
    expect(cipher.calls).toEqual(['decryptWhole 1', 'decrypt 5']);
  });

  it('decrypts value by value what cannot be decrypted whole, and says why', async () => {
    const cipher = new MemoryCipher();
    const documents = [await stored(PERSON), await stored({ lost: 'a' })];
    const scope = decryptScope({ cipher });
    expect(await refusalOf(() => decryptStored(documents, ROOT, scope))).toBe(
      'DecryptionFailedError FLE_DECRYPTION_FAILED Patient.lost: the data key that encrypted the stored value is not in the key vault. Restore the key from a backup of the vault; without it the value is lost.',
    );
    expect(cipher.calls).toEqual(['decryptWhole 2', 'decrypt 5']);
    const marked = await decryptStored(
      documents,
      ROOT,
      decryptScope({ cipher, undecryptable: 'mark' }),
    );
    expect(marked[0]).toEqual(PERSON);
    expect(isUndecryptable((marked[1] as { lost: unknown }).lost)).toBe(true);
  });

  it('leaves ciphertext alone where none is declared', async () => {
    const { ssn } = bson.deserialize(await stored({ ssn: 'a' })) as { ssn: bson.Binary };
    const document = bson.serialize({ other: ssn, ssn });
    expect(await decryptStored([document], ROOT, decryptScope())).toEqual([
      { other: ssn, ssn: 'a' },
    ]);
  });

  it('refuses plaintext at a declared path, or reads it where that is allowed', async () => {
    const documents = [bson.serialize({ ssn: 'a' })];
    expect(await refusalOf(() => decryptStored(documents, ROOT, decryptScope()))).toBe(
      "PlaintextFoundError FLE_PLAINTEXT_FOUND Patient.ssn: the database holds a value there that is not ciphertext. Encrypt what is stored, or allow it to be read with the option plaintext: 'read'.",
    );
    expect(await decryptStored(documents, ROOT, decryptScope({ plaintext: 'read' }))).toEqual([
      { ssn: 'a' },
    ]);
  });

  it('refuses what a cipher has left as ciphertext', async () => {
    const document = await stored({ ssn: 'a' });
    const cipher = new MemoryCipher();
    cipher.decryptWhole = (documents) => {
      const left = documents.map((each) => bson.deserialize(each));
      return bson.serialize({ v: left });
    };
    expect(await refusalOf(() => decryptStored([document], ROOT, decryptScope({ cipher })))).toBe(
      'DecryptionFailedError FLE_DECRYPTION_FAILED Patient.ssn: the stored value cannot be decrypted. Check that the master key is the one that wrapped the data key; the cause says more.',
    );
  });

  it('reads value by value where a value cannot be read, whose error would show it', async () => {
    const document = await stored({ _id: 1, ssn: 'a' });
    const cipher = new MemoryCipher();
    cipher.decryptWhole = () =>
      bson.serialize({ v: [{ ssn: new bson.BSONRegExp('(?secret', '') }] });
    const read = await decryptStored([document], ROOT, decryptScope({ cipher }));
    expect(read).toEqual([{ _id: 1, ssn: 'a' }]);
    expect(cipher.calls).toEqual(['decrypt 1']);
  });

  it('stops decrypting whole documents where there are many keys', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `k${index}`);
    const cipher = new MemoryCipher(names);
    const of = (keyAltName: string): PlanNode => objectNode({ ssn: node({ keyAltName }) });
    const documents = await Promise.all(names.map((name) => stored({ ssn: name }, of(name))));
    const read = await decryptStored(documents, ROOT, decryptScope({ cipher }));
    expect(read).toEqual(names.map((ssn) => ({ ssn })));
    expect(cipher.calls).toEqual(['decryptWhole 8', 'decrypt 4']);
  });

  it('gives the event loop its turn between chunks, and keeps the order', async () => {
    const documents = await Promise.all(
      Array.from({ length: 1200 }, (_, index) => stored({ _id: index, ssn: 'a' })),
    );
    let turns = 0;
    const counting = setInterval(() => (turns += 1), 0);
    const cipher = new MemoryCipher();
    const read = await decryptStored(documents, ROOT, decryptScope({ cipher }));
    clearInterval(counting);
    expect(read.map((each) => (each as { _id: number })._id)).toEqual([...documents.keys()]);
    expect(cipher.calls).toEqual(['decryptWhole 512', 'decryptWhole 512', 'decryptWhole 176']);
    expect(turns).toBeGreaterThanOrEqual(1);
  });

  it('minds the encoding of texts as far as the operation asks for it', async () => {
    const document = Buffer.from(bson.serialize({ name: 'aaaa' }));
    document[document.indexOf('aaaa')] = 0xff;
    const reading = decryptStored([document], ROOT, decryptScope());
    await expect(reading).rejects.toThrow('Invalid UTF-8');
    const readOptions = { enableUtf8Validation: false };
    expect(await decryptStored([document], ROOT, decryptScope({ readOptions }))).toEqual([
      { name: '\ufffdaaa' },
    ]);
  });

  const scalar = fc.oneof(fc.string(), fc.integer(), fc.double(), fc.boolean(), fc.constant(null));
  const plain = fc.oneof(
    scalar,
    fc.constant(/a/i),
    fc.constant(new bson.Binary(Buffer.from('x'))),
    fc.constant(bson.Long.fromString('9007199254740993')),
    fc.constant(new Date(5)),
    fc.array(fc.dictionary(fc.string({ unit: 'grapheme-ascii' }), scalar), { maxLength: 2 }),
  );
  const texts = fc.oneof(fc.string(), fc.constant(null));
  const person = fc.record(
    {
      other: plain,
      ssn: texts,
      age: fc.oneof(fc.maxSafeInteger(), fc.constant(null)),
      bytes: fc.constant(Buffer.from('b')),
      any: fc.dictionary(fc.constantFrom('a', 'b'), scalar),
      tags: fc.array(texts, { maxLength: 3 }),
      contacts: fc.array(fc.record({ phone: texts, x: scalar }, { requiredKeys: [] })),
      codes: fc.dictionary(fc.constantFrom('a', 'b'), texts),
    },
    { requiredKeys: [] },
  );
  const flag = fc.constantFrom(true, false, undefined);
  const options = fc
    .record({ promoteValues: flag, promoteLongs: flag, promoteBuffers: flag, bsonRegExp: flag })
    .map((given): BsonReadOptions => given);

  it('gives what decrypting after reading gives, under all options', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(person, { maxLength: 5 }), options, async (people, readOptions) => {
        const documents = await Promise.all(people.map((each) => stored(each)));
        const scope = decryptScope({ readOptions });
        const expected = await decryptedAfterwards(documents, scope);
        expect(await decryptStored(documents, ROOT, scope)).toEqual(expected);
      }),
    );
  });
});
