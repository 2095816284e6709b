import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tableRowsOf } from './markdown';
import { ROOT } from './source-tree';

/** A row of a table: what its first cell names, and its other cells in the order of the columns. */
export interface PageRow {
  /** `$eq`; a name behind a colon with what stands before it, as in `$push: $each`; all of the cell where it names nothing. */
  readonly names: readonly string[];
  readonly cells: readonly string[];
}

/** A table of docs/operations.md. */
export interface PageTable {
  /** The heading of its section. */
  readonly heading: string;
  /** The heading of its first column, */
  readonly first: string;
  /** and those of the others. */
  readonly columns: readonly string[];
  readonly rows: readonly PageRow[];
}

/** A code that stands alone in a cell, as in `FLE_UNSUPPORTED_FILTER`: everything is refused with it. */
export function onlyCodeOf(cell: string): string | undefined {
  return /^`(FLE_\w+)`$/.exec(cell)?.[1];
}

/** Every table of docs/operations.md, in order. */
export function operationsTables(): PageTable[] {
  return sections().flatMap(([heading, text]) =>
    text
      .split(/\n\n/)
      .filter((each) => each.startsWith('|'))
      .map((table) => ({ heading, ...headOf(table), rows: rowsOf(table) })),
  );
}

/** The items of the lists under a heading. */
export function operationsItems(heading: string): string[] {
  const text = new Map(sections()).get(heading) ?? '';
  return text
    .split(/^- /m)
    .slice(1)
    .map((item) => item.replace(/\s+/g, ' ').trim());
}

function sections(): [heading: string, text: string][] {
  const text = readFileSync(join(ROOT, 'docs', 'operations.md'), 'utf8');
  return text
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const end = section.indexOf('\n');
      return [section.slice(0, end), section.slice(end)];
    });
}

function headOf(table: string): Pick<PageTable, 'first' | 'columns'> {
  const [head = ''] = table.split('\n');
  const [first = '', ...columns] = head
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim().replaceAll('`', ''));
  return { first, columns };
}

function rowsOf(table: string): PageRow[] {
  return tableRowsOf(`${table}\n`).map(([first = '', ...cells]) => ({
    names: namesIn(first),
    cells,
  }));
}

function namesIn(cell: string): string[] {
  const [before, after] = cell.includes('`: `') ? cell.split(': ') : ['', cell];
  const names = [...(after ?? '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
  const prefix = before === '' ? '' : `${(before ?? '').replaceAll('`', '')}: `;
  return names.length === 0 ? [cell] : names.map((name) => prefix + name);
}
