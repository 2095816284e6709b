import { isMap } from '../codec/record-of';
import { UnsupportedUpdateError } from '../errors';
import type { EncryptionPlan, PlanNode } from '../plan/encryption-plan';
import { areRelated, isWhollySelected, type Selection } from './selection';
import { unsavedPaths } from './unsaved-paths';
import { fieldsBelow, resolveSegments } from '../plan/resolve-path';

/** What of a Mongoose document is needed to send a whole value of it. */
export interface SavedDocument {
  toBSON(): Record<string, unknown>;
  get(path: string, type: undefined, options: { readonly getters: false }): unknown;
  increment(): unknown;
  directModifiedPaths(): string[];
  /** Mongoose's own state of the document; the projection it was read with is in it. */
  readonly $__: { readonly selected?: Selection | null };
}

/** The filter and update that `save` makes of what changed in a document. */
export interface Delta {
  readonly filter: unknown;
  readonly update: unknown;
}

type Operations = Record<string, Record<string, unknown>>;

/** What is stored is meant, not what a getter shows. */
const RAW = { getters: false } as const;

/** Operators that replace what stands at a path. */
const ASSIGNING: ReadonlySet<string> = new Set(['$set', '$setOnInsert', '$unset']);

/** Array operators that compare elements, which Random ciphertext does not allow. */
const COMPARING: ReadonlySet<string> = new Set(['$addToSet', '$pull', '$pullAll']);

/**
 * The delta of a document, with every partial change of a value that is encrypted as a whole replaced by an assignment of the whole,
 * and every comparing array operator on Random elements by an assignment of the array. Such a change overwrites what others have
 * changed meanwhile, so it is guarded by the version key: the save fails with a VersionError instead.
 *
 * @throws {UnsupportedUpdateError} where the document was read in part, or carries no version for the guard.
 */
export function assignWholes(delta: Delta, document: SavedDocument, plan: EncryptionPlan): Delta {
  const update = delta.update as Operations;
  const roots = rootsToAssign(update, plan.root);
  if (roots.size === 0) return delta;
  const { $set = {}, $unset = {}, ...kept } = withoutRoots(update, roots);
  const stored = document.toBSON();
  const unsaved = unsavedPaths(document, update);
  for (const root of roots) {
    if (!isWhollySelected(root, document.$__.selected)) throw partlySelected(root, plan);
    if (unsaved.some((path) => areRelated(path, root))) throw partlySaved(root, plan);
    const value = withoutUndefined(valueAt(stored, root)) ?? emptied(root, document);
    if (value === undefined) $unset[root] = 1;
    else $set[root] = value;
  }
  const assigned = withoutEmpty({ ...kept, $set, $unset });
  return guarded({ filter: delta.filter, update: assigned }, document, plan);
}

/** The paths, dotted with array positions, whose whole value must be sent. */
function rootsToAssign(update: Operations, node: PlanNode): Set<string> {
  const roots = new Set<string>();
  for (const [operator, changes] of Object.entries(update)) {
    for (const [path, operand] of Object.entries(changes)) {
      const change = { operator, path, operand };
      const root = wholeAbove(change, node) ?? comparedArray(change, node);
      if (root !== undefined) roots.add(root);
    }
  }
  return roots;
}

/** The path of the encrypted value that is changed in part, where one is: by a path into it, or by an operator on it. */
function wholeAbove({ operator, path }: Change, node: PlanNode): string | undefined {
  const segments = path.split('.');
  const longest = ASSIGNING.has(operator) ? segments.length - 1 : segments.length;
  for (let length = 1; length <= longest; length += 1) {
    const above = segments.slice(0, length);
    const target = resolveSegments(node, above);
    if (target.kind === 'clear') return undefined;
    if (target.kind === 'node' && target.node.kind === 'field') {
      return length < segments.length || target.node.field.whole ? above.join('.') : undefined;
    }
  }
  return undefined;
}

