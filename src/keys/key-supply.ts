import { type FleError, KeyNotFoundError } from '../errors';
import type { EncryptPurpose } from '../codec/value-cipher';
import { type FetchAll, coalesce } from './coalesce';
import type { Creation } from './create-keys';
import type { CreateMissingKeys } from './key-config';
import { type KeyRef, nameOf, uuidOf } from './key-ref';
import type { KeyDocument, KeyVault } from './key-vault';

/** Loads keys into a cipher's memory. A key that could not be loaded has an entry: why. */
export type LoadKeys = (refs: readonly KeyRef[]) => Promise<ReadonlyMap<KeyRef, unknown>>;

/** Where the ciphers have their data keys from. */
export interface KeySupply {
  /** Looks keys up, once for concurrent callers; a key that has none is a `KeyNotFoundError` or a `DuplicateKeyNameError`. */
  readonly find: FetchAll<KeyRef, KeyDocument | FleError>;
  /**
   * Loads keys by `load`; for a write it creates those that are missing and may be created. What it resolves to is what `load`
   * resolves to at last.
   */
  readonly provide: (
    refs: readonly KeyRef[],
    purpose: EncryptPurpose,
    load: LoadKeys,
  ) => Promise<ReadonlyMap<KeyRef, unknown>>;
}

/** What a supply stands on. */
export interface SupplyOptions {
  readonly vault: KeyVault;
  readonly createKeys: FetchAll<string, Creation | undefined>;
  readonly createMissingKeys: CreateMissingKeys;
  /** The names that schemas declare; it may grow. */
  readonly declared: ReadonlySet<string>;
}

/** The supply of data keys from a vault. It remembers nothing: loaded keys are in the memory of the ciphers, for a time. */
export function supplyKeys(options: SupplyOptions): KeySupply {
  const { vault, createKeys } = options;
  const find = coalesce<KeyRef, KeyDocument | FleError>(async (refs) => {
    const found = await vault.find(refs);
    return new Map(refs.map((ref) => [ref, found.get(ref) ?? keyNotFound(ref, options)]));
  });
  return {
    find: async (refs) => (await find(refs)) as Map<KeyRef, KeyDocument | FleError>,
    provide: async (refs, purpose, load) => {
      const failures = await load(refs);
      if (purpose !== 'write') return failures;
      const missing = [...failures.keys()].filter(
        (ref) => failures.get(ref) instanceof KeyNotFoundError && mayCreate(ref, options),
      );
      if (missing.length === 0) return failures;
      await createKeys(missing.map(nameOf).filter((name) => name !== undefined));
      const others = [...failures].filter(([ref]) => !missing.includes(ref));
      return new Map([...others, ...(await loadCreated(missing, load))]);
    },
  };
}

/** How often keys that exist are looked for again: their look-up is shared, and so is that of their document. */
const LOOKS_AGAIN = 2;

/** Loads keys that exist by now. A look-up that is shared may have begun before they did: then they are looked for again. */
async function loadCreated(
  refs: readonly KeyRef[],
  load: LoadKeys,
): Promise<ReadonlyMap<KeyRef, unknown>> {
  const failures = new Map(await load(refs));
  for (let look = 0; look < LOOKS_AGAIN; look += 1) {
    const unseen = refs.filter((ref) => failures.get(ref) instanceof KeyNotFoundError);
    if (unseen.length === 0) break;
    for (const ref of unseen) failures.delete(ref);
    for (const [ref, failure] of await load(unseen)) failures.set(ref, failure);
  }
  return failures;
}

function mayCreate(ref: KeyRef, { createMissingKeys, declared }: SupplyOptions): boolean {
  const name = nameOf(ref);
  if (name === undefined || createMissingKeys === false) return false;
  return createMissingKeys === 'all' || declared.has(name);
}

function keyNotFound(ref: KeyRef, options: SupplyOptions): KeyNotFoundError {
  const where = options.vault.namespace;
  const keyAltName = nameOf(ref);
  const keyId = uuidOf(ref);
  if (keyAltName === undefined) {
    return new KeyNotFoundError({
      where,
      wrong: `no data key has the identifier ${keyId ?? ''}.`,
      remedy: 'Restore the key from a backup, or set keyVaultNamespace to the vault that holds it.',
      keyId,
    });
  }
  return new KeyNotFoundError({
    where,
    wrong: `no data key is named "${keyAltName}".`,
    remedy: remedyFor(keyAltName, options),
    keyAltName,
  });
}

function remedyFor(name: string, { createMissingKeys, declared }: SupplyOptions): string {
  if (declared.has(name))
    return 'Create it with `npx mongoose-fle bootstrap`, or fle.bootstrapKeys(connection).';
  if (createMissingKeys === 'all') return 'The first write under this name creates it.';
  return `No schema declares this name: create the key with \`npx mongoose-fle keys create ${inShell(name)}\`, or set createMissingKeys to "all".`;
}

/** A name as a shell takes it. Who uses an application may have made up what a shell would obey: then it is not written into a command. */
function inShell(name: string): string {
  return /^\w[\w:.@-]*$/.test(name) ? name : 'NAME';
}
