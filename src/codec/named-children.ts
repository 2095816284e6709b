import type { ObjectNode, PlanNode } from '../plan/encryption-plan';

/** Finds the children of an object node by names that stand in BSON, without making texts of them. */
export class NamedChildren {
  /** By the length of the name, in bytes. */
  readonly #byLength: (readonly NamedChild[] | undefined)[] = [];
  readonly #rest: PlanNode | undefined;

  constructor({ children, rest }: ObjectNode) {
    this.#rest = rest;
    for (const [key, node] of children) {
      const name = Buffer.from(key);
      const others = this.#byLength[name.length] ?? [];
      this.#byLength[name.length] = [...others, { name, node }];
    }
  }

  /** What stands under the name in `document` from `start` to before `end`, undefined where nothing is encrypted there. */
  find(document: Uint8Array, start: number, end: number): PlanNode | undefined {
    const alike = this.#byLength[end - start];
    if (alike === undefined) return this.#rest;
    for (const { name, node } of alike) if (standsAt(name, document, start)) return node;
    return this.#rest;
  }
}

interface NamedChild {
  readonly name: Uint8Array;
  readonly node: PlanNode;
}

const KNOWN = new WeakMap<ObjectNode, NamedChildren>();

/** The children of `node`; they are put in order once. */
export function namedChildrenOf(node: ObjectNode): NamedChildren {
  const known = KNOWN.get(node);
  if (known !== undefined) return known;
  const children = new NamedChildren(node);
  KNOWN.set(node, children);
  return children;
}

/** Whether `bytes` are those of `document` from `start` on. */
export function standsAt(bytes: Uint8Array, document: Uint8Array, start: number): boolean {
  for (let at = 0; at < bytes.length; at += 1) {
    if (bytes[at] !== document[start + at]) return false;
  }
  return true;
}
