import type { mongo } from 'mongoose';
import { Algorithm } from '../declaration/algorithm';
import { DecryptionFailedError } from '../errors';
import type { MasterKeyChoice } from './data-keys';
import type { KeyDocument } from './key-vault';
import { type EncryptionSource, openClientEncryption } from './open-client-encryption';

const TEXT = 'round trip';

/**
 * Wraps a new data key under a master key, and unwraps it again, without a trace in the key vault. In KMIP it leaves a master key
 * behind, where `choice` names none.
 */
export async function tryWrapping(
  { provider, masterKey }: MasterKeyChoice,
  source: EncryptionSource,
): Promise<void> {
  const kept: KeyDocument[] = [];
  const options = { ...(masterKey && { masterKey }) } as DataKeyOptions;
  await openClientEncryption(source, vaultOf(kept)).createDataKey(provider, options);
  for (const key of kept) await tryUnwrapping(key, source);
}

type DataKeyOptions = mongo.ClientEncryptionCreateDataKeyProviderOptions;

/** Unwraps `key`, and reads with it what was written with it. */
export async function tryUnwrapping(key: KeyDocument, source: EncryptionSource): Promise<void> {
  const writer = openClientEncryption(source, vaultOf([key]));
  const ciphertext = await writer.encrypt(TEXT, { algorithm: Algorithm.Random, keyId: key._id });
  const read: unknown = await openClientEncryption(source, vaultOf([key])).decrypt(ciphertext);
  if (read === TEXT) return;
  throw new DecryptionFailedError({
    wrong: 'what was encrypted with a data key was not decrypted to the same.',
    remedy: 'Install mongodb-client-encryption anew.',
    keyId: key._id.toString(),
  });
}

/** A key vault in memory. Source: what client_encryption.ts and state_machine.ts of the driver 7.8 use of a collection. */
function vaultOf(keys: KeyDocument[]): mongo.MongoClient {
  const collection = {
    insertOne: (key: KeyDocument) => {
      keys.push(key);
      return Promise.resolve({ insertedId: key._id });
    },
    find: () => ({ toArray: () => Promise.resolve([...keys]) }),
  };
  return { db: () => ({ collection: () => collection }) } as unknown as mongo.MongoClient;
}
