import { InvalidDeclarationError } from '../errors';
import { algorithmNameOf, type Algorithm, type AlgorithmName } from './algorithm';
import {
  describeKeySource,
  frozenKeySource,
  type KeyAltName,
  keySourceFault,
  sameKeySource,
} from './key-source';

/** What a developer writes to have a field encrypted, in `@Encrypted` and in a schema's `encrypted`. */
export interface EncryptedOptions {
  /** `'Deterministic'` allows equality filters and unique indexes; `'Random'` hides which values are equal. */
  readonly algorithm: Algorithm;
  /**
   * The alternate name of the data key that encrypts the field; or how it is found for each document: by a value of the document, or by a
   * function.
   */
  readonly keyAltName: KeyAltName;
  /** Encrypts a subdocument, array, Map or Mixed as one value; needs `'Random'`. */
  readonly whole?: boolean | undefined;
}

declare module 'mongoose' {
  // The names of the type parameters have to be Mongoose's own (types/schematypes.d.ts, 9.0.0 to 9.12.1).
  // eslint-disable-next-line @typescript-eslint/no-unused-vars
  interface SchemaTypeOptions<T, EnforcedDocType, THydratedDocumentType> {
    /** Encrypts the path, once a plugin made by `fieldEncryption` of mongoose-fle is on the schema. */
    encrypted?: EncryptedOptions | undefined;
  }
}

/** A declaration after its checks: how one path is encrypted. */
export interface Declaration {
  readonly algorithm: AlgorithmName;
  readonly keyAltName: KeyAltName;
  readonly whole: boolean;
}

const OPTION_NAMES = ['algorithm', 'keyAltName', 'whole'];
const EXAMPLE = "{ algorithm: 'Random', keyAltName: 'patients' }";
/**
 * The declaration that `value` makes, frozen; `where` names its place in messages, `path` is its path.
 *
 * @throws {InvalidDeclarationError} `value` is not an {@link EncryptedOptions}.
 */
export function parseDeclaration(value: unknown, where: string, path?: string): Declaration {
  const refuse = (wrong: string, remedy: string): never => {
    throw new InvalidDeclarationError({ where, path, wrong, remedy });
  };
  if (!isPlainObject(value)) {
    return refuse('the declaration is not an object.', `Write it as ${EXAMPLE}.`);
  }
  const unknown = Object.keys(value).find((option) => !OPTION_NAMES.includes(option));
  if (unknown !== undefined) {
    return refuse(
      `a declaration has no option "${unknown}".`,
      `Its options are ${OPTION_NAMES.join(', ')}.`,
    );
  }
  const { algorithm, keyAltName, whole } = value;
  const name = algorithmNameOf(algorithm);
  if (name === undefined) {
    const wrong =
      typeof algorithm === 'string'
        ? `"${algorithm}" is not an algorithm.`
        : `an algorithm of type ${typeof algorithm} is none.`;
    return refuse(wrong, "Choose 'Deterministic' or 'Random'.");
  }
  const fault = keySourceFault(keyAltName);
  if (fault !== undefined) {
    const remedy =
      'Give the alternate name of a data key as a string, { pointer, prefix }, or a function that returns it.';
    return refuse(fault, remedy);
  }
  if (whole !== undefined && typeof whole !== 'boolean') {
    return refuse('whole is not a boolean.', 'Give true, or leave it out.');
  }
  return Object.freeze({
    algorithm: name,
    keyAltName: frozenKeySource(keyAltName as KeyAltName),
    whole: whole === true,
  });
}

/** Whether two declarations say the same. */
export function sameDeclaration(one: Declaration, other: Declaration): boolean {
  return (
    one.algorithm === other.algorithm &&
    sameKeySource(one.keyAltName, other.keyAltName) &&
    one.whole === other.whole
  );
}

/** The error of a path with two declarations that differ. */
export function declaredTwice(
  where: string,
  path: string,
  [one, other]: readonly [Declaration, Declaration],
): InvalidDeclarationError {
  return new InvalidDeclarationError({
    where,
    path,
    wrong: `it is declared twice, as ${describeDeclaration(one)} and as ${describeDeclaration(other)}.`,
    remedy: 'Keep one of the two.',
  });
}

function describeDeclaration({ algorithm, keyAltName, whole }: Declaration): string {
  return `${algorithm} under ${describeKeySource(keyAltName)}${whole ? ' as a whole' : ''}`;
}

function isPlainObject(value: unknown): value is Partial<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
