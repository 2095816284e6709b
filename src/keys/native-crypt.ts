import type { mongo } from 'mongoose';
import { Algorithm, type AlgorithmName } from '../declaration/algorithm';
import type { KeyDocument } from './key-vault';
import type { DrivenContext } from './kms/kms-context';
import { oneCall } from './kms/reliable-encryption';
import { type EncryptionSource, driverOptions } from './open-client-encryption';

/** A unit of work of libmongocrypt, as far as batches know it. */
export type NativeContext = Pick<
  DrivenContext,
  'state' | 'status' | 'addMongoOperationResponse' | 'finishMongoOperation' | 'finalize'
>;

/** The part of `MongoCrypt` of mongodb-client-encryption 7.2 that batches are made with. */
interface MongoCrypt {
  makeEncryptionContext(database: string, command: Uint8Array): NativeContext;
  makeExplicitEncryptionContext(value: Uint8Array, options: object): NativeContext;
  makeDecryptionContext(document: Uint8Array): NativeContext;
}

/** libmongocrypt, reached through internals of the driver. It keeps the data keys it has loaded for a time. */
export interface NativeCrypt {
  /** Work that encrypts the markings of `{ result: { v: [marking, …] } }`. Feed it only what `markingsDocument` built. */
  encryption(markings: Uint8Array): NativeContext;
  /** Work that encrypts a single scalar, `{ v: value }`, under the key named in `{ keyAltName }`: quicker than a batch of one. */
  encryptionOfOne(
    value: Uint8Array,
    options: { readonly algorithm: AlgorithmName; readonly keyAltName: Uint8Array },
  ): NativeContext;
  /** Work that decrypts the ciphertexts in a document. */
  decryption(document: Uint8Array): NativeContext;
  /**
   * The output of `work`, where libmongocrypt holds every key it needs; undefined where it does not. Synchronous.
   *
   * @throws {MongoCryptError} of the driver, where the work fails.
   */
  finish(work: NativeContext): Uint8Array | undefined;
  /**
   * Does `work` that needs keys, with `keys` for a key vault.
   *
   * @throws {KmsRequestError} where the KMS of a key cannot be asked.
   * @throws {MongoCryptError} of the driver, where the work fails.
   */
  execute(work: NativeContext, keys: readonly KeyDocument[]): Promise<void>;
}

/** The states of a context. Source: `mongocrypt_ctx_state_t` in libmongocrypt's mongocrypt.h. */
const FAILED = 0;
const NEEDS_MARKINGS = 2;
const READY = 5;

const NOTHING = new Uint8Array();

const DATABASE = 'x';
const COLLECTION = 'y';

/**
 * libmongocrypt through the `_mongoCrypt` of a `ClientEncryption`, with an empty schema for a collection that does not exist: so
 * that it asks for markings and for nothing else. Undefined where the driver or the addon is not the one we know.
 *
 * Source: the driver's client_encryption.ts 7.8 (unknown options reach `MongoCrypt`; `decrypt` runs the state machine), and
 * libmongocrypt's mongocrypt-ctx-encrypt.c (`_fle1_mongo_feed_markings`).
 */
export function openNativeCrypt(source: EncryptionSource): NativeCrypt | undefined {
  const { driver } = source;
  const command = driver.BSON.serialize({ insert: COLLECTION });
  const opened = openMongoCrypt(source);
  if (opened === undefined || !asksForMarkings(opened.crypt, command)) return undefined;
  const { crypt, clientEncryption } = opened;
  return {
    encryption: (markings) => {
      const work = crypt.makeEncryptionContext(DATABASE, command);
      work.addMongoOperationResponse(markings);
      if (work.state !== FAILED) work.finishMongoOperation();
      return work;
    },
    encryptionOfOne: (value, { algorithm, keyAltName }) =>
      crypt.makeExplicitEncryptionContext(value, {
        expressionMode: false,
        algorithm: Algorithm[algorithm],
        keyAltName,
      }),
    decryption: (document) => crypt.makeDecryptionContext(document),
    finish: (work) => {
      const output = work.state === READY ? work.finalize() : NOTHING;
      if (output.length > 0) return ofNode(output); // work that fails gives nothing
      if (work.state !== FAILED) return undefined;
      throw new driver.MongoCryptError(work.status.message ?? 'libmongocrypt gave no reason');
    },
    execute: async (work, keys) => {
      const call = oneCall(
        { ...source, encryption: clientEncryption },
        { crypt: { makeExplicitDecryptionContext: () => work } },
      );
      const executor = Object.create(call, {
        _keyVaultClient: { value: vaultOf(keys) },
      }) as mongo.ClientEncryption;
      await executor.decrypt(new driver.BSON.Binary());
    },
  };
}

/**
 * The bytes as a Buffer that Node.js makes by itself. One that an addon makes is of another hidden class, which V8 forgets with the last of
 * them; with it goes what was optimised of all code that reads BSON (bench/decisions/hidden-classes.md).
 */
function ofNode({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}

interface Opened {
  readonly clientEncryption: mongo.ClientEncryption;
  readonly crypt: MongoCrypt;
}

function openMongoCrypt(source: EncryptionSource): Opened | undefined {
  const { driver, client } = source;
  const schemaMap = driver.BSON.serialize({ [`${DATABASE}.${COLLECTION}`]: {} });
  try {
    const clientEncryption = new driver.ClientEncryption(client, {
      ...driverOptions(source),
      schemaMap,
    } as mongo.ClientEncryptionOptions);
    const crypt = (clientEncryption as { _mongoCrypt?: unknown })._mongoCrypt;
    return isMongoCrypt(crypt) ? { clientEncryption, crypt } : undefined;
  } catch {
    // The driver takes the other options, but not this one.
    return undefined;
  }
}

function isMongoCrypt(crypt: unknown): crypt is MongoCrypt {
  if (typeof crypt !== 'object' || crypt === null) return false;
  return MAKERS.every((name) => typeof (crypt as Record<string, unknown>)[name] === 'function');
}

const MAKERS = ['makeEncryptionContext', 'makeExplicitEncryptionContext', 'makeDecryptionContext'];

function asksForMarkings(crypt: MongoCrypt, command: Uint8Array): boolean {
  try {
    const work: Partial<NativeContext> = crypt.makeEncryptionContext(DATABASE, command);
    return (
      work.state === NEEDS_MARKINGS &&
      typeof work.addMongoOperationResponse === 'function' &&
      typeof work.finishMongoOperation === 'function' &&
      typeof work.finalize === 'function'
    );
  } catch {
    return false;
  }
}

/** The part of a MongoClient that the state machine reads keys through: `fetchKeys` of the driver's state_machine.ts 7.8. */
function vaultOf(keys: readonly KeyDocument[]): unknown {
  const found = { toArray: () => Promise.resolve([...keys]) };
  return { db: () => ({ collection: () => ({ find: () => found }) }) };
}
