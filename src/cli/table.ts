import Table from 'cli-table3';

const PARTS = ['top', 'bottom', 'left', 'mid', 'right'] as const;

/** No lines: two spaces between columns. */
const CHARS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    PARTS.flatMap((side) => [side, `${side}-mid`, `${side}-left`, `${side}-right`]).map(
      (part): [string, string] => [part, ''],
    ),
  ),
  middle: '  ',
};

/** Rows under a head, as a table. A cell may have several lines. */
export function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const table = new Table({
    head: [...head],
    chars: CHARS,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  table.push(...rows.map((row) => [...row]));
  const lines = table.toString().split('\n');
  return lines.map((line) => line.trimEnd()).join('\n');
}
