const POSITION = /^(?:\d+|\$.*)$/;

/** A projection as a document remembers it. Source: Mongoose 9.12, lib/document.js, `$__.selected`. */
export type Selection = Readonly<Record<string, unknown>>;

/**
 * Whether a document that was read with `selection` holds all of what is stored at `path`, dotted with array positions: a document that
 * was read in part must not be taken for the whole.
 */
export function isWhollySelected(path: string, selection: Selection | null | undefined): boolean {
  if (selection === null || selection === undefined) return true;
  const names = namesOf(path);
  const related = Object.keys(selection).filter((key) => isRelated(namesOf(key), names));
  if (related.some((key) => key.includes('$') || typeof selection[key] === 'object')) return false;
  if (!isInclusive(selection)) return related.every((key) => isChosen(selection[key]));
  return related.some((key) => isChosen(selection[key]) && namesOf(key).length <= names.length);
}

function namesOf(path: string): string[] {
  return path
    .replace(/^\+/, '')
    .split('.')
    .filter((segment) => !POSITION.test(segment));
}

/** Whether one of two paths, dotted with array positions, leads to the other, or through it. */
export function areRelated(one: string, other: string): boolean {
  return isRelated(namesOf(one), namesOf(other));
}

/** Whether one of the two paths leads to the other, or through it. */
function isRelated(some: readonly string[], others: readonly string[]): boolean {
  return some.every((name, place) => place >= others.length || name === others[place]);
}

function isInclusive(selection: Selection): boolean {
  return Object.keys(selection).some(
    (key) =>
      key !== '_id' && !key.startsWith('+') && isChosen(selection[key]) && isFlag(selection[key]),
  );
}

function isChosen(value: unknown): boolean {
  return value !== 0 && value !== false;
}

function isFlag(value: unknown): boolean {
  return typeof value !== 'object';
}
