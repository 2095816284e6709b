import { deleteKey } from './delete-key';
import { type KeySelector, findKey } from './find-key';
import type { Gate } from './gate';
import { addName, removeName } from './key-names';
import { type UseGuard, checkGuard } from './key-use';
import type { KeyDocument } from './key-vault';
import type { KeyWork } from './key-work';
import { type CreateKeyOptions, makeKey } from './make-key';
import { type RewrapOptions, type RewrapReport, rewrapKeys } from './rewrap-keys';
import { type VaultKey, vaultKeyOf } from './vault-key';

/**
 * The data keys of a connection's key vault, and what is done with them through their lives. Everything that is done here takes
 * effect in the whole process at once; other processes keep keys in memory for `keyExpirationMS`. Frozen.
 *
 * All methods reject with a `KeyVaultUnavailableError` where the key vault cannot be read or written, and with an
 * `InvalidOptionsError` for an option that is unknown or of the wrong kind, and for a name that no key can have: one that is empty, holds
 * NUL, or is longer than 500 bytes.
 */
export interface KeyVaultHandle {
  /** Where it is, as `database.collection`. */
  readonly namespace: string;

  /** All data keys, the oldest first. */
  list(): Promise<readonly VaultKey[]>;

  /**
   * The data key of a name, or of an identifier; undefined where there is none.
   *
   * @throws {DuplicateKeyNameError} for a name that two keys have.
   */
  find(key: KeySelector): Promise<VaultKey | undefined>;

  /**
   * Makes a data key.
   *
   * @throws {KeyNameTakenError} where a key has one of the names.
   * @throws {InvalidKmsConfigError} for a master key that is wrong, or not chosen.
   */
  create(keyAltName: string, options?: CreateKeyOptions): Promise<VaultKey>;

  /**
   * Gives a data key one more name.
   *
   * @throws {KeyNotFoundError}
   * @throws {KeyNameTakenError} where another key has it.
   */
  addName(key: KeySelector, keyAltName: string): Promise<VaultKey>;

  /**
   * Takes a name from a data key.
   *
   * @throws {KeyNotFoundError}
   * @throws {KeyInUseError} where fields of the process's models name it, unless `evenIfUsed` is said.
   */
  removeName(key: KeySelector, keyAltName: string, guard?: UseGuard): Promise<VaultKey>;

  /**
   * Wraps data keys under another master key, of the same provider or another. The data keys stay what they are, so that no stored
   * value changes. Keys that the master key wraps already are left alone, so that what was interrupted goes on by being called again.
   *
   * @throws {InvalidKmsConfigError} for a master key that is wrong, or not chosen, and for a provider that is not configured.
   * @throws {KeyNotFoundError} for a name in `keyAltNames` that no key has.
   * @throws {RewrapFailedError} where keys could not be re-wrapped; the others are.
   */
  rewrap(options?: RewrapOptions): Promise<RewrapReport>;

  /**
   * Deletes a data key. What was encrypted under it can be read no more, wherever it is stored: that is how the data of a tenant or a
   * person is shredded. It resolves to the key that was.
   *
   * @throws {KeyNotFoundError}
   * @throws {KeyInUseError} where fields of the process's models name it, unless `evenIfUsed` is said.
   */
  delete(key: KeySelector, guard?: UseGuard): Promise<VaultKey>;

  /** Forgets all data keys of this vault that the process has in memory. */
  flush(): void;
}

/** The handle of a vault; every operation passes `gate`. */
export function openKeyVaultHandle(work: KeyWork, { pass }: Gate): KeyVaultHandle {
  const { vault, driver, usesOf } = work;
  const show = (key: KeyDocument): VaultKey => vaultKeyOf(key, usesOf);
  return Object.freeze({
    namespace: vault.namespace,
    list: () =>
      pass(async () => {
        const keys = await vault.run('the key vault could not be read.', (stored) =>
          stored.find({}).sort({ creationDate: 1, _id: 1 }).toArray(),
        );
        return keys.map(show);
      }),
    find: (key) =>
      pass(async () => {
        const found = await findKey(key, vault, driver);
        return found && show(found);
      }),
    create: (keyAltName, options = {}) =>
      pass(async () => show(await makeKey(keyAltName, options, work))),
    addName: (key, keyAltName) => pass(async () => show(await addName(key, keyAltName, work))),
    removeName: (key, keyAltName, guard = {}) =>
      pass(async () => {
        checkGuard(guard, 'keyVault.removeName');
        return show(await removeName(key, keyAltName, { ...work, guard }));
      }),
    rewrap: (options = {}) => pass(() => rewrapKeys(options, work)),
    delete: (key, guard = {}) =>
      pass(async () => {
        checkGuard(guard, 'keyVault.delete');
        return await deleteKey(key, guard, work);
      }),
    flush: vault.changed,
  } satisfies KeyVaultHandle);
}
