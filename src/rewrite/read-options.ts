import { types } from 'node:util';
import type { Holder } from '../codec/collect-plaintext';
import { type PlainRecord, recordOf } from '../codec/record-of';
import { isClear } from './node-traits';
import { rewriteProjection } from './projection';
import { unsupportedOperation } from './refusals';
import type { RewriteScope } from './rewrite-scope';
import { sortedField } from './sort-paths';
import { fieldOf, targetOf } from './target';

/** Checks the value of one option, and rewrites it where that is needed. */
type Rewrite = (value: unknown, name: string, scope: RewriteScope) => unknown;

/** The options that say something of paths or values; the others pass. `collation` is checked where values are compared. */
export const READ_OPTIONS: Readonly<Record<string, Rewrite>> = {
  projection: rewriteSelection,
  fields: rewriteSelection,
  sort: checkSort,
  min: checkBounds,
  max: checkBounds,
  returnKey: refuseKeys,
};

const ROWS = Object.entries(READ_OPTIONS);

/**
 * A copy of `options`, of an operation that reads or finds documents, with a slot for each encrypted value. `arrayFilters` are
 * rewritten apart.
 *
 * @throws {UnsupportedOperationError} where one asks of an encrypted path what ciphertext cannot give.
 * @throws {UnsupportedFilterError} where a condition of a projection does.
 * @throws {Error} Mongoose's own, where it could not cast such a condition.
 */
export function rewriteReadOptions(
  options: unknown,
  scope: RewriteScope,
): Record<string, unknown> | undefined {
  if (options === null || options === undefined) return undefined;
  if (isClear(scope.plan.root)) return options as PlainRecord;
  const copy: Holder = { ...(options as PlainRecord) };
  for (const [name, rewrite] of ROWS) {
    const value = copy[name];
    if (value !== null && value !== undefined) copy[name] = rewrite(value, name, scope);
  }
  return copy;
}

/**
 * Source: Mongoose 9.12, lib/query.js: where a condition of `$elemMatch` cannot be cast, `_castFields` gives the error in place of the
 * projection, which would be sent with the value in it.
 */
function rewriteSelection(value: unknown, name: string, scope: RewriteScope): unknown {
  if (types.isNativeError(value)) throw value;
  const record = recordOf(value);
  if (record !== undefined) return rewriteProjection(record, scope.plan.root, scope);
  const wrong = `the option ${name} is not an object.`;
  throw unsupportedOperation({ wrong, remedy: 'Give an object of paths.' }, scope);
}

function checkSort(value: unknown, name: string, scope: RewriteScope): unknown {
  const field = sortedField(value, scope.plan.root);
  if (field === undefined) return value;
  const wrong = `${name} cannot order documents by an encrypted field.`;
  const remedy = 'Sort by a plain field, or sort after reading.';
  throw unsupportedOperation({ path: field.path, wrong, remedy }, scope);
}

function checkBounds(value: unknown, name: string, scope: RewriteScope): unknown {
  for (const path of Object.keys(recordOf(value) ?? {})) {
    const field = fieldOf(targetOf(scope.plan.root, path));
    if (field === undefined) continue;
    const wrong = `${name} cannot bound an encrypted field, whose order is lost.`;
    const remedy = 'Filter by equality, or bound a plain field.';
    throw unsupportedOperation({ path: field.path, wrong, remedy }, scope);
  }
  return value;
}

function refuseKeys(value: unknown, name: string, scope: RewriteScope): unknown {
  if (value === false) return value;
  const wrong = `the option ${name} gives the keys of an index, which may be encrypted.`;
  throw unsupportedOperation({ wrong, remedy: 'Select the paths with a projection.' }, scope);
}
