import { setImmediate as nextTurn } from 'node:timers/promises';

/** Fetches what belongs to each of `keys`; a key without an entry in the answer has none. */
export type FetchAll<K, V> = (keys: readonly K[]) => Promise<ReadonlyMap<K, V>>;

/**
 * A `fetchAll` that concurrent callers share: keys asked for in one turn of the event loop are fetched by one call, and a key that
 * is on its way is not fetched again. Nothing is remembered beyond that. A call that rejects rejects for all who wait for it.
 */
export function coalesce<K, V>(fetchAll: FetchAll<K, V>): FetchAll<K, V | undefined> {
  // Of each key the answer it is part of: keys are many, answers few, and a promise for each key would cost more than the key.
  const underWay = new Map<K, Promise<ReadonlyMap<K, V>>>();
  let waiting: K[] = [];
  let turn: Promise<ReadonlyMap<K, V>> | undefined;

  async function fetchWaiting(): Promise<ReadonlyMap<K, V>> {
    await nextTurn();
    const keys = waiting;
    waiting = [];
    turn = undefined;
    try {
      return await fetchAll(keys);
    } finally {
      for (const key of keys) underWay.delete(key);
    }
  }

  function answerWith(key: K): Promise<ReadonlyMap<K, V>> {
    const known = underWay.get(key);
    if (known !== undefined) return known;
    waiting.push(key);
    turn ??= fetchWaiting();
    underWay.set(key, turn);
    return turn;
  }

  return async (keys) => {
    const askedIn = new Map(keys.map((key) => [key, answerWith(key)]));
    const asked = [...new Set(askedIn.values())];
    const answers = await Promise.all(asked);
    const answerOf = new Map(asked.map((each, index) => [each, answers[index]]));
    return new Map([...askedIn].map(([key, each]) => [key, answerOf.get(each)?.get(key)]));
  };
}
