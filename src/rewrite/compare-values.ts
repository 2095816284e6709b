import type { Holder, Placement } from '../codec/collect-plaintext';
import { isKeyedByPosition } from '../codec/positions';
import { recordOf, unwrapped } from '../codec/record-of';
import type { EncryptedField, PlanNode } from '../plan/encryption-plan';
import { fieldsBelow } from '../plan/resolve-path';
import { holdsText, isComparable, withoutArrays } from './node-traits';
import { holdsOperators, isPattern, listOf } from './plain-values';
import { unsupportedFilter } from './refusals';
import type { RewriteScope } from './rewrite-scope';

/** Something of a filter on its way into the copy, with its path as the filter writes it. */
export interface Spot extends Placement {
  readonly path: string;
}

/**
 * Puts the value that an encrypted path is compared with at `spot`.
 *
 * @throws {UnsupportedFilterError} where the ciphertext of equal values is not equal.
 */
export function placeCompared(value: unknown, spot: Spot, scope: RewriteScope): void {
  const plain = unwrapped(value);
  if (plain === null || plain === undefined) {
    refuseHiddenNull(spot, scope);
    spot.holder[spot.key] = plain;
    return;
  }
  refusePattern(plain, spot, scope);
  refuseOperators(plain, spot, scope);
  if (!isComparable(spot.node) && !isEmptyList(plain, spot)) throw incomparable(spot, scope);
  refuseCollation(spot, scope);
  placeAlike(plain, spot, scope);
}

/** Puts `value`, an array of any depth or a single value, at `spot`: MongoDB compares a path with arrays and with elements alike. */
export function placeAlike(value: unknown, spot: Spot, scope: RewriteScope): void {
  const list = listOf(value);
  if (list === undefined) {
    scope.values.place(value, { ...spot, node: comparedNode(value, spot.node) });
    return;
  }
  const copy = new Array<unknown>(list.length);
  spot.holder[spot.key] = copy;
  const holder = copy as unknown as Holder;
  list.forEach((item, key) => {
    placeAlike(item, { ...spot, holder, key }, scope);
  });
}

/** Whether `value` is an array without values, of which nothing is encrypted where the elements are, one by one. */
function isEmptyList(value: unknown, { node }: Spot): boolean {
  if (node.kind === 'field' && node.field.whole) return false;
  const isEmpty = (item: unknown): boolean =>
    unwrapped(item) === null || (listOf(item)?.every(isEmpty) ?? false);
  return listOf(value) !== undefined && isEmpty(value);
}

/** An object of positions can be what stands for an array, or a Map in one. */
function comparedNode(value: unknown, node: PlanNode): PlanNode {
  const element = withoutArrays(node);
  const isMap = element.kind === 'object' && element.rest !== undefined;
  return !isMap && isKeyedByPosition(recordOf(value)) ? node : element;
}

/** Whether `collation` compares strings otherwise than by their bytes. */
export function changesEquality(collation: unknown): boolean {
  if (collation === null || collation === undefined) return false;
  return recordOf(collation)?.['locale'] !== 'simple';
}

/** The path that a message names: the field's own where one stands there. */
export function nameOfSpot({ node, path }: Pick<Spot, 'node' | 'path'>): string {
  return node.kind === 'field' ? node.field.path : path;
}

/** Inside an array, MongoDB's null matches an element that is null; encrypted as one value, the array cannot tell. */
function refuseHiddenNull(spot: Spot, scope: RewriteScope): void {
  if (spot.node.kind !== 'field' || !mayHideNull(spot.node.field)) return;
  throw unsupportedFilter(
    {
      path: nameOfSpot(spot),
      wrong: 'a comparison with null would look inside an array that is encrypted as one value.',
      remedy: 'Ask with $exists.',
    },
    scope,
  );
}

function mayHideNull({ whole, type }: EncryptedField): boolean {
  return whole && type !== 'Object' && type !== 'Map';
}

function refusePattern(value: unknown, spot: Spot, scope: RewriteScope): void {
  if (!isPattern(value)) return;
  throw unsupportedFilter(
    {
      path: nameOfSpot(spot),
      wrong: 'a regular expression cannot be answered on an encrypted field.',
      remedy: 'Filter on a plain field, or compare after reading.',
    },
    scope,
  );
}

function refuseOperators(value: unknown, spot: Spot, scope: RewriteScope): void {
  const record = recordOf(value);
  if (record === undefined || !holdsOperators(record)) return;
  throw unsupportedFilter(
    {
      path: nameOfSpot(spot),
      wrong: 'an operator stands where a value belongs.',
      remedy: 'Give the value to compare with.',
    },
    scope,
  );
}

function incomparable(spot: Spot, scope: RewriteScope): Error {
  const inside = spot.node.kind !== 'field' && withoutArrays(spot.node).kind === 'object';
  return unsupportedFilter(
    {
      path: nameOfSpot(spot),
      wrong: inside
        ? `it cannot be compared as a whole, because "${randomFieldOf(spot.node)}" inside is Random.`
        : 'a Random field can only be asked with $exists, or compared with null.',
      remedy: inside
        ? 'Filter on the fields inside it, by dotted paths or $elemMatch.'
        : "Declare it as 'Deterministic' to filter by equality, or filter on a plain field.",
    },
    scope,
  );
}

function randomFieldOf(node: PlanNode): string {
  return fieldsBelow(node).find(({ algorithm }) => algorithm === 'Random')?.path ?? '';
}

/**
 * Refuses the comparison of encrypted strings under a collation.
 *
 * @throws {UnsupportedFilterError} where the operation's collation could change what is equal at `spot`.
 */
export function refuseCollation(spot: Pick<Spot, 'node' | 'path'>, scope: RewriteScope): void {
  if (!changesEquality(scope.collation) || !holdsText(spot.node)) return;
  throw unsupportedFilter(
    {
      path: nameOfSpot(spot),
      wrong: 'encrypted strings cannot be compared under a collation.',
      remedy: 'Leave the collation out, or compare with a plain field.',
    },
    scope,
  );
}
