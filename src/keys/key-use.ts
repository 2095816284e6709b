import { KeyInUseError } from '../errors';
import { type OptionKind, checkOptions } from './check-options';

/** A field of a model that is encrypted under a data key, or may be. */
export interface KeyUse {
  readonly model: string;
  readonly path: string;
}

/** Which fields use the data key of a name. */
export type UsesOf = (keyAltName: string) => readonly KeyUse[];

/** By what the guard of keys that are in use steps aside. */
export interface UseGuard {
  /** Do it although fields of models use the key. */
  readonly evenIfUsed?: boolean | undefined;
}

const OPTIONS = { evenIfUsed: 'true or false' } as const satisfies Record<
  keyof UseGuard,
  OptionKind
>;

/**
 * Refuses a guard that is none, before anything is done.
 *
 * @param where The method, as its user writes it.
 * @throws {InvalidOptionsError}
 */
export function checkGuard(guard: unknown, where: string): void {
  checkOptions(guard, where, OPTIONS);
}

/**
 * Refuses to take a key away from the fields that use it, unless `guard` says otherwise.
 *
 * @param label The key, as messages call it.
 * @throws {KeyInUseError}
 */
export function refuseUsed(label: string, uses: readonly KeyUse[], guard: UseGuard): void {
  const [use, ...others] = uses;
  if (use === undefined || guard.evenIfUsed === true) return;
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  throw new KeyInUseError({
    wrong: `the data key ${label} is used by ${use.model}.${use.path}${more}.`,
    remedy:
      'To give up what is stored under it, say { evenIfUsed: true }, or --even-if-used on the command line.',
    where: 'keyVault',
    model: use.model,
    path: use.path,
  });
}
