/** How items tell which key they need. */
export interface KeyTelling<I> {
  /** A text that is the same for items of one key, and for no others. */
  readonly refOf: (item: I) => string;
  /** The same question of two items, answered without making a text. */
  readonly isSameKey: (one: I, other: I) => boolean;
}

/**
 * The items, those of one key beside each other; otherwise in their order. libmongocrypt looks for each key of a unit of work among all
 * that it holds: 5,000 values of 1,000 keys took 50 µs each as they came, and 17 µs in groups (bench/decisions/many-keys.md).
 */
export function groupByKey<I extends object>(
  items: readonly I[],
  { refOf, isSameKey }: KeyTelling<I>,
): readonly I[] {
  const [first] = items;
  if (first === undefined || areOfOneKey(items, first, isSameKey)) return items;
  const groups = new Map<string, I[]>();
  let last = first;
  let group: I[] = [];
  groups.set(refOf(first), group);
  for (const item of items) {
    if (!isSameKey(last, item)) {
      const ref = refOf(item);
      group = groups.get(ref) ?? [];
      groups.set(ref, group);
    }
    group.push(item);
    last = item;
  }
  return [...groups.values()].flat();
}

function areOfOneKey<I>(
  items: readonly I[],
  first: I,
  isSameKey: KeyTelling<I>['isSameKey'],
): boolean {
  for (const item of items) if (!isSameKey(first, item)) return false;
  return true;
}
