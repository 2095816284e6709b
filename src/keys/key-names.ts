import { KeyNameTakenError } from '../errors';
import { checkKeyName } from './check-key-name';
import { type KeySelector, requireKey } from './find-key';
import { type UseGuard, refuseUsed } from './key-use';
import type { KeyDocument } from './key-vault';
import type { KeyWork } from './key-work';
import { isDuplicateKeyError } from './name-index';

/**
 * Gives a data key one more name.
 *
 * @throws {KeyNameTakenError} where another key has it.
 */
export async function addName(
  selector: KeySelector,
  keyAltName: string,
  { vault, driver }: KeyWork,
): Promise<KeyDocument> {
  checkKeyName(keyAltName);
  await vault.ensureIndex();
  const { _id } = await requireKey(selector, vault, driver);
  const changed = await vault.run('the name could not be added.', async (keys) => {
    try {
      return await keys.findOneAndUpdate(
        { _id },
        { $addToSet: { keyAltNames: keyAltName } },
        { returnDocument: 'after' },
      );
    } catch (error) {
      throw isDuplicateKeyError(error) ? nameTaken(keyAltName, vault.namespace, error) : error;
    }
  });
  return changed ?? (await requireKey(selector, vault, driver));
}

/**
 * Takes a name from a data key. Without any, the key has no field `keyAltNames`, as the unique index wants it.
 *
 * @throws {KeyInUseError} where fields use the name.
 */
export async function removeName(
  selector: KeySelector,
  keyAltName: string,
  { vault, driver, usesOf, guard }: KeyWork & { readonly guard: UseGuard },
): Promise<KeyDocument> {
  const { _id } = await requireKey(selector, vault, driver);
  refuseUsed(`"${keyAltName}"`, usesOf(keyAltName), guard);
  const name = { $literal: keyAltName };
  const others = { $filter: { input: '$keyAltNames', cond: { $ne: ['$$this', name] } } };
  const isLast = { $eq: ['$keyAltNames', [name]] };
  await vault.change('the name could not be removed.', (keys) =>
    keys.updateOne({ _id, keyAltNames: keyAltName }, [
      { $set: { keyAltNames: { $cond: [isLast, '$$REMOVE', others] } } },
    ]),
  );
  return await requireKey({ id: _id.toString() }, vault, driver);
}

/** The error of a name that was to be given to a key, and that another has. */
export function nameTaken(
  keyAltName: string,
  namespace: string,
  cause?: unknown,
): KeyNameTakenError {
  return new KeyNameTakenError({
    where: namespace,
    wrong: `a data key is named "${keyAltName}" already.`,
    remedy: 'Choose another name, or take this one from that key with removeName.',
    keyAltName,
    cause,
  });
}
