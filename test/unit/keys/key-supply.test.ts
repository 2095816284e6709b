import { KeyNotFoundError } from '../../../src/errors';
import { keyNamed, type KeyRef } from '../../../src/keys/key-ref';
import { type LoadKeys, supplyKeys } from '../../../src/keys/key-supply';
import type { KeyVault } from '../../../src/keys/key-vault';

const REF = keyNamed('pii');
const notFound = (): KeyNotFoundError =>
  new KeyNotFoundError({ wrong: 'no data key is named "pii".', remedy: 'Create it.' });

/** A supply for writes, and how often keys were made. */
function supplyOver(createMissingKeys: 'all' | false): {
  supply: ReturnType<typeof supplyKeys>;
  made: string[];
} {
  const made: string[] = [];
  const supply = supplyKeys({
    vault: { namespace: 'encryption.__keyVault' } as KeyVault,
    createKeys: (names) => {
      made.push(...names);
      return Promise.resolve(new Map(names.map((name) => [name, 'created' as const])));
    },
    createMissingKeys,
    declared: new Set(),
  });
  return { supply, made };
}

/** Finds the key at the look of this number, and counts the looks. */
function loadingAt(found: number): { load: LoadKeys; looks: () => number } {
  let looks = 0;
  const load: LoadKeys = (refs) => {
    looks += 1;
    const failures = looks < found ? refs.map((ref) => [ref, notFound()] as const) : [];
    return Promise.resolve(new Map<KeyRef, unknown>(failures));
  };
  return { load, looks: () => looks };
}

describe('the supply of data keys', () => {
  it.each([2, 3, 4])(
    'finds a key that was made, though look-ups shared with others began before: at look %d',
    async (found) => {
      const { supply, made } = supplyOver('all');
      const { load, looks } = loadingAt(found);
      expect(await supply.provide([REF], 'write', load)).toEqual(new Map());
      expect([made, looks()]).toEqual([['pii'], found]);
    },
  );

  it('gives up where a key that was made is nowhere', async () => {
    const { supply } = supplyOver('all');
    const { load, looks } = loadingAt(Infinity);
    const failures = await supply.provide([REF], 'write', load);
    expect(failures.get(REF)).toBeInstanceOf(KeyNotFoundError);
    expect(looks()).toBe(4);
  });

  it('makes and seeks nothing again where keys may not be made, or only something is asked', async () => {
    for (const [create, purpose] of [
      [false, 'write'],
      ['all', 'query'],
    ] as const) {
      const { supply, made } = supplyOver(create);
      const { load, looks } = loadingAt(Infinity);
      expect((await supply.provide([REF], purpose, load)).size).toBe(1);
      expect([made, looks()]).toEqual([[], 1]);
    }
  });
});
