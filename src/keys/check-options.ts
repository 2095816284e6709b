import { InvalidOptionsError } from '../errors';
import { kindOf } from './kind-of';

/** What the value of an option is to be; `checked elsewhere` where whoever reads it says what is wrong. */
export type OptionKind =
  | 'true or false'
  | 'text'
  | 'an array of text'
  | 'a function'
  | 'an AbortSignal'
  | 'checked elsewhere';

const FITS: Readonly<Record<OptionKind, (value: unknown) => boolean>> = {
  'true or false': (value) => typeof value === 'boolean',
  text: (value) => typeof value === 'string',
  'an array of text': (value) =>
    Array.isArray(value) && value.every((one) => typeof one === 'string'),
  'a function': (value) => typeof value === 'function',
  'an AbortSignal': (value) =>
    typeof (value as Partial<AbortSignal> | null)?.throwIfAborted === 'function',
  'checked elsewhere': () => true,
};

/**
 * Refuses options that are not those of `table`: a misspelt `dryRun` must not let keys be changed.
 *
 * @param where The method, as its user writes it.
 * @throws {InvalidOptionsError} for an unknown option, or one of the wrong kind. It names the option, never its value.
 */
export function checkOptions(
  given: unknown,
  where: string,
  table: Readonly<Record<string, OptionKind>>,
): void {
  const remedy = `The options are ${Object.keys(table).sort().join(', ')}.`;
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    const wrong = `the options are ${kindOf(given)}, not an object.`;
    throw new InvalidOptionsError({ where, wrong, remedy });
  }
  for (const [name, value] of Object.entries(given)) {
    const kind = Object.hasOwn(table, name) ? table[name] : undefined;
    if (kind === undefined) {
      const wrong = `${JSON.stringify(name)} is not an option.`;
      throw new InvalidOptionsError({ where, wrong, remedy });
    }
    if (value === undefined || FITS[kind](value)) continue;
    throw new InvalidOptionsError({
      where: `${where}.${name}`,
      wrong: `the value is ${kindOf(value)}, not ${kind}.`,
      remedy: 'Correct it, or leave it out.',
    });
  }
}
