import { type OptionKind, checkOptions } from './check-options';
import type { FetchAll } from './coalesce';
import type { Creation } from './create-keys';
import { type KeyVault, nameIsShared } from './key-vault';
import { namesAreShared, sharedNames } from './name-index';

/** What `bootstrapKeys` found and did, by the names of keys. */
export interface BootstrapReport {
  /** Names of keys that were created; in a dry run, those that would be. */
  readonly created: string[];
  readonly existing: string[];
  /** Names of keys of the vault that no schema names. They are not in `existing`. */
  readonly unused: string[];
}

/** How data keys are bootstrapped. */
export interface BootstrapOptions {
  /** Write nothing, neither keys nor the index, and report what would be created. */
  readonly dryRun?: boolean | undefined;
  /** Ends the work after the ten keys at most that are under way; it then rejects with the signal's reason. What was created stays. */
  readonly signal?: AbortSignal | undefined;
}

const OPTIONS = { dryRun: 'true or false', signal: 'an AbortSignal' } as const satisfies Record<
  keyof BootstrapOptions,
  OptionKind
>;

/** What a bootstrap needs. */
export interface Bootstrapper {
  readonly vault: KeyVault;
  readonly createKeys: FetchAll<string, Creation | undefined>;
}

/** How many keys are asked for at once. */
const AT_ONCE = 10;

/**
 * Creates the data keys that are named and missing, after it has made sure of the unique index on their names.
 *
 * @throws {InvalidOptionsError} for an unknown option, or one of the wrong kind.
 * @throws {DuplicateKeyNameError} where the vault holds two keys of one of the names.
 * @throws {KeyVaultIndexError} where the index on their names is another than it has to be.
 * @throws {KeyVaultUnavailableError} where the key vault cannot be read or written.
 */
export async function bootstrapKeys(
  keyAltNames: readonly string[],
  { vault, createKeys }: Bootstrapper,
  options: BootstrapOptions = {},
): Promise<BootstrapReport> {
  checkOptions(options, 'bootstrapKeys', OPTIONS);
  const { dryRun = false, signal } = options;
  signal?.throwIfAborted();
  const wanted = new Set(keyAltNames);
  const isIndexed = dryRun ? await vault.hasIndex() : await vault.ensureIndex();
  const keys = await vault.names();
  refuseShared(keys, { wanted, isIndexed, namespace: vault.namespace });
  const present = new Set(keys.flat());
  const missing = [...wanted].filter((name) => !present.has(name));
  const created = new Set<string>(dryRun ? missing : []);
  for (let start = 0; !dryRun && start < missing.length; start += AT_ONCE) {
    signal?.throwIfAborted();
    const creations = await createKeys(missing.slice(start, start + AT_ONCE));
    creations.forEach((creation, name) => {
      if (creation === 'created') created.add(name);
    });
  }
  const unused = keys.filter((names) => !names.some((name) => wanted.has(name))).flat();
  return {
    created: [...wanted].filter((name) => created.has(name)),
    existing: [...wanted].filter((name) => !created.has(name)),
    unused: unused.sort(),
  };
}

interface Names {
  readonly wanted: ReadonlySet<string>;
  readonly isIndexed: boolean;
  readonly namespace: string;
}

/** Without the index, no name may be shared; with it, none can be, and one that is all the same matters where it is wanted. */
function refuseShared(
  keys: readonly (readonly string[])[],
  { wanted, isIndexed, namespace }: Names,
): void {
  const shared = sharedNames(keys);
  if (shared.length > 0 && !isIndexed) throw namesAreShared(shared, namespace);
  const name = shared.find((each) => wanted.has(each));
  if (name !== undefined) throw nameIsShared(name, namespace);
}
