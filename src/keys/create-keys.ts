import { setTimeout as pause } from 'node:timers/promises';
import type { mongo } from 'mongoose';
import { KeyVaultUnavailableError } from '../errors';
import { type FetchAll, coalesce } from './coalesce';
import type { MasterKeyChoice } from './data-keys';
import { inTurn } from './in-turn';
import type { KeyConfig } from './key-config';
import { keyNamed } from './key-ref';
import { type KeyVault, guardVault } from './key-vault';
import { makesKmipObject } from './kmip-object';
import { isDuplicateKeyError } from './name-index';
import { createDataKey } from './spare-objects';

/** Whether a data key was made here, or by somebody else in the meantime. */
export type Creation = 'created' | 'existing';

/** What data keys are created with. */
export interface KeyMaker {
  readonly vault: KeyVault;
  readonly config: KeyConfig;
  readonly clientEncryption: mongo.ClientEncryption;
}

const MAX_LOOKS = 7;
const FIRST_PAUSE_MS = 25;

/**
 * Creates data keys that a look-up did not find, safe between processes and shared by concurrent callers. Every name has an entry
 * in the answer, and every key can be read when it resolves.
 */
export function createKeysWith(maker: KeyMaker): FetchAll<string, Creation | undefined> {
  return coalesce(async (names) => {
    for (const name of names) maker.config.masterKeyOf(name); // a name without one spoils all, before any is made
    await maker.vault.ensureIndex();
    const creations = new Map<string, Creation>();
    for (const name of names) creations.set(name, await createKey(name, maker));
    return creations;
  });
}

async function createKey(name: string, maker: KeyMaker): Promise<Creation> {
  const { vault, config } = maker;
  const { namespace } = vault;
  const choice = config.masterKeyOf(name);
  const wrong = `the data key "${name}" could not be created.`;
  return await guardVault({ namespace, wrong }, async () => {
    if (!makesKmipObject(choice)) return await createUnder(choice, name, maker);
    // The object is made before it is seen that somebody else was sooner: so it is looked for first, and only by one at a time.
    return await inTurn(`${namespace}/${name}`, async () =>
      (await vault.find([keyNamed(name)])).size > 0
        ? 'existing'
        : await createUnder(choice, name, maker),
    );
  });
}

async function createUnder(
  choice: MasterKeyChoice,
  name: string,
  maker: KeyMaker,
): Promise<Creation> {
  try {
    await createDataKey(choice, { keyAltNames: [name] }, maker);
    return 'created';
  } catch (error) {
    if (!isDuplicateKeyError(error)) throw error;
    await untilReadable(name, maker.vault);
    return 'existing';
  }
}

/** The winner's key need not have reached a majority of the servers yet, and only what has can be read. */
async function untilReadable(name: string, vault: KeyVault): Promise<void> {
  const ref = keyNamed(name);
  for (let look = 0; look < MAX_LOOKS; look += 1) {
    if ((await vault.find([ref])).has(ref)) return;
    await pause(FIRST_PAUSE_MS * 2 ** look);
  }
  throw new KeyVaultUnavailableError({
    where: vault.namespace,
    wrong: `the data key "${name}" exists, and cannot be read.`,
    remedy: 'Try again when the servers of the replica set can reach each other.',
    keyAltName: name,
  });
}
