import { InvalidKmsConfigError } from '../../errors';
import { isRecord, kindOf } from '../kind-of';

/** A field of a provider's credentials or of a master key. */
export interface Field {
  readonly required: boolean;
  /** What to give, as a sentence. */
  readonly remedy: string;
  /** What is wrong with a value that is there, as a sentence that does not show it; undefined where nothing is. */
  readonly faultOf: (value: unknown) => string | undefined;
  /** What is kept of a value without fault; by default the value. */
  readonly read?: (value: unknown) => unknown;
}

/** The fields that something may have, by their names. */
export type FieldTable = Readonly<Record<string, Field>>;

/** The fields that were given and read. */
export type ReadFields = Readonly<Record<string, unknown>>;

/** Text that is needed; `what` says what it is, as in "the access key ID". */
export function text(what: string): Field {
  return { required: true, remedy: `Give ${what} as text.`, faultOf: textFault };
}

/** A host, with a port where it is not the usual one, that is needed. */
export function endpoint(what: string, faultOf: Field['faultOf'] = dottedFault): Field {
  return { required: true, remedy: `Give ${what} as "host" or "host:port".`, faultOf };
}

/** `field`, where it may be left out. */
export function optional(field: Field): Field {
  return { ...field, required: false };
}

/** true or false, or nothing. */
export const FLAG: Field = {
  required: false,
  remedy: 'Give true or false.',
  faultOf: (value) =>
    typeof value === 'boolean' ? undefined : `the value is ${kindOf(value)}, not true or false.`,
};

/**
 * Reads what was given for `table`, and copies nothing else.
 *
 * @param where The name of the whole, such as `kmsProviders.aws`.
 * @throws {InvalidKmsConfigError} for a field that is unknown, missing or wrong. It names the field, never its value.
 */
export function readFields(given: object, table: FieldTable, where: string): ReadFields {
  const stray = Object.keys(given).find((name) => !Object.hasOwn(table, name));
  if (stray !== undefined) {
    throw new InvalidKmsConfigError({
      where: `${where}.${stray}`,
      wrong: 'there is no such field.',
      remedy: remedyOfStray(Object.keys(table)),
    });
  }
  const values = given as Readonly<Record<string, unknown>>;
  const entries = Object.entries(table).map(([name, field]) => {
    const value = values[name];
    const fault = faultOfField(field, value, Object.hasOwn(given, name));
    if (fault !== undefined) {
      throw new InvalidKmsConfigError({
        where: `${where}.${name}`,
        wrong: fault,
        remedy: field.remedy,
      });
    }
    return [name, value === undefined ? undefined : (field.read?.(value) ?? value)] as const;
  });
  return Object.freeze(Object.fromEntries(entries.filter(([, value]) => value !== undefined)));
}

/** `given`, where it is an object; undefined stays. */
export function checkedObject(given: unknown, where: string): object | undefined {
  if (given === undefined) return undefined;
  if (isRecord(given)) return given;
  throw new InvalidKmsConfigError({
    where,
    wrong: `the value is ${kindOf(given)}, not an object.`,
    remedy: 'Give it as the documentation of keys shows, or leave it out.',
  });
}

function faultOfField(field: Field, value: unknown, isGiven: boolean): string | undefined {
  if (value !== undefined) return field.faultOf(value);
  if (!field.required) return undefined;
  return isGiven
    ? 'the value is undefined, as that of an unset environment variable is.'
    : 'the field is missing.';
}

function remedyOfStray(names: readonly string[]): string {
  if (names.length === 1) return `The only field is "${names.join()}".`;
  return `The fields are ${names.join(', ')}.`;
}

function textFault(value: unknown): string | undefined {
  if (typeof value !== 'string') return `the value is ${kindOf(value)}, not text.`;
  if (value === '') return 'the text is empty.';
  return /^\s|\s$|\0/.test(value)
    ? 'the text begins or ends with white space, or holds a NUL.'
    : undefined;
}

/** What is wrong with the name of a host, and perhaps a port; the host may be a single word, as `localhost` is. */
export function endpointFault(value: unknown): string | undefined {
  if (typeof value !== 'string') return textFault(value);
  if (!/^[A-Za-z0-9._-]+(?::\d{1,5})?$/.test(value)) {
    return 'the value is neither "host" nor "host:port".';
  }
  const port = Number(value.split(':')[1] ?? 443);
  return port < 1 || port > 65_535 ? 'the port is not between 1 and 65535.' : undefined;
}

/** libmongocrypt wants a dot in the host of most providers. Source: mongocrypt-endpoint.c of libmongocrypt 1.20. */
function dottedFault(value: unknown): string | undefined {
  const fault = endpointFault(value);
  if (fault !== undefined) return fault;
  return String(value).includes('.') ? undefined : 'the host has no dot in it.';
}
