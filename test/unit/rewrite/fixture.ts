import * as bson from 'bson';
import { PlaintextCollector, type PlaintextSlot } from '../../../src/codec/collect-plaintext';
import { DocumentKeys } from '../../../src/codec/document-keys';
import { FleError } from '../../../src/errors';
import type {
  ArrayNode,
  EncryptedField,
  EncryptionPlan,
  FieldNode,
  ObjectNode,
  PlanNode,
} from '../../../src/plan/encryption-plan';
import { fieldsBelow } from '../../../src/plan/resolve-path';
import type { RewriteScope } from '../../../src/rewrite/rewrite-scope';

/** A field of the fixture: a Deterministic String unless said otherwise. */
export function fieldNode(path: string, more: Partial<EncryptedField> = {}): FieldNode {
  const field: EncryptedField = {
    path,
    algorithm: 'Deterministic',
    keyAltName: 'k',
    whole: false,
    type: 'String',
    ...more,
  };
  return { kind: 'field', field };
}

export function objectNode(children: Record<string, PlanNode>, rest?: PlanNode): ObjectNode {
  return { kind: 'object', children: new Map(Object.entries(children)), rest };
}

export function arrayNode(element: PlanNode): ArrayNode {
  return { kind: 'array', element };
}

const random = { algorithm: 'Random' } as const;
const whole = { algorithm: 'Random', whole: true } as const;

/** One path of each kind; `name` and every other is clear. */
export const ROOT: ObjectNode = objectNode({
  ssn: fieldNode('ssn'),
  ssn2: fieldNode('ssn2'),
  age: fieldNode('age', { type: 'Number' }),
  pin: fieldNode('pin', random),
  tags: arrayNode(fieldNode('tags')),
  notes: arrayNode(fieldNode('notes', random)),
  matrix: arrayNode(arrayNode(fieldNode('matrix'))),
  history: fieldNode('history', { ...whole, type: 'Array' }),
  profile: fieldNode('profile', { ...whole, type: 'Object' }),
  address: objectNode({ street: fieldNode('address.street') }),
  card: objectNode({
    holder: fieldNode('card.holder'),
    cvc: fieldNode('card.cvc', random),
  }),
  contacts: arrayNode(
    objectNode({
      phone: fieldNode('contacts.phone'),
      labels: arrayNode(fieldNode('contacts.labels')),
    }),
  ),
  visits: arrayNode(
    objectNode({ reason: fieldNode('visits.reason', random), code: fieldNode('visits.code') }),
  ),
  codes: objectNode({}, fieldNode('codes.$*')),
});

export function planOf(root: ObjectNode, name = 'Patient'): EncryptionPlan {
  return { name, root, fields: fieldsBelow(root), versionKey: '__v' };
}

/** The keys of documents of which nothing is known; where `maySpread`, of a command that only asks. */
export function keysOf(maySpread = true): DocumentKeys {
  return new DocumentKeys({ model: 'Patient', operation: 'find', context: undefined, maySpread });
}

/** A scope over `root`, with the real BSON library. */
export function scopeOver(root: ObjectNode = ROOT, more: Partial<RewriteScope> = {}): RewriteScope {
  return {
    plan: planOf(root),
    operation: 'find',
    values: new PlaintextCollector(
      { bson, model: 'Patient', operation: 'find', serializeOptions: {} },
      keysOf(),
    ),
    collation: undefined,
    shapeOfCollection: () => undefined,
    ...more,
  };
}

/** What a filled slot of the tests holds: `D(path)value` for a Deterministic, `R(path)value` for a Random one. */
export function fillWithText(slots: readonly PlaintextSlot[]): void {
  for (const { holder, key, field, encoded } of slots) {
    const value: unknown = bson.deserialize(encoded())['v'];
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    holder[key] = `${field.algorithm.charAt(0)}(${field.path})${text}`;
  }
}

/** What `rewrite` gives, with its slots filled by readable text. */
export function rewritten<T>(rewrite: (scope: RewriteScope) => T, scope = scopeOver()): T {
  const result = rewrite(scope);
  fillWithText(scope.values.slots);
  return result;
}

/** The refusal that `call` throws, as `Class CODE message`. */
export function refusalOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (!(error instanceof FleError)) throw error;
    return `${error.name} ${error.code} ${error.message}`;
  }
  return 'not refused';
}

/** `value`, frozen at every depth. */
export function deepFrozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFrozen);
  }
  return value;
}
