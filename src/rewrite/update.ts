import type { Holder } from '../codec/collect-plaintext';
import { recordOf } from '../codec/record-of';
import {
  SAVE_INSTEAD,
  type UpdateSpot,
  placeAddedToSet,
  placeAllPulled,
  placePopped,
  placePulled,
  placePushed,
} from './array-updates';
import { nameOfSpot } from './compare-values';
import { scopeOfDocument, scopeUnder } from './key-scope';
import { keysAfterUpdate } from './keys-after-update';
import { areDeclaredAlike, isClear } from './node-traits';
import { isFlag, isOperator, listOf, nameOf, rowOf, textOf } from './plain-values';
import { unsupportedUpdate } from './refusals';
import type { RewriteScope } from './rewrite-scope';
import { fieldOf, misplacementOf, targetOf } from './target';
import { UPDATE_OPERATORS, type UpdateKind, type UpdateOperator } from './update-operators';
import { checkUpdatePipeline } from './update-pipeline';
import { gatherDefaults } from './whole-defaults';

/** Places the operand of one operator for one encrypted path, rewritten, at `spot`. */
type Rewrite = (value: unknown, spot: UpdateSpot, scope: RewriteScope) => void;

const SET_INSTEAD = 'Read the document, set the value computed, and save() it.';

/** `rename` is not among them: it has two paths. */
const REWRITES: Readonly<Record<Exclude<UpdateKind, 'rename'>, Rewrite>> = {
  assign: (value, spot, scope) => {
    scope.values.place(value, spot);
  },
  remove: placeRemoval,
  push: placePushed,
  addToSet: placeAddedToSet,
  pull: placePulled,
  pullAll: placeAllPulled,
  pop: placePopped,
  compute: (_, spot, scope) => {
    const wrong = `${spot.operator} cannot compute with an encrypted value.`;
    throw unsupportedUpdate({ path: nameOfSpot(spot), wrong, remedy: SET_INSTEAD }, scope);
  },
};

/**
 * A copy of `update`, operators or a pipeline, with a slot for each encrypted value. `scope` is for the documents that the filter finds,
 * and `asking` for what `$pull` asks of them. `arrayFilters` are rewritten apart.
 *
 * @throws {UnsupportedUpdateError} where it asks what cannot be done to ciphertext.
 * @throws {UnsupportedFilterError} where a condition of `$pull` asks what ciphertext cannot answer.
 */
export function rewriteUpdate(
  update: unknown,
  scope: RewriteScope,
  asking: RewriteScope = scope,
): unknown {
  if (isClear(scope.plan.root) || update === null || update === undefined) return update;
  const stages = listOf(update);
  if (stages !== undefined) {
    checkUpdatePipeline(stages, scope);
    return stages;
  }
  const given = recordOf(update);
  if (given === undefined) throw noObject('an update', scope);
  const record = gatherDefaults(given, scope.plan.root);
  const { updated, inserted } = keysAfterUpdate(record, scope);
  const copy: Holder = { ...record };
  for (const key of Object.keys(copy)) {
    const row = rowOf<UpdateOperator>(UPDATE_OPERATORS, key);
    if (row === undefined) throw unknownOperator(key, scope);
    const keyed = scopeUnder(scope, key === '$setOnInsert' ? inserted : updated);
    const chosen = row.kind === 'pull' ? asking : keyed;
    copy[key] = rewriteOperands(copy[key], { operator: key, kind: row.kind }, chosen);
  }
  return copy;
}

/**
 * A copy of `document`, which takes the place of a whole document, with a slot for each encrypted value.
 *
 * @throws {UnsupportedUpdateError} where it holds update operators.
 */
export function rewriteReplacement(document: unknown, scope: RewriteScope): Holder {
  const { root } = scope.plan;
  const record = recordOf(document);
  if (record === undefined) throw noObject('a document', scope);
  const operator = Object.keys(record).find(isOperator);
  if (operator !== undefined && !isClear(root)) {
    const wrong = `${nameOf(operator)} stands in a document that is stored as it is.`;
    throw unsupportedUpdate({ wrong, remedy: 'Give a document without operators.' }, scope);
  }
  return scopeOfDocument(record, scope).values.copyObject(record, root);
}

interface Operation {
  readonly operator: string;
  readonly kind: UpdateKind;
}

function rewriteOperands(
  operands: unknown,
  { operator, kind }: Operation,
  scope: RewriteScope,
): unknown {
  if (operands === null || operands === undefined) return operands;
  const record = recordOf(operands);
  if (record === undefined) throw noObject(operator, scope);
  const copy: Holder = { ...record };
  for (const path of Object.keys(copy)) {
    if (kind === 'rename') checkRename(path, copy[path], scope);
    else rewriteOperand(copy, { operator, kind, path }, scope);
  }
  return copy;
}

interface PathOperation extends Operation {
  readonly kind: Exclude<UpdateKind, 'rename'>;
  readonly path: string;
}

function rewriteOperand(
  copy: Holder,
  { operator, kind, path }: PathOperation,
  scope: RewriteScope,
): void {
  const target = targetOf(scope.plan.root, path);
  if (target.kind === 'clear') return;
  if (target.kind !== 'node') {
    throw unsupportedUpdate(misplacementOf(target, SAVE_INSTEAD), scope);
  }
  const spot = { holder: copy, key: path, node: target.node, path, operator };
  REWRITES[kind](copy[path], spot, scope);
}

/** The value given to `$unset` means nothing, but would be sent. */
function placeRemoval(value: unknown, spot: UpdateSpot): void {
  spot.holder[spot.key] = isFlag(value) ? value : '';
}

function checkRename(from: string, to: unknown, scope: RewriteScope): void {
  const { root } = scope.plan;
  const source = targetOf(root, from);
  const goal = targetOf(root, textOf(to));
  if (source.kind === 'clear' && goal.kind === 'clear') return;
  const areAlike =
    source.kind === 'node' && goal.kind === 'node' && areDeclaredAlike(source.node, goal.node);
  if (areAlike) return;
  throw unsupportedUpdate(
    {
      path: (fieldOf(source) ?? fieldOf(goal))?.path,
      wrong: '$rename would move a value to a path that is not declared alike.',
      remedy: 'Declare both paths alike, or read the value and $set it at its new path.',
    },
    scope,
  );
}

function noObject(what: string, scope: RewriteScope): Error {
  const wrong = `${what} is given as something else than an object.`;
  return unsupportedUpdate({ wrong, remedy: 'Give an object of paths and values.' }, scope);
}

function unknownOperator(key: string, scope: RewriteScope): Error {
  const wrong = isOperator(key)
    ? `${nameOf(key)} is not available in an update of a model with encrypted fields.`
    : 'an update has a path where an operator belongs.';
  return unsupportedUpdate({ wrong, remedy: 'Use the update operators that are listed.' }, scope);
}
