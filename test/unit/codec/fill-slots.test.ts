import type * as bson from 'bson';
import { fillSlots } from '../../../src/codec/fill-slots';
import { DuplicateKeyNameError } from '../../../src/errors';
import type { EncryptPurpose, ValueCipher } from '../../../src/codec/value-cipher';
import { ENCODE, arrayNode, node, objectNode, refusalOf, collectorOf } from './fixture';
import { MemoryCipher, keyIdOf } from './memory-cipher';

const ROOT = objectNode({
  ssn: node({ path: 'ssn' }),
  pin: node({ path: 'pin', algorithm: 'Random' }),
  lost: node({ path: 'lost', keyAltName: 'lost' }),
  gone: node({ path: 'gone', keyAltName: 'lost', algorithm: 'Random', type: 'Int32' }),
  tags: arrayNode(node({ path: 'tags' })),
});

async function filled(
  document: unknown,
  purpose: EncryptPurpose,
  cipher: ValueCipher = new MemoryCipher(),
): Promise<Record<string, unknown>> {
  const collector = collectorOf();
  const copy = collector.copyObject(document, ROOT);
  await fillSlots(collector.slots, { cipher, purpose, scope: ENCODE });
  return copy;
}

const broken: ValueCipher = {
  encrypt: async (values) =>
    await Promise.resolve({
      values: values.map(() => undefined),
      failures: new Map([[0, new TypeError('broken')]]),
    }),
  decrypt: async () => await Promise.reject(new TypeError('not used')),
  decryptWhole: () => undefined,
};

describe('filling slots', () => {
  it('of very many values gives the event loop its turn between batches', async () => {
    const cipher = new MemoryCipher();
    const tags = Array.from({ length: 10_500 }, (_, place) => `tag ${place}`);
    let turns = 0;
    const count = (): void => {
      turns += 1;
      other = setImmediate(count);
    };
    let other = setImmediate(count);
    const copy = await filled({ tags }, 'write', cipher);
    clearImmediate(other);
    expect(turns).toBeGreaterThanOrEqual(10);
    expect(cipher.calls).toEqual([
      ...new Array<string>(10).fill('encrypt 1000 write'),
      'encrypt 500 write',
    ]);
    expect(copy['tags']).toHaveLength(10_500);
  });

  it('puts a ciphertext into every place, in one batch', async () => {
    const cipher = new MemoryCipher();
    const copy = await filled(
      { ssn: 'a', pin: 'a', tags: ['a', null, 'b'], name: 'a' },
      'write',
      cipher,
    );
    expect(cipher.calls).toEqual(['encrypt 4 write']);
    const { ssn, pin, tags, name } = copy as {
      ssn: bson.Binary;
      pin: bson.Binary;
      tags: [bson.Binary, null, bson.Binary];
      name: unknown;
    };
    expect([ssn, pin, tags[0], tags[2]].map((value) => [value.sub_type, value.buffer[0]])).toEqual([
      [6, 1],
      [6, 2],
      [6, 1],
      [6, 1],
    ]);
    expect(ssn).toEqual(tags[0]);
    expect(tags[1]).toBeNull();
    expect(name).toBe('a');
    expect(Buffer.from(ssn.buffer.subarray(1, 17))).toEqual(keyIdOf('k'));
  });

  it('asks for nothing where there is nothing to fill', async () => {
    const cipher = new MemoryCipher();
    await filled({ name: 'a', ssn: null }, 'write', cipher);
    expect(cipher.calls).toEqual([]);
  });

  it('gives a query under a missing key a ciphertext that nothing stored equals', async () => {
    const { lost, gone, ssn } = (await filled({ lost: 'a', gone: 5, ssn: 'a' }, 'query')) as Record<
      string,
      bson.Binary
    >;
    const nil = '00'.repeat(16);
    expect(lost?.toString('hex')).toBe(`01${nil}02`);
    expect(gone?.toString('hex')).toBe(`02${nil}10`);
    expect([lost?.sub_type, gone?.sub_type, ssn?.sub_type]).toEqual([6, 6, 6]);
  });

  it.each<[string, unknown, EncryptPurpose, ValueCipher | undefined, string]>([
    [
      'a write under a missing key',
      { lost: 'a' },
      'write',
      undefined,
      'KeyNotFoundError FLE_KEY_NOT_FOUND Patient.lost: no data key is named "lost" in the key vault, and it may not be created here. Create it with `npx mongoose-fle bootstrap` or fle.bootstrapKeys(connection), or allow it by createMissingKeys.',
    ],
    [
      'a write that fails otherwise',
      { ssn: 'a' },
      'write',
      broken,
      'EncryptionFailedError FLE_ENCRYPTION_FAILED Patient.ssn: the value could not be encrypted. The cause says why; nothing was sent.',
    ],
    [
      'a query that fails otherwise',
      { ssn: 'a' },
      'query',
      broken,
      'EncryptionFailedError FLE_ENCRYPTION_FAILED Patient.ssn: the value could not be encrypted. The cause says why; nothing was sent.',
    ],
  ])('fails for %s', async (_, document, purpose, cipher, message) => {
    expect(await refusalOf(() => filled(document, purpose, cipher))).toBe(message);
  });

  it('passes on that two keys have the name', async () => {
    const cause = new DuplicateKeyNameError({ wrong: 'Two keys.', remedy: 'Remove one.' });
    const cipher: ValueCipher = {
      ...broken,
      encrypt: async () =>
        await Promise.resolve({ values: [undefined], failures: new Map([[0, cause]]) }),
    };
    await expect(filled({ ssn: 'a' }, 'query', cipher)).rejects.toBe(cause);
  });

  it('keeps the cause and the facts of a failure', async () => {
    await expect(filled({ ssn: 'a' }, 'write', broken)).rejects.toMatchObject({
      model: 'Patient',
      path: 'ssn',
      operation: 'insertOne',
      keyAltName: 'k',
      cause: new TypeError('broken'),
    });
  });
});
