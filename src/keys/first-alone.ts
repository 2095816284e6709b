/** Runs an operation on a key, by whatever text the key is known. */
export type OnKey = <T>(key: string | undefined, operation: () => Promise<T>) => Promise<T>;

/**
 * While an operation on a key is under way, others on the same key wait; then they run, all at once. The first has the key unwrapped
 * by a KMS where it has to be, and the others find it in memory.
 */
export function firstAlone(): OnKey {
  const underWay = new Map<string, Promise<unknown>>();
  return async (key, operation) => {
    if (key === undefined) return await operation();
    const first = underWay.get(key);
    if (first !== undefined) {
      await first;
      return await operation();
    }
    const result = operation();
    underWay.set(key, Promise.allSettled([result]));
    try {
      return await result;
    } finally {
      underWay.delete(key);
    }
  };
}
