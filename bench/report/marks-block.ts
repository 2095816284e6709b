import { digits } from './digits';
import type { Figures } from './find-figures';
import { markdownTable } from './markdown-table';
import { type Mark, MARKS } from './marks';

/** What is aimed at, beside what was measured. */
export function marksBlock(figures: Figures): string {
  const rows = MARKS.map((mark) => {
    const measured = mark.of(figures);
    return [mark.aim, limitOf(mark), digits(measured), verdictOf(mark, measured)];
  });
  return markdownTable(['what', 'mark', 'measured', 'kept'], rows);
}

function limitOf({ is, limit, unit }: Mark): string {
  return `${is === 'at least' ? '≥' : '≤'} ${limit}${unit === '' ? '' : ` ${unit}`}`;
}

function verdictOf({ is, limit }: Mark, measured: number): string {
  if (Number.isNaN(measured)) return 'not measured';
  return (is === 'at least' ? measured >= limit : measured <= limit) ? 'yes' : 'no';
}
