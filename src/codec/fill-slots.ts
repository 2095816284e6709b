import { setImmediate as nextTurn } from 'node:timers/promises';
import { EncryptionFailedError, KeyNotFoundError, isFleError } from '../errors';
import { type Binary, type Bson, ENCRYPTED_SUBTYPE } from './bson';
import type { EncodeScope } from './encode-value';
import type { PlaintextSlot } from './collect-plaintext';
import { type KeyTelling, groupByKey } from './group-by-key';
import type { EncryptPurpose, PlainValue, ValueCipher } from './value-cipher';

/** What is needed to fill the slots of a command. */
export interface FillOptions {
  readonly cipher: ValueCipher;
  readonly purpose: EncryptPurpose;
  readonly scope: EncodeScope;
}

/** How many values are serialised and handed over at once; for so long the event loop waits. */
const CHUNK_SLOTS = 1_000;

/**
 * Fills, in place, every slot with its ciphertext: in one batch, or, where there are very many, in batches between which the event
 * loop has its turn.
 *
 * A `query` under a data key that does not exist gets a ciphertext that no stored value equals: it matches nothing, as a value that
 * does not occur.
 *
 * @throws {KeyNotFoundError} for a `write`, where a key is missing and may not be created.
 * @throws {DuplicateKeyNameError} where two keys of the vault have the name.
 * @throws {EncryptionFailedError} where a value could not be encrypted.
 */
export async function fillSlots(
  slots: readonly PlaintextSlot[],
  options: FillOptions,
): Promise<void> {
  if (slots.length <= CHUNK_SLOTS) {
    if (slots.length > 0) await fillChunk(slots, options);
    return;
  }
  const grouped = groupByKey(slots, BY_NAME);
  const names = new Set(slots.map(({ keyAltName }) => keyAltName));
  for (let start = 0; start < grouped.length; start += CHUNK_SLOTS) {
    if (start > 0) await nextTurn();
    await fillChunk(grouped.slice(start, start + CHUNK_SLOTS), options, names);
  }
}

const BY_NAME: KeyTelling<PlaintextSlot> = {
  refOf: ({ keyAltName }) => keyAltName,
  isSameKey: (one, other) => one.keyAltName === other.keyAltName,
};

/** `soon` names the keys of what is filled later: all of them cost one look-up. */
async function fillChunk(
  slots: readonly PlaintextSlot[],
  { cipher, purpose, scope }: FillOptions,
  soon?: Iterable<string>,
): Promise<void> {
  const plain: PlainValue[] = [];
  for (const { encoded, field, keyAltName } of slots) {
    plain.push({ bytes: encoded(), algorithm: field.algorithm, keyAltName });
  }
  const { values, failures } = await cipher.encrypt(plain, purpose, soon);
  for (const [place, slot] of slots.entries()) {
    const ciphertext = values[place];
    slot.holder[slot.key] =
      ciphertext ?? substituteFor(slot, failures.get(place), { purpose, scope });
  }
}

const CREATE_DECLARED =
  'Create it with `npx mongoose-fle bootstrap` or fle.bootstrapKeys(connection), or allow it by createMissingKeys.';
/** No schema names the keys of documents, so that no bootstrap makes them. */
const CREATE_OTHER =
  'Create it with `npx mongoose-fle keys create` or fle.keyVault(connection), or set createMissingKeys to "all".';

function substituteFor(
  slot: PlaintextSlot,
  cause: unknown,
  { purpose, scope }: Omit<FillOptions, 'cipher'>,
): Binary {
  const missing = isFleError(cause) && cause.code === 'FLE_KEY_NOT_FOUND';
  if (missing && purpose === 'query') return unmatchable(slot, scope.bson);
  if (isFleError(cause) && cause.code === 'FLE_DUPLICATE_KEY_NAME') throw cause;
  const { keyAltName, field } = slot;
  const { model, operation } = scope;
  const facts = { model, operation, path: field.path, keyAltName, cause };
  if (missing) {
    throw new KeyNotFoundError({
      ...facts,
      wrong: `no data key is named "${keyAltName}" in the key vault, and it may not be created here.`,
      remedy: typeof field.keyAltName === 'string' ? CREATE_DECLARED : CREATE_OTHER,
    });
  }
  throw new EncryptionFailedError({
    ...facts,
    wrong: 'the value could not be encrypted.',
    remedy: 'The cause says why; nothing was sent.',
  });
}

/** A ciphertext of the slot's algorithm and type under the nil UUID, which no data key has, without a tag that could verify. */
function unmatchable({ field, encoded }: PlaintextSlot, bson: Bson): Binary {
  const nothing = Buffer.alloc(18);
  nothing[0] = field.algorithm === 'Deterministic' ? 1 : 2;
  nothing[17] = encoded()[4] ?? 0;
  return new bson.Binary(nothing, ENCRYPTED_SUBTYPE);
}
