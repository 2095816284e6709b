import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tableRowsOf } from '../../repository/markdown';
import { ROOT } from '../../repository/source-tree';
import { isArrayPlace, type Place, type Standing } from './places';

const PAGE = readFileSync(join(ROOT, 'docs', 'operations.md'), 'utf8');

const FILTERS = rowsUnder('Filters');
const UPDATES = rowsUnder('Updates');
const ACCUMULATORS = rowsUnder('Aggregation', 1);
const WINDOW_OPERATORS = rowsUnder('Aggregation', 2);

/** The codes that may end an operation, of which one must; none where it works. */
export type Refusals = readonly string[];

export const FILTER = ['FLE_UNSUPPORTED_FILTER'];
export const UPDATE = ['FLE_UNSUPPORTED_UPDATE'];
export const OPERATION = ['FLE_UNSUPPORTED_OPERATION'];
export const STAGE = ['FLE_UNSUPPORTED_STAGE'];

/** What docs/operations.md says of asking `operator` with `operand` at `place`. */
export function refusedFilter(place: Place, operator: string, operand: unknown): Refusals {
  if (place.standing === 'clear') return [];
  if (place.standing === 'inside') return FILTER;
  const cell = cellOf(FILTERS, operator, place.standing);
  switch (cell) {
    case 'yes':
      return [];
    case 'arrays':
      return isArrayPlace(place) ? [] : FILTER;
    case 'only null':
      return asksNull(place, operator, operand) ? [] : FILTER;
    case 'what may be asked without it':
      return []; // the condition inside tells
    case 'only `$elemMatch` conditions':
      return asksNull(place, '$in', operand) ? [] : FILTER; // these stories give values
    default:
      return codeIn(cell, operator);
  }
}

/** What docs/operations.md says of doing `operator` with `operand` to `place`. */
export function refusedUpdate(place: Place, operator: string, operand: unknown): Refusals {
  if (place.standing === 'clear') return [];
  if (place.standing === 'inside') return UPDATE;
  const cell = cellOf(UPDATES, operator, place.standing);
  switch (cell) {
    case 'yes':
      return [];
    case 'arrays':
      return isArrayPlace(place) ? [] : UPDATE;
    case 'only null': // the condition is a filter on the elements
      if (!isArrayPlace(place)) return UPDATE;
      return place.shape.kind === 'documents' || operand === null ? [] : FILTER;
    case 'to a path declared alike':
      return UPDATE; // the stories rename where nothing is alike
    default:
      return codeIn(cell, operator);
  }
}

/** What docs/operations.md says of the accumulator `name` over values that stand so. */
export function refusedAccumulator(name: string, standing: Standing): Refusals {
  if (standing === 'clear') return [];
  const [cell = ''] = ACCUMULATORS.get(name) ?? [];
  if (cell === 'yes') return [];
  if (cell === 'Deterministic') return isDeterministic(standing) ? [] : STAGE;
  if (cell === 'as `output`, in the order of plain paths') return [];
  return codeIn(cell, name);
}

/** What docs/operations.md says of `name`, which only `$setWindowFields` has, over what stands at `place`. */
export function refusedWindowed(name: string, { standing }: Place): Refusals {
  if (standing === 'clear') return [];
  if (standing === 'inside') return STAGE;
  const [cell = ''] = WINDOW_OPERATORS.get(name) ?? [];
  // The stories give no other default.
  return cell === 'yes' || cell === 'without a `default` other than null' ? [] : codeIn(cell, name);
}

/** Whether equal values that stand so are stored equal. */
export const isDeterministic = (standing: Standing): boolean =>
  standing === 'clear' || standing === 'Deterministic' || standing === 'holds Deterministic';

/** An array that is encrypted as one value, or what may be one, does not show a null inside it. */
function hidesNull({ standing, shape }: Place): boolean {
  return standing === 'whole' && ['mixed', 'list', 'documents'].includes(shape.kind);
}

/** Whether nothing is compared but null, where null may be. */
function asksNull(place: Place, operator: string, operand: unknown): boolean {
  const values = /^\$n?in$/.test(operator) ? (operand as unknown[]) : [operand];
  return values.every((value) =>
    value === null ? !hidesNull(place) : place.standing !== 'whole' && isEmptyList(value),
  );
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => item === null || isEmptyList(item));
}

type Rows = ReadonlyMap<string, readonly string[]>;

function cellOf(rows: Rows, operator: string, standing: Standing): string {
  const [deterministic = '', random = ''] = rows.get(operator) ?? [];
  return isDeterministic(standing) ? deterministic : random;
}

function codeIn(cell: string, name: string): Refusals {
  const [, code] = /^`(FLE_\w+)`$/.exec(cell) ?? [];
  if (code === undefined) throw new Error(`docs/operations.md says nothing known of ${name}`);
  return [code];
}

/** The rows of a table under a heading of docs/operations.md, by each name in their first cells. */
function rowsUnder(heading: string, table = 0): Rows {
  const section = PAGE.split(/^## /m).find((each) => each.startsWith(`${heading}\n`)) ?? '';
  const tables = section.split('\n\n').filter((each) => each.startsWith('|'));
  return new Map(
    tableRowsOf(`${tables[table] ?? ''}\n`).flatMap(([first = '', ...cells]) =>
      [...first.matchAll(/`([^`]+)`/g)].map(([, name = '']) => [name, cells]),
    ),
  );
}
