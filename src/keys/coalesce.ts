import { setImmediate as nextTurn } from 'node:timers/promises';

/** Fetches what belongs to each of `keys`; a key without an entry in the answer has none. */
export type FetchAll<K, V> = (keys: readonly K[]) => Promise<ReadonlyMap<K, V>>;

/**
 * A `fetchAll` that concurrent callers share: keys asked for in one turn of the event loop are fetched by one call, and a key that
 * is on its way is not fetched again. Nothing is remembered beyond that. A call that rejects rejects for all who wait for it.
 */
export function coalesce<K, V>(fetchAll: FetchAll<K, V>): FetchAll<K, V | undefined> {
  const underWay = new Map<K, Promise<V | undefined>>();
  let waiting: K[] = [];
  let turn: Promise<ReadonlyMap<K, V>> | undefined;

  async function fetchWaiting(): Promise<ReadonlyMap<K, V>> {
    await nextTurn();
    const keys = waiting;
    waiting = [];
    turn = undefined;
    return await fetchAll(keys);
  }

  async function fetchOne(key: K): Promise<V | undefined> {
    waiting.push(key);
    turn ??= fetchWaiting();
    try {
      return (await turn).get(key);
    } finally {
      underWay.delete(key);
    }
  }

  return async (keys) => {
    const entries = keys.map(async (key): Promise<[K, V | undefined]> => {
      const fetched = underWay.get(key) ?? fetchOne(key);
      underWay.set(key, fetched);
      return [key, await fetched];
    });
    return new Map(await Promise.all(entries));
  };
}
