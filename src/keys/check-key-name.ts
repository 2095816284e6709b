import { InvalidOptionsError } from '../errors';
import { keyNameFault } from '../declaration/key-name';

/** How a name of a data key must be, as a sentence. */
export const KEY_NAME_REMEDY = 'Give a text of 1 to 500 bytes without NUL.';

/**
 * Refuses a name that no data key can have.
 *
 * @throws {InvalidOptionsError}
 */
export function checkKeyName(name: unknown): asserts name is string {
  const fault = keyNameFault(name);
  if (fault === undefined) return;
  throw new InvalidOptionsError({ where: 'keyAltName', wrong: fault, remedy: KEY_NAME_REMEDY });
}
