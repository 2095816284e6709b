import { DecryptionFailedError, PlaintextFoundError, isFleError } from '../errors';
import type { EncryptedField, ObjectNode, PlanNode } from '../plan/encryption-plan';
import { childOf, fieldsBelow, keysWithChildren } from '../plan/resolve-path';
import { type Binary, type Bson, type BsonReadOptions, bsonTypeOf, isCiphertext } from './bson';
import { ciphertextFault } from './ciphertext-fault';
import type { Holder } from './collect-plaintext';
import { isKeyedByPosition } from './positions';
import { Undecryptable } from './undecryptable';
import type { ValueCipher } from './value-cipher';

/** What is needed to read documents of a model. */
export interface DecryptScope {
  readonly bson: Bson;
  readonly cipher: ValueCipher;
  readonly model: string;
  readonly operation: string;
  /** The operation's own, with the connection's behind them. */
  readonly readOptions: BsonReadOptions;
  /** What a declared path may hold besides ciphertext: `read` passes stored plaintext on, `error` does not. */
  readonly plaintext: 'error' | 'read';
  /** What becomes of a ciphertext that cannot be decrypted: `error` fails the read, `mark` puts an `Undecryptable` in its place. */
  readonly undecryptable: 'error' | 'mark';
}

interface CiphertextSlot {
  readonly holder: Holder;
  readonly key: string | number;
  readonly field: EncryptedField;
}

/**
 * Decrypts, in place, every encrypted field of `documents`, in one batch.
 *
 * @throws {DecryptionFailedError} with model, path, key and cause, where a ciphertext cannot be decrypted.
 * @throws {PlaintextFoundError} where a declared path holds something else than ciphertext, unless that is allowed.
 */
export async function decryptDocuments(
  documents: readonly unknown[],
  node: PlanNode,
  scope: DecryptScope,
): Promise<void> {
  const slots: CiphertextSlot[] = [];
  const reader = { scope, slots };
  visitElements(documents, node, reader);
  if (slots.length > 0) await decryptSlots(slots, scope);
}

/**
 * Gives values that were decrypted before their documents were read, in place, the form that `decryptDocuments` gives them.
 *
 * @throws {DecryptionFailedError} where ciphertext is left at a declared path.
 */
export function settleDecrypted(
  documents: readonly unknown[],
  node: PlanNode,
  scope: DecryptScope,
): void {
  const slots: CiphertextSlot[] = [];
  visitElements(documents, node, { scope: { ...scope, plaintext: 'read' }, slots });
  const [left] = slots;
  if (left === undefined) return;
  const ciphertext = left.holder[left.key] as Binary;
  throw decryptionFailed({ field: left.field, ciphertext, cause: undefined }, scope);
}

interface Reader {
  readonly scope: DecryptScope;
  readonly slots: CiphertextSlot[];
}

interface Place {
  readonly holder: Holder;
  readonly key: string | number;
}

function visit({ holder, key }: Place, node: PlanNode, reader: Reader): void {
  const value = holder[key];
  if (value === null || value === undefined) return;
  if (node.kind === 'field') {
    if (isCiphertext(value)) reader.slots.push({ holder, key, field: node.field });
    else holder[key] = storedPlaintext(value, node.field, reader.scope);
    return;
  }
  if (isCiphertext(value)) throw misplacedCiphertext(node, reader.scope);
  if (Array.isArray(value)) visitArray(value, node, reader);
  else if (node.kind === 'object') visitObject(value, node, reader);
  else if (isKeyedByPosition(value)) visitKeys(value, node.element, reader);
  else visit({ holder, key }, node.element, reader);
}

/** An array where an object is declared comes of a path that steps through an array; its elements are such objects. */
function visitArray(value: unknown[], node: ObjectNode | PlanNode, reader: Reader): void {
  visitElements(value, node.kind === 'array' ? node.element : node, reader);
}

function visitElements(elements: readonly unknown[], node: PlanNode, reader: Reader): void {
  const holder = elements as unknown as Holder;
  for (let key = 0; key < elements.length; key += 1) visit({ holder, key }, node, reader);
}

function visitKeys(holder: Holder, element: PlanNode, reader: Reader): void {
  for (const key of Object.keys(holder)) visit({ holder, key }, element, reader);
}

