import type { Holder } from '../codec/collect-plaintext';
import { type PlainRecord, recordOf } from '../codec/record-of';
import type { PlanNode } from '../plan/encryption-plan';
import { type Spot, nameOfSpot, refuseCollation } from './compare-values';
import { isElementCondition, placeCondition, rewriteElementFilter } from './filter';
import { isComparable } from './node-traits';
import { holdsOperators, isNumeric, listOf, nameOf, rowOf } from './plain-values';
import { unsupportedUpdate } from './refusals';
import type { RewriteScope } from './rewrite-scope';
import { sortedField } from './sort-paths';
import { ELEMENT_MODIFIERS } from './update-operators';

/** Where an update operator puts or takes something. */
export interface UpdateSpot extends Spot {
  readonly operator: string;
}

/** What to do instead of changing part of an encrypted value. */
export const SAVE_INSTEAD = 'Change the document and save() it, which assigns the whole.';

/** Places what `$push` puts into an array at `spot`. */
export function placePushed(value: unknown, spot: UpdateSpot, scope: RewriteScope): void {
  placeElements(value, spot, scope);
}

/** Places what `$addToSet` puts into an array at `spot`. */
export function placeAddedToSet(value: unknown, spot: UpdateSpot, scope: RewriteScope): void {
  elementOf(spot, scope);
  refuseIncomparable(spot, scope);
  placeElements(value, spot, scope);
}

/** Places the condition of `$pull` at `spot`. */
export function placePulled(value: unknown, spot: UpdateSpot, scope: RewriteScope): void {
  const element = elementOf(spot, scope);
  const record = recordOf(value);
  if (element.kind === 'field' || record === undefined || isElementCondition(record)) {
    placeCondition(value, { ...spot, node: element }, scope);
    return;
  }
  spot.holder[spot.key] = rewriteElementFilter(record, element, scope);
}

/** Places the values of `$pullAll` at `spot`. */
export function placeAllPulled(value: unknown, spot: UpdateSpot, scope: RewriteScope): void {
  elementOf(spot, scope);
  refuseIncomparable(spot, scope);
  scope.values.place(listOf(value) ?? value, spot);
}

/** Places the end that `$pop` takes an element from at `spot`. */
export function placePopped(value: unknown, spot: UpdateSpot, scope: RewriteScope): void {
  elementOf(spot, scope);
  if (!isNumeric(value)) throw refused(spot, scope, '$pop is given something else than 1 or -1.');
  spot.holder[spot.key] = value;
}

function placeElements(value: unknown, spot: UpdateSpot, scope: RewriteScope): void {
  const element = elementOf(spot, scope);
  const record = recordOf(value);
  if (record === undefined || !holdsOperators(record)) {
    scope.values.place(value, { ...spot, node: element });
    return;
  }
  const known: readonly string[] = rowOf(ELEMENT_MODIFIERS, spot.operator) ?? [];
  const copy: Holder = { ...record };
  spot.holder[spot.key] = copy;
  for (const key of Object.keys(copy)) {
    if (!known.includes(key)) {
      throw refused(spot, scope, `${nameOf(key)} is no modifier of ${spot.operator} here.`);
    }
    placeModifier({ spot, copy, key }, element, scope);
  }
}

interface Modifier {
  readonly spot: UpdateSpot;
  readonly copy: PlainRecord;
  readonly key: string;
}

function placeModifier(
  { spot, copy, key }: Modifier,
  element: PlanNode,
  scope: RewriteScope,
): void {
  if (key === '$each') {
    scope.values.place(listOf(copy[key]) ?? copy[key], { ...spot, holder: copy, key });
  } else if (key === '$sort') {
    refuseEncryptedOrder(copy[key], { spot, element }, scope);
  } else if (!isNumeric(copy[key])) {
    throw refused(spot, scope, `${key} is given something else than a number.`);
  }
}

interface Order {
  readonly spot: UpdateSpot;
  readonly element: PlanNode;
}

function refuseEncryptedOrder(sort: unknown, { spot, element }: Order, scope: RewriteScope): void {
  if (recordOf(sort) !== undefined && sortedField(sort, element) === undefined) return;
  throw refused(spot, scope, '$sort cannot order encrypted values.');
}

function elementOf(spot: UpdateSpot, scope: RewriteScope): PlanNode {
  if (spot.node.kind === 'array') return spot.node.element;
  const wrong = `${spot.operator} needs an array that is not encrypted as one value.`;
  throw refused(spot, scope, wrong);
}

function refuseIncomparable(spot: UpdateSpot, scope: RewriteScope): void {
  refuseCollation(spot, scope);
  if (isComparable(spot.node)) return;
  throw refused(spot, scope, `${spot.operator} cannot find equal elements among Random values.`);
}

function refused(spot: UpdateSpot, scope: RewriteScope, wrong: string): Error {
  return unsupportedUpdate({ path: nameOfSpot(spot), wrong, remedy: SAVE_INSTEAD }, scope);
}
