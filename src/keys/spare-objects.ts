import type { mongo } from 'mongoose';
import type { MasterKeyChoice } from './data-keys';
import type { KeyConfig } from './key-config';
import { keyIdentified } from './key-ref';
import type { KeyDocument, KeyVault } from './key-vault';
import { makesKmipObject } from './kmip-object';
import { isDuplicateKeyError } from './name-index';
import { refusedDocument } from './vault-client';

/** What a data key is created with. */
interface Creator {
  readonly vault: KeyVault;
  readonly config: KeyConfig;
  readonly clientEncryption: mongo.ClientEncryption;
}

type DataKeyOptions = mongo.ClientEncryptionCreateDataKeyProviderOptions;

/** The server's code for what a user may not do. Source: MongoDB, src/mongo/base/error_codes.yml. */
const UNAUTHORIZED = 13;

/** The identifiers of objects in KMIP that were made for data keys and wrap none, by the choice of master key. */
const spares = new WeakMap<KeyConfig, Map<string, string[]>>();

/**
 * Creates a data key. KMIP makes an object for it where `choice` names none, before it is seen that the vault refuses the key: because
 * another process was sooner, or the user may not write. That object is kept in mind, and is the master key of the next data key that is
 * created under the same choice. It is used once: to destroy one master key is never to destroy two data keys.
 */
export async function createDataKey(
  choice: MasterKeyChoice,
  options: Omit<DataKeyOptions, 'masterKey'>,
  creator: Creator,
): Promise<mongo.UUID> {
  const { provider, masterKey } = choice;
  const create = (used: object | undefined): Promise<mongo.UUID> => {
    const given = { ...options, ...(used && { masterKey: used }) } as DataKeyOptions;
    return creator.clientEncryption.createDataKey(provider, given);
  };
  if (!makesKmipObject(choice)) return await create(masterKey);
  const unused = sparesOf(choice, creator.config);
  const keyId = unused.pop();
  try {
    return await create(keyId === undefined ? masterKey : { ...masterKey, keyId });
  } catch (error) {
    const refused = refusedDocument(error);
    if (refused !== undefined && (await isAbsent(refused, error, creator.vault))) {
      unused.push(String(refused.masterKey['keyId']));
    }
    throw error;
  }
}

/** Whether it is certain that the key is not in the vault: of a write whose answer is lost, it is not. */
async function isAbsent({ _id }: KeyDocument, error: unknown, vault: KeyVault): Promise<boolean> {
  if ((error as { code?: unknown }).code === UNAUTHORIZED) return true;
  if (!isDuplicateKeyError(error)) return false;
  const ref = keyIdentified(_id.value()); // it may be its own duplicate, sent again
  return await vault.find([ref]).then(
    (found) => !found.has(ref),
    () => false,
  );
}

function sparesOf(choice: MasterKeyChoice, config: KeyConfig): string[] {
  const ofConfig = spares.get(config) ?? new Map<string, string[]>();
  spares.set(config, ofConfig);
  const name = JSON.stringify(choice);
  const found = ofConfig.get(name) ?? [];
  ofConfig.set(name, found);
  return found;
}
