import { type PlainRecord, recordOf } from '../codec/record-of';
import type { PlanNode } from '../plan/encryption-plan';
import { resolveSegments } from '../plan/resolve-path';
import { isOperator } from './plain-values';

/**
 * A copy of `update`, an object of operators, in which `$setOnInsert` assigns the whole of a value that is encrypted as one where it would
 * assign parts of it: the defaults that Mongoose gives to an upsert. A document that is inserted holds nothing else there, so that both say
 * the same. Where another operator touches the value, the parts stay.
 *
 * Source: Mongoose 9.12, lib/helpers/setDefaultsOnInsert.js.
 */
export function gatherDefaults(update: PlainRecord, node: PlanNode): PlainRecord {
  const given = recordOf(update['$setOnInsert']);
  if (given === undefined) return update;
  const paths = pathsOf(update);
  const gathered: Record<string, unknown> = {};
  for (const [path, value] of Object.entries(given)) {
    const root = wholeAround(path, node);
    const inner = root === undefined ? [] : path.slice(root.length + 1).split('.');
    const others = paths.filter((each) => root !== undefined && overlap(each.path, root));
    const isFree = others.every((each) => each.operator === '$setOnInsert' && each.path !== root);
    if (root === undefined || !isFree || !inner.every(isName)) gathered[path] = value;
    else putInto(gathered, [root, ...inner], value);
  }
  return { ...update, $setOnInsert: gathered };
}

/** The path of the value encrypted as a whole that `path` leads into. */
function wholeAround(path: string, node: PlanNode): string | undefined {
  const segments = path.split('.');
  for (let length = 1; length < segments.length; length += 1) {
    const above = segments.slice(0, length);
    const target = resolveSegments(node, above);
    if (target.kind !== 'node' || target.node.kind !== 'field') continue;
    return target.node.field.whole ? above.join('.') : undefined;
  }
  return undefined;
}

interface Operand {
  readonly operator: string;
  readonly path: string;
}

function pathsOf(update: PlainRecord): Operand[] {
  return Object.entries(update).flatMap(([operator, operands]) =>
    Object.keys(recordOf(operands) ?? {}).map((path) => ({ operator, path })),
  );
}

function overlap(one: string, other: string): boolean {
  return one === other || one.startsWith(`${other}.`) || other.startsWith(`${one}.`);
}

/** Whether a part of a path is the name of a field, not a position in an array. */
function isName(segment: string): boolean {
  return segment !== '__proto__' && !isOperator(segment) && !/^\d+$/.test(segment);
}

function putInto(holder: Record<string, unknown>, names: readonly string[], value: unknown): void {
  const [name = '', ...deeper] = names;
  if (deeper.length === 0) {
    holder[name] = value;
    return;
  }
  holder[name] ??= {};
  putInto(holder[name] as Record<string, unknown>, deeper, value);
}
