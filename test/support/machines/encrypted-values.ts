import type { FieldEncryption } from '../../../src/index';
import { isPlainObject, isSealed, plainValue, type PlainObject } from './plain-value';

/** An encrypted path, as `fle.encryptedPaths` tells it. */
export type EncryptedPath = ReturnType<FieldEncryption['encryptedPaths']>[number];

/** A value that stands on an encrypted path: ciphertext, or what should be. */
export interface EncryptedValue {
  readonly path: EncryptedPath;
  readonly value: unknown;
}

/** Operators whose operand says nothing about the value of the path they stand at. */
const WITHOUT_VALUE: ReadonlySet<string> = new Set([
  '$comment',
  '$exists',
  '$expr',
  '$jsonSchema',
  '$meta',
  '$position',
  '$size',
  '$slice',
  '$sort',
  '$text',
  '$type',
  '$where',
]);

/** Operators whose operand is a list of values. */
const WITH_LIST: ReadonlySet<string> = new Set(['$all', '$each', '$in', '$nin']);

/** A segment that leads to an element of an array, also in an update. */
const POSITION = /^(?:\d+|\$|\$\[.*\])$/;

/**
 * Every value of `document`, a stored document, a filter or the operand of an update operator, that stands on one of `paths`, without
 * null. It knows nothing of the code under test but the paths: keys name paths, operators stand where they stand.
 */
export function valuesOnPaths(
  document: unknown,
  paths: readonly EncryptedPath[],
  under: readonly string[] = [],
): EncryptedValue[] {
  const found: EncryptedValue[] = [];
  const patterns = paths.map((path) => ({ path, segments: path.path.split('.') }));
  visit(document, under, { patterns, found });
  return found;
}

/** Every scalar of `document`, a stored document, that stands on none of `paths`. */
export function valuesOffPaths(document: unknown, paths: readonly EncryptedPath[]): unknown[] {
  const clear: unknown[] = [];
  const patterns = paths.map((path) => ({ path, segments: path.path.split('.') }));
  visit(document, [], { patterns, found: [], clear });
  return clear;
}

interface Search {
  readonly patterns: readonly { readonly path: EncryptedPath; readonly segments: string[] }[];
  readonly found: EncryptedValue[];
  readonly clear?: unknown[];
}

function visit(given: unknown, at: readonly string[], search: Search): void {
  const value = plainValue(given);
  if (value === null || value === undefined) return;
  const path = search.patterns.find(({ segments }) => isAtOrBelow(at, segments))?.path;
  if (path !== undefined && (isSealed(value) || isWholeOf(value, path))) {
    search.found.push({ path, value });
  } else if (Array.isArray(value)) {
    for (const item of value) visit(item, at, search);
  } else if (isPlainObject(value)) {
    visitKeys(value, at, search);
  } else if (path === undefined) {
    search.clear?.push(value);
  } else {
    search.found.push({ path, value });
  }
}

function visitKeys(value: PlainObject, at: readonly string[], search: Search): void {
  for (const [key, below] of Object.entries(value)) {
    if (WITHOUT_VALUE.has(key)) continue;
    const path = key.startsWith('$') ? at : [...at, ...key.split('.')];
    const list = WITH_LIST.has(key) && Array.isArray(below) ? (below as unknown[]) : [below];
    for (const each of list) visit(each, path, search);
  }
}

/** Encrypted as one value, an array or an object is a value itself, also when nothing is in it. */
function isWholeOf(value: unknown, { whole }: EncryptedPath): boolean {
  if (!whole) return false;
  if (Array.isArray(value)) return true;
  return isPlainObject(value) && !Object.keys(value).some((key) => key.startsWith('$'));
}

/** Whether `at` leads to what `segments` declare, or into it. `$*` stands for every key of a Map. */
function isAtOrBelow(at: readonly string[], segments: readonly string[]): boolean {
  const [wanted, ...others] = segments;
  if (wanted === undefined) return true;
  const [segment, ...rest] = at;
  if (segment === undefined) return false;
  if ((wanted === '$*' || wanted === segment) && isAtOrBelow(rest, others)) return true;
  return POSITION.test(segment) && isAtOrBelow(rest, segments);
}
