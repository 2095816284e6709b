import type { ObjectNode, PlanNode } from '../plan/encryption-plan';
import { resolvePath } from '../plan/resolve-path';
import { bsonTypeOf, isCiphertext } from './bson';
import { ciphertextFault } from './ciphertext-fault';
import type { Holder } from './collect-plaintext';
import { decryptDocuments, type DecryptScope } from './decrypt-documents';
import { isDate } from './record-of';
import { isUndecryptable } from './undecryptable';

/**
 * A copy of what the database explained, with the values in place of the ciphertexts that stand, as in a filter, under a declared path.
 * Any other stays: one that stands for a key that does not exist, and what the database wrote as text.
 */
export async function decryptExplained(
  explained: unknown,
  root: ObjectNode,
  scope: DecryptScope,
): Promise<unknown> {
  const found: Found[] = [];
  const copy = copyOf(explained, root, { root, found });
  const values: Holder = Object.fromEntries(
    found.map(({ holder, key }, place) => [place, holder[key]]),
  );
  const children = new Map(found.map(({ node }, place) => [String(place), node]));
  await decryptDocuments(
    [values],
    { kind: 'object', children, rest: undefined },
    { ...scope, undecryptable: 'mark' },
  );
  found.forEach(({ holder, key }, place) => {
    if (!isUndecryptable(values[place])) holder[key] = values[place];
  });
  return copy;
}

/** A ciphertext, with the field that it stands under. */
interface Found {
  readonly holder: Holder;
  readonly key: string;
  readonly node: PlanNode;
}

interface Search {
  readonly root: ObjectNode;
  readonly found: Found[];
}

function copyOf(value: unknown, node: PlanNode, search: Search): unknown {
  if (!isContainer(value)) return value;
  const copy = Array.isArray(value) ? [...(value as unknown[])] : { ...value };
  const holder = copy as Holder;
  for (const key of Object.keys(holder)) {
    const below = Array.isArray(value) ? node : nodeUnder(key, node, search.root);
    const item = holder[key];
    if (!isCiphertext(item)) holder[key] = copyOf(item, below, search);
    else if (below.kind === 'field' && ciphertextFault(item.value()) === undefined) {
      search.found.push({ holder, key, node: below });
    }
  }
  return copy;
}

/** What a key of a filter, or of something around one, speaks of: an operator of what stands above it, a path of that or of documents. */
function nodeUnder(key: string, node: PlanNode, root: ObjectNode): PlanNode {
  if (key.startsWith('$')) return node;
  for (const from of [node, root]) {
    const target = resolvePath(from, key);
    if (target.kind === 'node') return elementOf(target.node);
  }
  return root;
}

function elementOf(node: PlanNode): PlanNode {
  return node.kind === 'array' ? elementOf(node.element) : node;
}

function isContainer(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || bsonTypeOf(value) !== undefined) return false;
  return !isDate(value) && !ArrayBuffer.isView(value);
}
