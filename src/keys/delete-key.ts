import { KeyVaultUnavailableError } from '../errors';
import { type KeySelector, requireKey } from './find-key';
import { type UseGuard, refuseUsed } from './key-use';
import type { KeyWork } from './key-work';
import { type VaultKey, labelOf, vaultKeyOf } from './vault-key';

const MAX_ATTEMPTS = 5;

/**
 * Deletes a data key. What was encrypted under it can then be read no more, by anybody.
 *
 * @returns the key that was.
 * @throws {KeyInUseError} where fields use it.
 */
export async function deleteKey(
  selector: KeySelector,
  guard: UseGuard,
  { vault, driver, usesOf }: KeyWork,
): Promise<VaultKey> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const key = await requireKey(selector, vault, driver);
    const shown = vaultKeyOf(key, usesOf);
    refuseUsed(labelOf(shown), shown.usedBy, guard);
    // Only under the names that were looked at: one that has come since may be in use.
    const keyAltNames = key.keyAltNames ?? { $exists: false };
    const { deletedCount } = await vault.change('the data key could not be deleted.', (keys) =>
      keys.deleteOne({ _id: key._id, keyAltNames }),
    );
    if (deletedCount > 0) return shown;
  }
  throw new KeyVaultUnavailableError({
    where: vault.namespace,
    wrong: 'the data key could not be deleted, since its names change all the time.',
    remedy: 'Try again when nothing else changes them.',
  });
}
