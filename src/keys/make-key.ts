import type { mongo } from 'mongoose';
import { InvalidOptionsError } from '../errors';
import { checkKeyName } from './check-key-name';
import { type OptionKind, checkOptions } from './check-options';
import type { MasterKeyChoice } from './data-keys';
import { findKey, requireKey } from './find-key';
import { inTurn } from './in-turn';
import { nameTaken } from './key-names';
import type { KeyDocument } from './key-vault';
import type { KeyWork } from './key-work';
import { isDuplicateKeyError } from './name-index';
import { createDataKey } from './spare-objects';

/** How a data key is made. */
export interface CreateKeyOptions {
  /** The master key that wraps it; by default the one that `dataKeys` gives its name. */
  readonly wrappedBy?: MasterKeyChoice | undefined;
  /** Further names of the key. */
  readonly alsoNamed?: readonly string[] | undefined;
  /** 96 bytes to encrypt with, where they are not to be random. */
  readonly keyMaterial?: Uint8Array | undefined;
}

const OPTIONS = {
  wrappedBy: 'checked elsewhere',
  alsoNamed: 'an array of text',
  keyMaterial: 'checked elsewhere',
} as const satisfies Record<keyof CreateKeyOptions, OptionKind>;

/** Source: the client-side encryption specification, `DataKeyOpts.keyMaterial`. */
const KEY_MATERIAL_BYTES = 96;

/**
 * Makes a data key that has to be new. A name that is taken is noticed before a master key is asked for, which in KMIP may make one.
 *
 * @throws {KeyNameTakenError} where a key has one of the names.
 * @throws {InvalidKmsConfigError} for a master key that is wrong, or not chosen.
 * @throws {InvalidOptionsError} for an option that is unknown or wrong, a name that no key can have, or key material that is not
 * 96 bytes.
 */
export async function makeKey(
  keyAltName: string,
  given: CreateKeyOptions,
  work: KeyWork,
): Promise<KeyDocument> {
  checkOptions(given, 'keyVault.create', OPTIONS);
  const { wrappedBy, alsoNamed = [], keyMaterial } = given;
  const { vault, driver, config } = work;
  const keyAltNames = [...new Set([keyAltName, ...alsoNamed])];
  for (const name of keyAltNames) checkKeyName(name);
  checkKeyMaterial(keyMaterial);
  const choice =
    wrappedBy === undefined
      ? config.masterKeyOf(keyAltName)
      : config.readMasterKey(wrappedBy, 'create.wrappedBy');
  await vault.ensureIndex();
  const options = {
    keyAltNames,
    ...(keyMaterial && { keyMaterial: new driver.BSON.Binary(Buffer.from(keyMaterial)) }),
  };
  const id = await inTurn(`${vault.namespace}/${keyAltName}`, async () => {
    for (const name of keyAltNames) {
      const taken = await findKey(name, vault, driver);
      if (taken !== undefined) throw nameTaken(name, vault.namespace);
    }
    return await insertKey({ choice, options, keyAltName }, work);
  });
  return await requireKey({ id: id.toString() }, vault, driver);
}

interface NewKey {
  readonly choice: MasterKeyChoice;
  readonly options: { readonly keyAltNames: string[]; readonly keyMaterial?: mongo.Binary };
  readonly keyAltName: string;
}

async function insertKey(
  { choice, options, keyAltName }: NewKey,
  work: KeyWork,
): Promise<mongo.UUID> {
  const { vault } = work;
  return await vault.run(`the data key "${keyAltName}" could not be created.`, async () => {
    try {
      return await createDataKey(choice, options, work);
    } catch (error) {
      throw isDuplicateKeyError(error) ? nameTaken(keyAltName, vault.namespace, error) : error;
    }
  });
}

function checkKeyMaterial(keyMaterial: unknown): void {
  if (keyMaterial === undefined) return;
  if (keyMaterial instanceof Uint8Array && keyMaterial.length === KEY_MATERIAL_BYTES) return;
  throw new InvalidOptionsError({
    where: 'create.keyMaterial',
    wrong: `the key material is not ${KEY_MATERIAL_BYTES} bytes.`,
    remedy: 'Give them as a Buffer, or leave the option out for random ones.',
  });
}
