import type { mongo } from 'mongoose';
import { type EncryptedPath, type EncryptedValue, valuesOnPaths } from './encrypted-values';
import { isPlainObject, plainValue, type PlainObject } from './plain-value';

/** Finds what of `part` of a command stands on encrypted paths. */
type Find = (part: unknown, paths: readonly EncryptedPath[]) => EncryptedValue[];

/** Operators of updates whose operand is no value: a flag, or another path. */
const WITHOUT_VALUE: ReadonlySet<string> = new Set(['$pop', '$rename', '$unset']);

/** For each command, what may stand in it under which name. */
const COMMANDS: Readonly<Record<string, Readonly<Record<string, Find>>>> = {
  aggregate: { pipeline: inPipeline },
  count: { query: valuesOnPaths },
  delete: { deletes: (deletes, paths) => inEach(deletes, paths, { q: valuesOnPaths }) },
  distinct: { query: valuesOnPaths },
  find: { filter: valuesOnPaths, projection: inProjection },
  findAndModify: { query: valuesOnPaths, fields: inProjection },
  insert: { documents: valuesOnPaths },
  update: { updates: (updates, paths) => inEach(updates, paths, { q: valuesOnPaths }) },
};

/** Every value of `command` that stands on one of the encrypted `paths` of its collection, without null. */
export function valuesInCommand(
  name: string,
  command: mongo.Document,
  paths: readonly EncryptedPath[],
): EncryptedValue[] {
  if (name === 'explain') return inExplained(command['explain'] as mongo.Document, paths);
  const found = inParts(command, paths, COMMANDS[name] ?? {});
  if (name === 'findAndModify') found.push(...inUpdate(command, command['update'], paths));
  if (name === 'update') {
    for (const each of command['updates'] as mongo.Document[]) {
      found.push(...inUpdate(each, each['u'], paths));
    }
  }
  return found;
}

function inExplained(explained: mongo.Document, paths: readonly EncryptedPath[]): EncryptedValue[] {
  return valuesInCommand(Object.keys(explained)[0] ?? '', explained, paths);
}

function inParts(
  holder: mongo.Document,
  paths: readonly EncryptedPath[],
  parts: Readonly<Record<string, Find>>,
): EncryptedValue[] {
  return Object.entries(parts).flatMap(([part, find]) => find(holder[part], paths));
}

function inEach(
  holders: unknown,
  paths: readonly EncryptedPath[],
  parts: Readonly<Record<string, Find>>,
): EncryptedValue[] {
  return (holders as mongo.Document[]).flatMap((holder) => inParts(holder, paths, parts));
}

/** What a projection shows or hides, or takes from another path, is no value. */
function inProjection(projection: unknown, paths: readonly EncryptedPath[]): EncryptedValue[] {
  return valuesOnPaths(projection, paths).filter(
    ({ value }) => !/^(?:number|boolean)$/.test(typeof value) && !String(value).startsWith('$'),
  );
}

/** The paths of a pipeline are the collection's only up to the first stage that makes other documents. */
function inPipeline(pipeline: unknown, paths: readonly EncryptedPath[]): EncryptedValue[] {
  const found: EncryptedValue[] = [];
  for (const stage of pipeline as PlainObject[]) {
    if (isPlainObject(stage['$facet'])) {
      for (const facet of Object.values(stage['$facet'])) found.push(...inPipeline(facet, paths));
    }
    if (stage['$match'] === undefined) break;
    found.push(...valuesOnPaths(stage['$match'], paths));
  }
  return found;
}

function inUpdate(
  { arrayFilters }: mongo.Document,
  update: unknown,
  paths: readonly EncryptedPath[],
): EncryptedValue[] {
  if (!isPlainObject(update)) return [];
  const operators = Object.entries(update).filter(([key]) => key.startsWith('$'));
  if (operators.length === 0) return valuesOnPaths(update, paths);
  const found = operators
    .filter(([operator]) => !WITHOUT_VALUE.has(operator))
    .flatMap(([, operand]) => valuesOnPaths(operand, paths));
  for (const filter of (arrayFilters ?? []) as unknown[]) {
    found.push(...inArrayFilter(filter, pathsOf(operators), paths));
  }
  return found;
}

function pathsOf(operators: readonly (readonly [string, unknown])[]): string[] {
  return operators.flatMap(([, operand]) => Object.keys(plainValue(operand) as PlainObject));
}

/** An array filter speaks of the elements that its identifier stands for in the paths of the update. */
function inArrayFilter(
  filter: unknown,
  updated: readonly string[],
  paths: readonly EncryptedPath[],
): EncryptedValue[] {
  if (Array.isArray(filter)) return filter.flatMap((each) => inArrayFilter(each, updated, paths));
  if (!isPlainObject(filter)) return [];
  return Object.entries(filter).flatMap(([key, condition]) => {
    if (key.startsWith('$')) return inArrayFilter(condition, updated, paths);
    const [identifier = '', ...below] = key.split('.');
    const places = updated
      .map((path) => path.split('.'))
      .filter((segments) => segments.includes(`$[${identifier}]`))
      .map((segments) => segments.slice(0, segments.indexOf(`$[${identifier}]`)));
    return places.flatMap((place) => valuesOnPaths(condition, paths, [...place, ...below]));
  });
}