function visitObject(value: unknown, node: ObjectNode, reader: Reader): void {
  if (typeof value !== 'object') return;
  // The BSON library takes an object with $ref and $id for a reference, and keeps the rest of it apart.
  const { fields } = value as { readonly fields?: unknown };
  const holder = (bsonTypeOf(value) === 'DBRef' ? fields : value) as Holder;
  for (const key of keysWithChildren(node, holder)) {
    const below = childOf(node, key);
    if (below !== undefined) visit({ holder, key }, below, reader);
  }
}

async function decryptSlots(slots: readonly CiphertextSlot[], scope: DecryptScope): Promise<void> {
  const ciphertexts = slots.map(({ holder, key }) => holder[key] as Binary);
  const { values, failures } = await scope.cipher.decrypt(ciphertexts, scope.readOptions);
  for (const [place, { holder, key, field }] of slots.entries()) {
    if (failures.has(place)) {
      const facts = { field, ciphertext: ciphertexts[place], cause: failures.get(place) };
      holder[key] = withoutValue(facts, scope);
    } else {
      holder[key] = settled(values[place], field, scope);
    }
  }
}

/** A Deterministic Number is stored as int64; its twin as int32 or double. */
function settled(
  value: unknown,
  { type, algorithm }: EncryptedField,
  scope: DecryptScope,
): unknown {
  const isNumber = type === 'Number' && algorithm === 'Deterministic';
  const isInt64 = typeof value === 'bigint' || bsonTypeOf(value) === 'Long';
  return isNumber && isInt64 ? asNumber(value, scope) : value;
}

function asNumber(value: unknown, { bson, readOptions }: DecryptScope): unknown {
  const number = Number(value);
  if (readOptions.promoteValues !== false) return number;
  return (number | 0) === number ? new bson.Int32(number) : new bson.Double(number);
}

function storedPlaintext(value: unknown, field: EncryptedField, scope: DecryptScope): unknown {
  if (scope.plaintext === 'read') return settled(value, field, scope);
  throw new PlaintextFoundError({
    model: scope.model,
    operation: scope.operation,
    path: field.path,
    wrong: 'the database holds a value there that is not ciphertext.',
    remedy: "Encrypt what is stored, or allow it to be read with the option plaintext: 'read'.",
  });
}

interface UndecryptableFacts {
  readonly field: EncryptedField;
  readonly ciphertext: Binary | undefined;
  readonly cause: unknown;
}

function withoutValue(facts: UndecryptableFacts, scope: DecryptScope): Undecryptable {
  // The value may be in order: a KMS that cannot be asked just now makes no value undecryptable.
  if (isFleError(facts.cause) && facts.cause.code === 'FLE_KMS_REQUEST_FAILED') throw facts.cause;
  const { field, ciphertext } = facts;
  const isMalformed = ciphertext !== undefined && ciphertextFault(ciphertext.value()) !== undefined;
  if (isMalformed || scope.undecryptable === 'error') throw decryptionFailed(facts, scope);
  return new Undecryptable(field.path, ciphertext && keyIdOf(ciphertext));
}

function decryptionFailed(
  { field, ciphertext, cause }: UndecryptableFacts,
  { model, operation }: DecryptScope,
): DecryptionFailedError {
  const missing = isFleError(cause) && cause.code === 'FLE_KEY_NOT_FOUND';
  return new DecryptionFailedError({
    model,
    operation,
    path: field.path,
    keyAltName: typeof field.keyAltName === 'string' ? field.keyAltName : undefined,
    keyId: ciphertext === undefined ? undefined : keyIdOf(ciphertext),
    wrong: missing
      ? 'the data key that encrypted the stored value is not in the key vault.'
      : 'the stored value cannot be decrypted.',
    remedy: missing
      ? 'Restore the key from a backup of the vault; without it the value is lost.'
      : 'Check that the master key is the one that wrapped the data key; the cause says more.',
    cause,
  });
}

function misplacedCiphertext(
  node: PlanNode,
  { model, operation }: DecryptScope,
): DecryptionFailedError {
  const [field] = fieldsBelow(node);
  return new DecryptionFailedError({
    model,
    operation,
    path: field?.path,
    wrong: 'the database holds one ciphertext where the schema declares encrypted fields inside.',
    remedy: 'Declare the path as it was when the document was written, or rewrite the document.',
  });
}

/** Bytes 1 to 16 of a ciphertext are the identifier of its data key (specification "Subtype 6: Encrypted"). */
function keyIdOf(ciphertext: Binary): string | undefined {
  const hex = Buffer.from(ciphertext.buffer).subarray(1, 17).toString('hex');
  const parts = /^(.{8})(.{4})(.{4})(.{4})(.{12})$/.exec(hex);
  return parts?.slice(1).join('-');
}
