import type { Holder } from '../codec/collect-plaintext';
import { recordOf, unwrapped } from '../codec/record-of';
import type { PlanNode } from '../plan/encryption-plan';
import { type Spot, nameOfSpot, placeCompared } from './compare-values';
import { readsEncrypted } from './expression';
import {
  CLAUSE_OPERATORS,
  type ClauseKind,
  FILTER_OPERATORS,
  type FilterOperator,
  type OperandKind,
} from './filter-operators';
import { scopeOfFilter } from './key-scope';
import { isClear } from './node-traits';
import {
  holdsOperators,
  isFlag,
  isNumeric,
  isOperator,
  listOf,
  nameOf,
  rowOf,
} from './plain-values';
import { type Refusal, unsupportedFilter } from './refusals';
import type { RewriteScope } from './rewrite-scope';
import { operatorsOverKeys, placeEachEqual, placeEqual } from './several-keys';
import { misplacementOf, targetOf } from './target';

/** Places the operand of one operator, rewritten, at `spot`. */
type Rewrite = (operand: unknown, spot: Spot, scope: RewriteScope) => void;

const REWRITES: Readonly<Record<OperandKind, Rewrite>> = {
  value: placeCompared,
  values: placeValues,
  all: placeAll,
  condition: placeNegated,
  element: placeElementCondition,
  flag: placeFlag,
  size: placeSize,
};

const PLAIN_FIELD = 'Filter on a plain field, or compare after reading.';

/**
 * A copy of `filter`, on documents that `node` describes, with a slot for each encrypted value: for several, where the documents may
 * have several keys. What the filter asks at a key pointer tells the keys.
 *
 * @throws {UnsupportedFilterError} where it asks what ciphertext cannot answer.
 * @throws {KeyUnresolvedError} where it does not tell the key that a value is encrypted under.
 */
export function rewriteFilter(
  filter: unknown,
  node: PlanNode,
  scope: RewriteScope,
): Record<string, unknown> {
  return rewriteClauses(filter, { node, isRoot: true }, scope);
}

/** As `rewriteFilter`, for a filter on elements of an array: MongoDB knows no `$expr` nor `$text` there. */
export function rewriteElementFilter(
  filter: unknown,
  node: PlanNode,
  scope: RewriteScope,
): Record<string, unknown> {
  return rewriteClauses(filter, { node, isRoot: false }, scope);
}

/** Places a condition on an encrypted path, a value or an object of operators, rewritten, at `spot`. */
export function placeCondition(value: unknown, spot: Spot, scope: RewriteScope): void {
  const record = recordOf(value);
  if (record === undefined || !holdsOperators(record)) {
    placeEqual(value, spot, scope);
    return;
  }
  const copy: Holder = operatorsOverKeys(record, spot, scope);
  spot.holder[spot.key] = copy;
  for (const key of Object.keys(copy)) {
    const row = rowOf<FilterOperator>(FILTER_OPERATORS, key);
    if (row === undefined) {
      throw refused(spot, scope, `${nameOf(key)} cannot be answered on an encrypted field.`);
    }
    REWRITES[row.operand](copy[key], { ...spot, holder: copy, key }, scope);
  }
}

/** Whether a condition of `$elemMatch` or `$pull` is on the element itself, not on fields of it. */
export function isElementCondition(record: Record<string, unknown>): boolean {
  return holdsOperators(record) && !Object.keys(record).some((key) => key in CLAUSE_OPERATORS);
}

interface Level {
  readonly node: PlanNode;
  readonly isRoot: boolean;
  /** Whether the filter finds what does not meet it: under `$nor`. */
  readonly isNegated?: boolean;
}

/** Whether what a filter asks at a key pointer holds of the documents that it finds. */
function tellsKeys({ isRoot, isNegated = false }: Level): boolean {
  return isRoot && !isNegated;
}

function rewriteClauses(filter: unknown, level: Level, scope: RewriteScope): Holder {
  if (filter === null || filter === undefined) return {};
  const record = recordOf(filter);
  if (record === undefined) {
    const wrong = 'a filter is not an object.';
    throw unsupportedFilter({ wrong, remedy: 'Give an object of paths and conditions.' }, scope);
  }
  if (isClear(level.node)) return record;
  const keyed = tellsKeys(level) ? scopeOfFilter(record, level.node, scope) : scope;
  const copy: Holder = { ...record };
  for (const key of Object.keys(copy)) {
    if (isOperator(key)) copy[key] = rewriteClause(key, copy[key], { level, scope: keyed });
    else placePathCondition(copy, key, { level, scope: keyed });
  }
  return copy;
}

interface ClauseScope {
  readonly level: Level;
  readonly scope: RewriteScope;
}

