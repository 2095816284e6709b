import { InvalidValueError } from '../errors';
import type { EncryptedField, ObjectNode, PlanNode } from '../plan/encryption-plan';
import { fieldsBelow, resolvePath } from '../plan/resolve-path';
import type { DocumentKeys } from './document-keys';
import { type EncodedValue, encodeValue, type EncodeScope } from './encode-value';
import { isKeyedByPosition } from './positions';
import { recordOf, unwrapped } from './record-of';

/** An object or array of ours with a place for a value. */
export type Holder = Record<string | number, unknown>;

/** A place in a copy that waits for the ciphertext of `bytes`. */
export interface PlaintextSlot {
  readonly holder: Holder;
  readonly key: string | number;
  readonly field: EncryptedField;
  readonly keyAltName: string;
  /** Gives the BSON document `{ v: value }`. */
  readonly encoded: EncodedValue;
}

/** A place to put a value, with what the plan says stands there. */
export interface Placement {
  readonly holder: Holder;
  readonly key: string | number;
  readonly node: PlanNode;
}

/**
 * Takes the plaintext out of one command: copies what it is given along encrypted paths, never touching the original, and keeps a
 * slot for each value that is to be encrypted. Until a slot is filled its place holds undefined, so that no plaintext can be sent
 * by mistake.
 */
export class PlaintextCollector {
  readonly slots: PlaintextSlot[];
  readonly scope: EncodeScope;
  readonly keys: DocumentKeys;

  constructor(scope: EncodeScope, keys: DocumentKeys, slots: PlaintextSlot[] = []) {
    this.scope = scope;
    this.keys = keys;
    this.slots = slots;
  }

  /** The same collector, for values of documents that have other keys. */
  under(keys: DocumentKeys): PlaintextCollector {
    return keys === this.keys ? this : new PlaintextCollector(this.scope, keys, this.slots);
  }

  /**
   * Puts a copy of `given` at `placement`, with a slot for each encrypted value in it.
   *
   * @throws {InvalidValueError} where a value does not have the shape or type declared.
   * @throws {CiphertextGivenError} where a value is ciphertext already.
   * @throws {KeyUnresolvedError} where a value's key depends on its document, and cannot be told.
   */
  place(given: unknown, { holder, key, node }: Placement): void {
    const value = unwrapped(given);
    if (value === null || value === undefined) {
      holder[key] = value;
      return;
    }
    switch (node.kind) {
      case 'field':
        this.#placeField(value, { holder, key }, node.field);
        return;
      case 'array':
        holder[key] = this.#copyElements(value, node.element);
        return;
      case 'object':
        holder[key] = this.copyObject(value, node);
        return;
    }
  }

  /** A copy of the document or subdocument `value`, with a slot for each encrypted value in it. */
  copyObject(value: unknown, node: ObjectNode): Holder {
    const record = recordOf(value);
    if (record === undefined) throw this.#invalidShape(node, 'an object');
    const copy: Holder = { ...record };
    for (const key of Object.keys(copy)) {
      const below = node.children.get(key) ?? node.rest;
      if (below !== undefined) this.place(copy[key], { holder: copy, key, node: below });
      else if (/[.$]/.test(key) || node.aliases?.has(key) === true) this.#refuseKey(key, node);
    }
    return copy;
  }

  #placeField(value: unknown, place: Omit<Placement, 'node'>, field: EncryptedField): void {
    const { holder, key } = place;
    const encoded = encodeValue(value, field, this.scope);
    holder[key] = encoded === undefined ? null : undefined;
    if (encoded === undefined) return;
    this.slots.push({ holder, key, field, encoded, keyAltName: this.keys.nameFor(field) });
  }

  #copyElements(value: unknown, element: PlanNode): unknown {
    const record = recordOf(value);
    if (isKeyedByPosition(record)) return this.#copyPositions(record, element);
    if (!Array.isArray(value)) throw this.#invalidShape(element, 'an array');
    const copy: unknown[] = new Array<unknown>(value.length);
    const holder = copy as unknown as Holder;
    for (const [key, item] of value.entries()) this.place(item, { holder, key, node: element });
    return copy;
  }

  #copyPositions(record: Holder, element: PlanNode): Holder {
    const copy: Holder = { ...record };
    for (const key of Object.keys(copy)) {
      this.place(copy[key], { holder: copy, key, node: element });
    }
    return copy;
  }

  /** A key with dots, an alias, or an operator where none belongs, could hide a value of an encrypted path. */
  #refuseKey(key: string, node: ObjectNode): void {
    const isOperator = key.startsWith('$') && fieldsBelow(node).length > 0;
    const target = resolvePath(node, key);
    if (!isOperator && target.kind === 'clear') return;
    const { model, operation } = this.scope;
    if (target.kind === 'alias') {
      throw new InvalidValueError({
        model,
        operation,
        path: target.field.path,
        wrong: `the value stands under the alias "${key}", where it would not be encrypted.`,
        remedy: 'Name the path itself, or give a document that Mongoose has cast.',
      });
    }
    throw new InvalidValueError({
      model,
      operation,
      path: isOperator ? fieldsBelow(node)[0]?.path : key,
      wrong: isOperator
        ? 'a key beside it begins with "$", as an operator does.'
        : 'a key with dots in it names an encrypted path.',
      remedy: 'Nest the value in objects, one for each part of the path.',
    });
  }

  #invalidShape(node: PlanNode, expected: string): InvalidValueError {
    const { model, operation } = this.scope;
    return new InvalidValueError({
      model,
      operation,
      path: fieldsBelow(node)[0]?.path,
      wrong: `the value is not ${expected}, as the schema declares.`,
      remedy: `Give ${expected}, or let Mongoose cast the value.`,
    });
  }
}
