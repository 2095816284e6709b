import type { DecryptScope } from '../codec/decrypt-documents';
import { InvalidOptionsError } from '../errors';

/** How what is stored is read where it is not as it should be. */
export type ReadPolicy = Pick<DecryptScope, 'plaintext' | 'undecryptable'>;

/** The options of a handle, or of one call of its plugin, that say how stored values are read. */
export interface ReadingOptions {
  /**
   * What a declared path may hold in the database besides ciphertext: `error`, the default, refuses to read anything else; `read`
   * passes it on, for a collection that is being encrypted.
   */
  readonly plaintext?: 'error' | 'read' | undefined;
  /**
   * What becomes of a stored value that cannot be decrypted: `error`, the default, fails the read; `mark` puts an `Undecryptable` in
   * its place in lean and aggregate results, and leaves it out of documents, where `fle.undecryptable(document)` tells its path. What
   * is no ciphertext at all fails the read in any case.
   */
  readonly undecryptable?: 'error' | 'mark' | undefined;
}

/** The names of `ReadingOptions`. */
export const READING_OPTIONS = ['plaintext', 'undecryptable'] as const;

const STRICT: ReadPolicy = { plaintext: 'error', undecryptable: 'error' };

/**
 * What `options` say, and `otherwise` where they say nothing; `where` names who was given them.
 *
 * @throws {InvalidOptionsError} for a value that is none of the choices.
 */
export function readPolicyOf(
  options: ReadingOptions,
  where: string,
  otherwise: ReadPolicy = STRICT,
): ReadPolicy {
  return {
    plaintext: choiceOf('plaintext', ['error', 'read'], { options, where, otherwise }),
    undecryptable: choiceOf('undecryptable', ['error', 'mark'], { options, where, otherwise }),
  };
}

interface Choosing {
  readonly options: ReadingOptions;
  readonly where: string;
  readonly otherwise: ReadPolicy;
}

function choiceOf<K extends keyof ReadPolicy>(
  option: K,
  choices: readonly [ReadPolicy[K], ReadPolicy[K]],
  { options, where, otherwise }: Choosing,
): ReadPolicy[K] {
  const given: unknown = options[option];
  if (given === undefined) return otherwise[option];
  const chosen = choices.find((choice) => choice === given);
  if (chosen !== undefined) return chosen;
  throw new InvalidOptionsError({
    where,
    wrong: `the option ${option} is neither '${choices[0]}' nor '${choices[1]}'.`,
    remedy: `Give '${choices[0]}' or '${choices[1]}', or leave it out.`,
  });
}
