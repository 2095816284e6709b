import type { mongo } from 'mongoose';
import { InvalidOptionsError, KeyNotFoundError } from '../errors';
import { checkKeyName } from './check-key-name';
import { type Driver, type KeyDocument, type KeyVault, nameIsShared } from './key-vault';

/** A data key: by one of its names, or by its identifier as UUID text. */
export type KeySelector = string | { readonly id: string };

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/**
 * The data key that `selector` means, or undefined where there is none.
 *
 * @throws {InvalidOptionsError} for a selector that can mean no key.
 * @throws {DuplicateKeyNameError} for a name that two keys have.
 * @throws {KeyVaultUnavailableError} where the key vault cannot be read.
 */
export async function findKey(
  selector: KeySelector,
  vault: KeyVault,
  driver: Driver,
): Promise<KeyDocument | undefined> {
  const filter = filterOf(selector, driver);
  const [key, other] = await vault.run('the key vault could not be read.', (keys) =>
    keys.find(filter).limit(2).toArray(),
  );
  if (other !== undefined && typeof selector === 'string') {
    throw nameIsShared(selector, vault.namespace);
  }
  return key;
}

/** `findKey` of a key that has to be there: without it, a `KeyNotFoundError`. */
export async function requireKey(
  selector: KeySelector,
  vault: KeyVault,
  driver: Driver,
): Promise<KeyDocument> {
  const key = await findKey(selector, vault, driver);
  if (key !== undefined) return key;
  throw keyNotFound(selector, vault.namespace);
}

/** The error of a data key that is not in the vault `namespace`. */
export function keyNotFound(selector: KeySelector, namespace: string): KeyNotFoundError {
  const remedy =
    'The list of keyVault(connection), or `npx mongoose-fle keys list`, shows those that there are.';
  if (typeof selector === 'string') {
    const wrong = `no data key is named "${selector}".`;
    return new KeyNotFoundError({ where: namespace, wrong, remedy, keyAltName: selector });
  }
  const wrong = `no data key has the identifier ${selector.id}.`;
  return new KeyNotFoundError({ where: namespace, wrong, remedy, keyId: selector.id });
}

function filterOf(selector: KeySelector, driver: Driver): mongo.Filter<KeyDocument> {
  if (typeof selector === 'string') {
    checkKeyName(selector);
    return { keyAltNames: selector };
  }
  const id = (selector as { id?: unknown } | null | undefined)?.id;
  if (typeof id !== 'string' || !UUID.test(id)) {
    throw new InvalidOptionsError({
      where: 'keyVault',
      wrong: 'the key is given neither by its name nor by { id } with a UUID.',
      remedy: 'Give a name as text, or { id } with the id that list() shows.',
    });
  }
  return { _id: new driver.BSON.UUID(id) };
}