function rewriteClause(key: string, operand: unknown, { level, scope }: ClauseScope): unknown {
  const kind = rowOf<ClauseKind>(CLAUSE_OPERATORS, key);
  if (kind === undefined || (!level.isRoot && kind !== 'clauses')) {
    const wrong = `${nameOf(key)} is not available ${level.isRoot ? 'in filters' : 'on elements'} of a model with encrypted fields.`;
    throw unsupportedFilter({ wrong, remedy: 'Filter on paths, with listed operators.' }, scope);
  }
  if (kind === 'expression') refuseEncryptedExpression(operand, level.node, scope);
  if (kind !== 'clauses') return operand;
  const clauses = listOf(operand);
  if (clauses === undefined) {
    const wrong = `${key} is given something else than an array.`;
    throw unsupportedFilter({ wrong, remedy: 'Give an array of filters.' }, scope);
  }
  const inner = key === '$nor' ? { ...level, isNegated: true } : level;
  return Array.from(clauses, (clause) => rewriteClauses(clause, inner, scope));
}

function refuseEncryptedExpression(operand: unknown, node: PlanNode, scope: RewriteScope): void {
  if (!readsEncrypted(operand, node)) return;
  const refusal: Refusal = {
    wrong: '$expr reads an encrypted field, or something that may hold one.',
    remedy: 'Compare encrypted fields outside of $expr, by their paths.',
  };
  throw unsupportedFilter(refusal, scope);
}

function placePathCondition(copy: Holder, path: string, { level, scope }: ClauseScope): void {
  const target = targetOf(level.node, path);
  if (target.kind === 'clear') return;
  if (target.kind !== 'node') {
    throw unsupportedFilter(misplacementOf(target, PLAIN_FIELD), scope);
  }
  placeCondition(copy[path], { holder: copy, key: path, node: target.node, path }, scope);
}

function placeValues(operand: unknown, spot: Spot, scope: RewriteScope): void {
  const list = listGiven(operand, spot, scope);
  if (list !== undefined) placeEachEqual(list, spot, scope);
}

function placeAll(operand: unknown, spot: Spot, scope: RewriteScope): void {
  const list = listGiven(operand, spot, scope);
  if (list === undefined) return;
  const copy = new Array<unknown>(list.length);
  const holder = copy as unknown as Holder;
  spot.holder[spot.key] = copy;
  list.forEach((item, key) => {
    placeAllItem(item, { ...spot, holder, key }, scope);
  });
}

/** `$all` takes values or, instead, `$elemMatch` conditions. */
function placeAllItem(item: unknown, spot: Spot, scope: RewriteScope): void {
  const keys = Object.keys(recordOf(item) ?? {});
  const isCondition = keys.length === 1 && keys[0] === '$elemMatch';
  (isCondition ? placeCondition : placeCompared)(item, spot, scope);
}

function listGiven(
  operand: unknown,
  spot: Spot,
  scope: RewriteScope,
): readonly unknown[] | undefined {
  const list = listOf(operand);
  if (list !== undefined || operand === null || operand === undefined) return list;
  throw refused(spot, scope, `${spot.key} is given something else than an array.`);
}

function placeNegated(operand: unknown, spot: Spot, scope: RewriteScope): void {
  const record = recordOf(operand);
  if (record === undefined || !holdsOperators(record)) {
    throw refused(spot, scope, '$not is given something else than an object of operators.');
  }
  placeCondition(record, spot, scope);
}

function placeElementCondition(operand: unknown, spot: Spot, scope: RewriteScope): void {
  const record = recordOf(operand);
  if (spot.node.kind !== 'array' || record === undefined) {
    throw refused(spot, scope, '$elemMatch needs an array path and an object of conditions.');
  }
  const { element } = spot.node;
  if (isElementCondition(record)) {
    placeCondition(record, { ...spot, node: element }, scope);
    return;
  }
  if (element.kind === 'field') {
    throw refused(spot, scope, '$elemMatch looks for fields inside of encrypted values.');
  }
  spot.holder[spot.key] = rewriteElementFilter(record, element, scope);
}

function placeFlag(operand: unknown, spot: Spot, scope: RewriteScope): void {
  const plain = unwrapped(operand);
  if (!isFlag(plain))
    throw refused(spot, scope, `${spot.key} is given something else than true or false.`);
  spot.holder[spot.key] = plain;
}

function placeSize(operand: unknown, spot: Spot, scope: RewriteScope): void {
  if (spot.node.kind !== 'array' || !isNumeric(operand)) {
    throw refused(
      spot,
      scope,
      '$size needs an array that is not encrypted as one value, and a number.',
    );
  }
  spot.holder[spot.key] = operand;
}

function refused(spot: Spot, scope: RewriteScope, wrong: string): Error {
  return unsupportedFilter({ path: nameOfSpot(spot), wrong, remedy: PLAIN_FIELD }, scope);
}
