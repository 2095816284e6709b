/** The kind of a value, for a message that must not show the value. */
export function kindOf(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'string') return 'text';
  if (typeof value !== 'object') return `a ${typeof value}`;
  return isRecord(value) ? 'an object' : `a ${tagOf(value)}`;
}

/** Whether a value is an object with fields. The entries of a Map are none, and would be passed over without a word. */
export function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null && ['Object', 'Module'].includes(tagOf(value));
}

/** Such as `Object`, `Array`, `Map` or `Date`; `Module` is what `import *` gives. */
function tagOf(value: object): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1);
}
