import type { FetchAll } from './coalesce';
import type { Creation } from './create-keys';
import { type KeyVault, nameIsShared } from './key-vault';

/** What `bootstrapKeys` found and did, by the names of keys. */
export interface BootstrapReport {
  readonly created: string[];
  readonly existing: string[];
  /** Names of keys of the vault that no schema names. They are not in `existing`. */
  readonly unused: string[];
}

/** What a bootstrap needs. */
export interface Bootstrapper {
  readonly vault: KeyVault;
  readonly createKeys: FetchAll<string, Creation | undefined>;
}

/**
 * Creates the data keys that are named and missing, after it has made sure of the unique index on their names.
 *
 * @throws {DuplicateKeyNameError} where the vault holds two keys of one of the names.
 * @throws {KeyVaultUnavailableError} where the key vault cannot be read or written.
 */
export async function bootstrapKeys(
  keyAltNames: readonly string[],
  { vault, createKeys }: Bootstrapper,
): Promise<BootstrapReport> {
  const wanted = new Set(keyAltNames);
  await vault.ensureIndex();
  const keys = await vault.names();
  const present = new Set<string>();
  for (const name of keys.flat()) {
    if (wanted.has(name) && present.has(name)) throw nameIsShared(name, vault.namespace);
    present.add(name);
  }
  const creations = await createKeys([...wanted].filter((name) => !present.has(name)));
  const unused = keys.filter((names) => !names.some((name) => wanted.has(name))).flat();
  return {
    created: [...wanted].filter((name) => creations.get(name) === 'created'),
    existing: [...wanted].filter((name) => creations.get(name) !== 'created'),
    unused: unused.sort(),
  };
}
