import type { EncryptedField, PlanNode } from '../plan/encryption-plan';
import { fieldsBelow, resolvePath, type PathTarget } from '../plan/resolve-path';

/** Where a path of a command leads. */
export type Target =
  | PathTarget
  /** It has a position where the schema declares no array, and leads to something encrypted without it. */
  | { readonly kind: 'astray'; readonly field: EncryptedField };

const POSITION = /^(?:\d+|\$.*)$/;

/** Where `path` leads below `node`. A position that fits no array does not hide what stands behind it. */
export function targetOf(node: PlanNode, path: string): Target {
  const target = resolvePath(node, path);
  if (target.kind !== 'clear' || !path.includes('.')) return target;
  const segments = path.split('.');
  const named = segments.filter((segment) => !POSITION.test(segment));
  if (named.length === segments.length || named.length === 0) return target;
  const direct = resolvePath(node, named.join('.'));
  const field = fieldOf(direct);
  return field === undefined ? target : { kind: 'astray', field };
}

/** The first encrypted field that `target` touches, or undefined where it is clear. */
export function fieldOf(target: Target): EncryptedField | undefined {
  switch (target.kind) {
    case 'clear':
      return undefined;
    case 'node':
      return fieldsBelow(target.node)[0];
    case 'inside':
    case 'alias':
    case 'astray':
      return target.field;
  }
}

const MISPLACEMENTS = {
  inside: 'the path leads inside a value that is encrypted as one.',
  alias: 'the path was named by its alias, which the database does not know.',
  astray: 'the path has a position where the schema declares no array.',
} as const;

/**
 * What is wrong with a path that leads to no place a command can name, and what to do: `remedy`, but for an alias, where naming the path
 * is all that is needed.
 */
export function misplacementOf(
  { kind, field }: Extract<Target, { field: EncryptedField }>,
  remedy: string,
): { path: string; wrong: string; remedy: string } {
  const rename = 'Name the path itself, as the schema does.';
  return {
    path: field.path,
    wrong: MISPLACEMENTS[kind],
    remedy: kind === 'alias' ? rename : remedy,
  };
}
