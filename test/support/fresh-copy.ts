/** A copy of `value`, of plain objects and arrays: Mongoose casts in place, so each of two twins is given its own. */
export function freshCopy<T>(value: T): T {
  if (Array.isArray(value)) return value.map(freshCopy) as T;
  if (typeof value !== 'object' || value === null) return value;
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, freshCopy(inner as unknown)]);
  return Object.fromEntries(entries) as T;
}
