import { setImmediate as nextTurn } from 'node:timers/promises';
import type { mongo } from 'mongoose';
import { type Binary, type BsonReadOptions, ENCRYPTED_SUBTYPE, isCiphertext } from '../codec/bson';
import type { BatchOutcome, EncryptPurpose, PlainValue, ValueCipher } from '../codec/value-cipher';
import { Algorithm } from '../declaration/algorithm';
import { FleError, KeyVaultUnavailableError } from '../errors';
import {
  type OpenOutcome,
  type Placed,
  decryptable,
  decryptionFailed,
  decryptionRefused,
  encryptable,
  encryptionFailed,
  openOutcome,
} from './batch-outcome';
import { NESTED_CIPHERTEXT, keyIdOf, plainTypeOf } from '../codec/ciphertext-fault';
import { type KeyRef, keyIdentified, keyNamed, nameOf, uuidOf } from './key-ref';
import type { KeySupply } from './key-supply';
import type { Driver, KeyDocument } from './key-vault';
import { type EncryptionSource, openClientEncryption } from './open-client-encryption';
import { readPromoted } from './read-promoted';

/** Work on the items of a batch, one after the other. */
interface Work<I, T> {
  readonly items: readonly Placed<I>[];
  readonly outcome: OpenOutcome<T>;
  readonly purpose: EncryptPurpose;
  readonly refOf: (item: I) => KeyRef;
  readonly failureOf: (cause: unknown, ref: KeyRef) => FleError;
  readonly doOne: (item: I) => Promise<T>;
}

/** After how many values the event loop gets its turn. */
const CHUNK_VALUES = 100;

/** What the values of every batch are encrypted and decrypted with. */
interface Parts {
  readonly driver: Driver;
  readonly clientEncryption: mongo.ClientEncryption;
  readonly supply: KeySupply;
}

/**
 * A cipher over the public `encrypt` and `decrypt` of the driver's `ClientEncryption`, one value after the other. For drivers whose
 * inner parts are not those that the batch cipher knows.
 */
export function openExplicitCipher(source: EncryptionSource, supply: KeySupply): ValueCipher {
  const clientEncryption = openClientEncryption(source, vaultOf(supply));
  const parts = { driver: source.driver, clientEncryption, supply };
  return {
    encrypt: (values, purpose) => encryptEach(values, purpose, parts),
    decrypt: (ciphertexts, readOptions) => decryptEach(ciphertexts, readOptions, parts),
    decryptWhole: () => undefined,
  };
}

async function encryptEach(
  values: readonly PlainValue[],
  purpose: EncryptPurpose,
  parts: Parts,
): Promise<BatchOutcome<Binary>> {
  const { driver, clientEncryption } = parts;
  const outcome = openOutcome<Binary>(values.length);
  const work: Work<PlainValue, Binary> = {
    outcome,
    items: encryptable(values, outcome),
    purpose,
    refOf: ({ keyAltName }) => keyNamed(keyAltName),
    failureOf: encryptionFailed,
    doOne: async ({ bytes, algorithm, keyAltName }) => {
      const { v } = driver.BSON.deserialize(bytes, { promoteValues: false, bsonRegExp: true });
      return await clientEncryption.encrypt(v, { algorithm: Algorithm[algorithm], keyAltName });
    },
  };
  return await workThrough(work, parts);
}

async function decryptEach(
  ciphertexts: readonly Binary[],
  options: BsonReadOptions,
  parts: Parts,
): Promise<BatchOutcome<unknown>> {
  const { driver, clientEncryption } = parts;
  const outcome = openOutcome<unknown>(ciphertexts.length);
  const work: Work<Uint8Array, unknown> = {
    outcome,
    items: decryptable(ciphertexts, outcome),
    purpose: 'query',
    refOf: (bytes) => keyIdentified(keyIdOf(bytes)),
    failureOf: decryptionFailed,
    doOne: async (bytes) => {
      const binary = new driver.BSON.Binary(bytes, ENCRYPTED_SUBTYPE);
      const value: unknown = await clientEncryption.decrypt(binary);
      if (isCiphertext(value)) throw decryptionRefused(NESTED_CIPHERTEXT);
      return readPromoted({ value, type: plainTypeOf(bytes) }, options, driver.BSON);
    },
  };
  return await workThrough(work, parts);
}

async function workThrough<I, T>(work: Work<I, T>, parts: Parts): Promise<OpenOutcome<T>> {
  const { items, outcome, refOf, purpose, failureOf, doOne } = work;
  const refs = [...new Set(items.map(({ item }) => refOf(item)))];
  const unusable = await parts.supply.provide(refs, purpose, (keys) => loadKeys(keys, parts));
  for (const [index, { place, item }] of items.entries()) {
    if (index > 0 && index % CHUNK_VALUES === 0) await nextTurn();
    const ref = refOf(item);
    try {
      if (unusable.has(ref)) throw unusable.get(ref);
      outcome.values[place] = await doOne(item);
    } catch (cause) {
      if (cause instanceof KeyVaultUnavailableError) throw cause;
      outcome.failures.set(place, failureOf(cause, ref));
    }
  }
  return outcome;
}

/** Loads keys by encrypting a zero under each: without a look-up where the driver has them in memory. */
async function loadKeys(
  refs: readonly KeyRef[],
  { driver, clientEncryption }: Parts,
): Promise<Map<KeyRef, unknown>> {
  const failures = new Map<KeyRef, unknown>();
  const loadOne = async (ref: KeyRef): Promise<void> => {
    const keyAltName = nameOf(ref);
    const key =
      keyAltName === undefined ? { keyId: new driver.BSON.UUID(uuidOf(ref)) } : { keyAltName };
    try {
      await clientEncryption.encrypt(0, { algorithm: Algorithm.Random, ...key });
    } catch (cause) {
      if (cause instanceof KeyVaultUnavailableError) throw cause;
      failures.set(ref, cause);
    }
  };
  for (let start = 0; start < refs.length; start += CHUNK_VALUES) {
    await Promise.all(refs.slice(start, start + CHUNK_VALUES).map(loadOne));
  }
  return failures;
}

/** A key vault that the driver looks keys up in by way of `supply`. Source: `fetchKeys` of the driver's state_machine.ts 7.8. */
function vaultOf(supply: KeySupply): mongo.MongoClient {
  const find = (filter: KeyFilter): { toArray: () => Promise<KeyDocument[]> } => ({
    toArray: async () => {
      const findings = await supply.find(refsOf(filter));
      return [...findings.values()].map((finding) => {
        if (finding instanceof FleError) throw finding;
        return finding;
      });
    },
  });
  return { db: () => ({ collection: () => ({ find }) }) } as unknown as mongo.MongoClient;
}

/** What libmongocrypt asks the key vault for. Source: `_mongocrypt_key_broker_filter` in mongocrypt-key-broker.c. */
interface KeyFilter {
  readonly $or: readonly [
    { readonly _id: { readonly $in: readonly Binary[] } },
    { readonly keyAltNames: { readonly $in: readonly string[] } },
  ];
}

function refsOf({ $or: [byId, byName] }: KeyFilter): KeyRef[] {
  return [
    ...byId._id.$in.map((id) => keyIdentified(id.value())),
    ...byName.keyAltNames.$in.map(keyNamed),
  ];
}
