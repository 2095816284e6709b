import { type Document, serialize } from 'bson';

/** What an update changed, as a change stream tells it. */
export interface UpdateDescription {
  readonly updatedFields: Document;
  readonly removedFields: string[];
  readonly truncatedArrays: { field: string; newSize: number }[];
}

/**
 * What makes `after` of `before`, both read without promoting values. What the update assigned by name is told whole, as MongoDB does;
 * the rest is told as finely as it differs.
 */
export function describeUpdate(
  before: Document,
  after: Document,
  assigned: ReadonlySet<string>,
): UpdateDescription {
  const description = { updatedFields: {}, removedFields: [], truncatedArrays: [] };
  compareDocuments({ before, after, path: '' }, { assigned, description });
  return description;
}

/** Whether two values are the same BSON. */
export function isSame(one: unknown, other: unknown): boolean {
  return Buffer.from(serialize({ value: one })).equals(serialize({ value: other }));
}

interface Difference<T = unknown> {
  readonly before: T;
  readonly after: T;
  readonly path: string;
}

interface Describing {
  readonly assigned: ReadonlySet<string>;
  readonly description: UpdateDescription;
}

function compare({ before, after, path }: Difference, describing: Describing): void {
  if (isSame(before, after)) return;
  const { assigned, description } = describing;
  if (!assigned.has(path)) {
    if (Array.isArray(before) && Array.isArray(after)) {
      compareArrays({ before, after, path }, describing);
      return;
    }
    if (isDocument(before) && isDocument(after)) {
      compareDocuments({ before, after, path: `${path}.` }, describing);
      return;
    }
  }
  description.updatedFields[path] = after;
}

function compareDocuments(
  { before, after, path: prefix }: Difference<Document>,
  describing: Describing,
): void {
  const { updatedFields, removedFields } = describing.description;
  for (const key of Object.keys(before)) if (!(key in after)) removedFields.push(prefix + key);
  for (const key of Object.keys(after)) {
    const path = prefix + key;
    if (key in before)
      compare({ before: before[key] as unknown, after: after[key] as unknown, path }, describing);
    else updatedFields[path] = after[key] as unknown;
  }
}

function compareArrays(
  { before, after, path }: Difference<unknown[]>,
  describing: Describing,
): void {
  const { truncatedArrays, updatedFields } = describing.description;
  if (after.length < before.length) {
    if (isSame(before.slice(0, after.length), after))
      truncatedArrays.push({ field: path, newSize: after.length });
    else updatedFields[path] = after;
    return;
  }
  after.forEach((item, index) => {
    const place = `${path}.${index}`;
    if (index < before.length)
      compare({ before: before[index], after: item, path: place }, describing);
    else updatedFields[place] = item;
  });
}

function isDocument(value: unknown): value is Document {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject && !('_bsontype' in value) && !(value instanceof Date);
}
