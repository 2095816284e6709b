import { InvalidDeclarationError } from '../errors';
import type { EncryptedField, ObjectNode } from './encryption-plan';
import { placeFacts, type PlanPlace } from './plan-place';
import { fieldsTouched } from './resolve-path';

/** The names that fields may have their keys by: fixed ones, and what those begin with that documents name. */
export interface DeclaredNames {
  readonly names: readonly string[];
  readonly prefixes: readonly string[];
  /** Whether functions name keys: what they will be called is not known. */
  readonly byFunction: boolean;
}

/** The names under which the keys of `fields` are found. */
export function declaredNamesOf(fields: readonly EncryptedField[]): DeclaredNames {
  const rules = fields.map(({ keyAltName }) => keyAltName);
  const pointers = rules.filter((rule) => typeof rule === 'object' && rule.kind === 'pointer');
  return {
    names: [...new Set(rules.filter((rule) => typeof rule === 'string'))],
    prefixes: [...new Set(pointers.map(({ prefix }) => prefix))],
    byFunction: rules.some((rule) => typeof rule === 'object' && rule.kind === 'function'),
  };
}

/** Two of the names that one document could take for another's, as a sentence; undefined where there are none. */
export function nameCollision({ names, prefixes }: DeclaredNames): string | undefined {
  for (const prefix of prefixes) {
    const taken = names.find((name) => name.startsWith(prefix));
    if (taken !== undefined) return `the key name "${taken}" begins with the prefix "${prefix}".`;
    const longer = prefixes.find((other) => other !== prefix && other.startsWith(prefix));
    if (longer !== undefined) return `the prefix "${longer}" begins with the prefix "${prefix}".`;
  }
  return undefined;
}

/**
 * Checks the key names of a plan's fields.
 *
 * @throws {InvalidDeclarationError} where a document could name a key that is not its own, or a key is named by an encrypted value.
 */
export function checkKeys(
  fields: readonly EncryptedField[],
  root: ObjectNode,
  place: PlanPlace,
): void {
  for (const field of fields) {
    const { keyAltName: rule, path } = field;
    if (typeof rule === 'string' || rule.kind === 'function' || !place.isModel) continue;
    if (fieldsTouched(root, rule.path).length === 0) continue;
    throw new InvalidDeclarationError({
      ...placeFacts({ ...place, path }),
      wrong: `its key pointer leads to "${rule.path}", which is encrypted.`,
      remedy: 'Point to a path that stays clear: the key has to be known before anything is read.',
    });
  }
  const collision = nameCollision(declaredNamesOf(fields));
  if (collision === undefined) return;
  throw new InvalidDeclarationError({
    model: place.isModel ? place.name : undefined,
    where: place.name,
    wrong: collision,
    remedy: 'Choose names and prefixes of which none begins another, such as "tenant:".',
  });
}
