/** Names of data keys that are known to be in memory. */
export interface ReadyKeys {
  /** Those of `names` of which it is not known. */
  readonly others: (names: Iterable<string>) => string[];
  readonly add: (names: Iterable<string>) => void;
}

/** How long libmongocrypt keeps a data key by itself, in milliseconds. Source: `CACHE_EXPIRATION_MS` of mongocrypt-cache-private.h. */
const DEFAULT_EXPIRATION = 60_000;

/**
 * Remembers names for half of the time that data keys stay in memory: so what a key vault no longer holds is noticed hardly later than
 * without it. `keyExpirationMS` is undefined for the default, and 0 where keys never expire.
 */
export function openReadyKeys(keyExpirationMS: number | undefined): ReadyKeys {
  const expiration = keyExpirationMS ?? DEFAULT_EXPIRATION;
  const lasting = expiration === 0 ? Infinity : expiration / 2;
  const since = new Map<string, number>();
  const isKnown = (name: string): boolean => {
    const added = since.get(name);
    return added !== undefined && performance.now() - added < lasting;
  };
  return {
    others: (names) => [...new Set(names)].filter((name) => !isKnown(name)),
    add: (names) => {
      for (const name of names) since.set(name, performance.now());
    },
  };
}