interface Change {
  readonly operator: string;
  readonly path: string;
  readonly operand: unknown;
}

function comparedArray({ operator, path, operand }: Change, node: PlanNode): string | undefined {
  if (!COMPARING.has(operator) || isPullById(operator, operand)) return undefined;
  const target = resolveSegments(node, path.split('.'));
  if (target.kind !== 'node') return undefined;
  const random = fieldsBelow(target.node).some(({ algorithm }) => algorithm === 'Random');
  return random ? path : undefined;
}

/** How Mongoose removes a subdocument from an array: by its `_id`, which is never encrypted. */
function isPullById(operator: string, operand: unknown): boolean {
  if (operator !== '$pull' || typeof operand !== 'object' || operand === null) return false;
  return Object.keys(operand).every((key) => key === '_id');
}

function withoutRoots(update: Operations, roots: ReadonlySet<string>): Operations {
  const kept: Operations = {};
  for (const [operator, changes] of Object.entries(update)) {
    const others = Object.entries(changes).filter(([path]) => !isUnder(path, roots));
    kept[operator] = Object.fromEntries(others);
  }
  return withoutEmpty(kept);
}

function isUnder(path: string, roots: ReadonlySet<string>): boolean {
  for (let end = path.length; end > 0; end = path.lastIndexOf('.', end - 1)) {
    if (roots.has(path.slice(0, end))) return true;
  }
  return false;
}

function withoutEmpty(update: Operations): Operations {
  const filled = Object.entries(update).filter(([, changes]) => Object.keys(changes).length > 0);
  return Object.fromEntries(filled);
}

function valueAt(stored: unknown, path: string): unknown {
  let value = stored;
  for (const segment of path.split('.')) {
    if (isMap(value)) value = value.get(segment);
    else if (typeof value === 'object' && value !== null) {
      value = (value as Record<string, unknown>)[segment];
    } else return undefined;
  }
  return value;
}

/** What is set to undefined in a Map is gone; BSON would make it null there. */
function withoutUndefined(value: unknown): unknown {
  if (!isMap(value)) return value;
  return new Map([...value].filter(([, held]) => held !== undefined));
}

/** Mongoose leaves out an object without keys; where it is there, it is stored. */
function emptied(root: string, document: SavedDocument): unknown {
  const held = document.get(root, undefined, RAW);
  return held === null || held === undefined ? undefined : {};
}

function partlySaved(path: string, plan: EncryptionPlan): UnsupportedUpdateError {
  return new UnsupportedUpdateError({
    model: plan.name,
    operation: 'save',
    path,
    wrong:
      'it is encrypted so that it can only be saved whole, and pathsToSave leaves out what has changed in it.',
    remedy: 'Name its own path in pathsToSave, or save all that has changed.',
  });
}

function partlySelected(path: string, plan: EncryptionPlan): UnsupportedUpdateError {
  return new UnsupportedUpdateError({
    model: plan.name,
    operation: 'save',
    path,
    wrong:
      'it is encrypted so that it can only be saved whole, and the document was read with part of it.',
    remedy: 'Read the document without a projection on the path, change it, and save it.',
  });
}

function guarded(delta: Delta, document: SavedDocument, plan: EncryptionPlan): Delta {
  const { versionKey } = plan;
  const version = versionKey === undefined ? undefined : document.get(versionKey, undefined, RAW);
  if (versionKey === undefined || version === undefined || version === null) {
    throw new UnsupportedUpdateError({
      model: plan.name,
      operation: 'save',
      wrong:
        'part of a value that is encrypted as a whole has changed, and the document carries no version to guard the rest by.',
      remedy: 'Keep the versionKey of the schema and select it, or assign the value as a whole.',
    });
  }
  const filter = { [versionKey]: version, ...(delta.filter as Record<string, unknown>) };
  const update = delta.update as Operations;
  document.increment();
  return { filter, update: { ...update, $inc: { ...update['$inc'], [versionKey]: 1 } } };
}
