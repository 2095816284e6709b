import * as bson from 'bson';
import { PlaintextCollector } from '../../../src/codec/collect-plaintext';
import { DocumentKeys } from '../../../src/codec/document-keys';
import type { EncodeScope } from '../../../src/codec/encode-value';
import type { DecryptScope } from '../../../src/codec/decrypt-documents';
import { FleError } from '../../../src/errors';
import type {
  ArrayNode,
  EncryptedField,
  FieldNode,
  FieldType,
  ObjectNode,
  PlanNode,
} from '../../../src/plan/encryption-plan';
import { MemoryCipher } from './memory-cipher';

export const ENCODE: EncodeScope = {
  bson,
  model: 'Patient',
  operation: 'insertOne',
  serializeOptions: {},
};

/** A collector for documents of which nothing is known. */
export function collectorOf(): PlaintextCollector {
  const { model, operation } = ENCODE;
  const keys = new DocumentKeys({ model, operation, context: undefined, maySpread: false });
  return new PlaintextCollector(ENCODE, keys);
}

export function fieldOf(type: FieldType, more: Partial<EncryptedField> = {}): EncryptedField {
  return { path: 'p', algorithm: 'Deterministic', keyAltName: 'k', whole: false, type, ...more };
}

export function node(field: Partial<EncryptedField> = {}): FieldNode {
  return { kind: 'field', field: fieldOf('String', field) };
}

export function objectNode(children: Record<string, PlanNode>, rest?: PlanNode): ObjectNode {
  return { kind: 'object', children: new Map(Object.entries(children)), rest };
}

export function arrayNode(element: PlanNode): ArrayNode {
  return { kind: 'array', element };
}

export function decryptScope(more: Partial<DecryptScope> = {}): DecryptScope {
  return {
    bson,
    cipher: new MemoryCipher(),
    model: 'Patient',
    operation: 'find',
    readOptions: {},
    plaintext: 'error',
    undecryptable: 'error',
    ...more,
  };
}

/** The refusal that `call` throws or rejects with, as `Class CODE message`. */
export async function refusalOf(call: () => unknown): Promise<string> {
  try {
    await call();
  } catch (error) {
    if (!(error instanceof FleError)) throw error;
    return `${error.name} ${error.code} ${error.message}`;
  }
  return 'not refused';
}
