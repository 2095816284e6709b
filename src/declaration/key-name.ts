/** How many bytes of UTF-8 a key name may have: names are indexed in the key vault. */
export const MAX_KEY_NAME_BYTES = 500;

/**
 * What is wrong with `name` as the name of a data key, as a sentence; undefined where nothing is.
 *
 * libmongocrypt reads a name only up to its first NUL, and a lone surrogate is stored as U+FFFD: either would make two names one,
 * and so one tenant's key another's.
 */
export function keyNameFault(name: unknown): string | undefined {
  if (typeof name !== 'string') return 'keyAltName is not a string.';
  if (name === '') return 'keyAltName is empty.';
  if (name.includes('\0')) return 'keyAltName holds a NUL character.';
  if (/\p{Surrogate}/u.test(name)) return 'keyAltName is not well-formed Unicode.';
  if (Buffer.byteLength(name) > MAX_KEY_NAME_BYTES) {
    return `keyAltName is longer than ${MAX_KEY_NAME_BYTES} bytes of UTF-8.`;
  }
  return undefined;
}
