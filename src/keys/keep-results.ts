/** How many results are kept. There may be a key for each tenant. */
const KEPT = 1000;

/** `make`, whose results are kept by what they were made of. */
export function keepResults<I, O>(make: (item: I) => O): (item: I) => O {
  const kept = new Map<I, O>();
  return (item) => {
    const known = kept.get(item);
    if (known !== undefined) return known;
    const result = make(item);
    if (kept.size >= KEPT) kept.clear();
    kept.set(item, result);
    return result;
  };
}
