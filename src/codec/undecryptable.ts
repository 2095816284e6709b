import type { PlanNode } from '../plan/encryption-plan';
import { childOf } from '../plan/resolve-path';
import { bsonTypeOf } from './bson';
import type { Holder } from './collect-plaintext';
import { isKeyedByPosition } from './positions';

const BRAND = Symbol.for('mongoose-fle.Undecryptable');

/** Stands for a value that could not be decrypted, where the handle was opened with `undecryptable: 'mark'`. */
export class Undecryptable {
  /** The path of the encrypted field, as in the schema. */
  readonly path: string;
  /** The identifier of the data key that encrypted the value, as UUID text, where the ciphertext is whole enough to tell. */
  readonly keyId: string | undefined;

  constructor(path: string, keyId: string | undefined) {
    this.path = path;
    this.keyId = keyId;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/** Whether `value` is a marker, also when two copies of this package are loaded. */
export function isUndecryptable(value: unknown): value is Undecryptable {
  return typeof value === 'object' && value !== null && BRAND in value;
}

/**
 * Takes every marker out of `document`, in place, and tells where they stood, as dotted paths with array positions. An object loses
 * the key; an array keeps its length, with null in the place.
 */
export function takeMarkers(document: unknown, node: PlanNode): string[] {
  const paths: string[] = [];
  take(document, node, { prefix: '', paths });
  return paths;
}

interface Taking {
  readonly prefix: string;
  readonly paths: string[];
}

function take(value: unknown, node: PlanNode, { prefix, paths }: Taking): void {
  if (typeof value !== 'object' || value === null || node.kind === 'field') return;
  if (bsonTypeOf(value) !== undefined) return;
  const holder = value as Holder;
  const hasElements = Array.isArray(value) || (node.kind === 'array' && isKeyedByPosition(value));
  for (const key of Object.keys(holder)) {
    const below = hasElements
      ? elementOf(node)
      : node.kind === 'object'
        ? childOf(node, key)
        : undefined;
    if (below === undefined) continue;
    const path = `${prefix}${key}`;
    if (!isUndecryptable(holder[key])) take(holder[key], below, { prefix: `${path}.`, paths });
    else {
      paths.push(path);
      if (Array.isArray(value)) holder[key] = null;
      else Reflect.deleteProperty(holder, key);
    }
  }
}

function elementOf(node: PlanNode): PlanNode {
  return node.kind === 'array' ? node.element : node;
}
