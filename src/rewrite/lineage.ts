import { type PlainRecord, recordOf, unwrapped } from '../codec/record-of';
import type { ObjectNode, PlanNode } from '../plan/encryption-plan';
import { pathOfReference, readsEncrypted } from './expression';
import { CLEAR, isClear } from './node-traits';
import { holdsOperators } from './plain-values';
import { targetOf } from './target';

/** What an expression yields: nothing encrypted, encrypted values as they are stored, or what cannot be told. */
export type Lineage =
  | { readonly kind: 'clear' }
  | { readonly kind: 'node'; readonly node: PlanNode }
  | { readonly kind: 'unknown' };

const NOTHING: Lineage = { kind: 'clear' };
const UNKNOWN: Lineage = { kind: 'unknown' };

/** What `expression` yields on documents of `shape`: a path that leads through no array, or an object of such paths, is known. */
export function lineageOf(expression: unknown, shape: ObjectNode): Lineage {
  if (!readsEncrypted(expression, shape)) return NOTHING;
  const plain = unwrapped(expression);
  if (typeof plain === 'string') return lineageOfPath(pathOfReference(plain) ?? '', shape);
  const record = recordOf(plain);
  return record === undefined || holdsOperators(record) ? UNKNOWN : lineageOfRecord(record, shape);
}

function lineageOfPath(path: string, shape: ObjectNode): Lineage {
  let reached: PlanNode = shape;
  for (const segment of path === '' ? [] : path.split('.')) {
    const next: PlanNode | undefined =
      reached.kind === 'object' ? (reached.children.get(segment) ?? reached.rest) : undefined;
    if (next === undefined) return UNKNOWN;
    reached = next;
  }
  return { kind: 'node', node: reached };
}

function lineageOfRecord(record: PlainRecord, shape: ObjectNode): Lineage {
  const children = new Map<string, PlanNode>();
  for (const [key, value] of Object.entries(record)) {
    const lineage = lineageOf(value, shape);
    if (lineage.kind === 'unknown' || key.includes('.')) return UNKNOWN;
    if (lineage.kind === 'node') children.set(key, lineage.node);
  }
  return { kind: 'node', node: { kind: 'object', children, rest: undefined } };
}

/** `shape` with `node` at `path`, or undefined where that may stand inside an array or an encrypted value. */
export function shapeWith(shape: ObjectNode, path: string, node: PlanNode): ObjectNode | undefined {
  const [head = '', ...tail] = path.split('.');
  if (tail.length === 0) return withChild(shape, head, node);
  const parent = shape.children.get(head);
  if (parent?.kind !== 'object') return undefined;
  const changed = shapeWith(parent, tail.join('.'), node);
  return changed === undefined ? undefined : withChild(shape, head, changed);
}

/** `shape` without what stands at `path`. */
export function shapeWithout(shape: ObjectNode, path: string): ObjectNode {
  const left = nodeWithout(shape, path.split('.'));
  return left?.kind === 'object' ? left : CLEAR;
}

function nodeWithout(node: PlanNode, segments: readonly string[]): PlanNode | undefined {
  const [head, ...tail] = segments;
  if (head === undefined) return undefined;
  if (node.kind === 'field') return node;
  if (node.kind === 'array') {
    const element = nodeWithout(node.element, segments);
    return element === undefined ? undefined : { kind: 'array', element };
  }
  const child = node.children.get(head);
  if (child === undefined || node.keyedByPaths === true) return node; // a key with dots in it stays
  const left = withChild(node, head, nodeWithout(child, tail));
  return isClear(left) ? undefined : left;
}

function withChild(shape: ObjectNode, key: string, node: PlanNode | undefined): ObjectNode {
  const children = new Map(shape.children);
  if (node === undefined) children.delete(key);
  else children.set(key, node);
  return { ...shape, children };
}

/** The parts of `shape` whose first names are `heads`. */
export function shapeOfHeads(shape: ObjectNode, heads: ReadonlySet<string>): ObjectNode {
  const children = new Map<string, PlanNode>();
  for (const head of heads) {
    const child = shape.children.get(head) ?? shape.rest;
    if (child !== undefined) children.set(head, child);
  }
  return { kind: 'object', children, rest: undefined };
}

/** Whether nothing encrypted stands at `path`, above it or below it, in documents of `shape`. */
export function isClearPath(shape: PlanNode, path: string): boolean {
  return targetOf(shape, path).kind === 'clear';
}
