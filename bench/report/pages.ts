import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { type BlockSource, blockOf } from './blocks';
import { readMeasured } from './measured';

/** Where the figures are that the pages show. */
export const FIGURES = 'docs/figures';
/** The pages that show figures. */
export const PAGES: readonly string[] = ['README.md', 'docs/performance.md'];

const BLOCK = /^<!-- figures: (\S+) -->\n[\s\S]*?^<!-- end of figures -->$/gm;

/** `page` with each block of figures, from `<!-- figures: NAME -->` to `<!-- end of figures -->`, as the figures give it. */
export function withFigures(page: string, source: BlockSource): string {
  return page.replace(
    BLOCK,
    (_, name: string) =>
      `<!-- figures: ${name} -->\n\n${blockOf(name, source)}\n\n<!-- end of figures -->`,
  );
}

/** The text of a page as it is, and as the figures give it. */
export function readPage(root: string, page: string): { is: string; shouldBe: string } {
  const is = readFileSync(join(root, page), 'utf8');
  const charts = posix.relative(dirname(page), FIGURES);
  return { is, shouldBe: withFigures(is, { measured: readMeasured(join(root, FIGURES)), charts }) };
}

/** Writes the figures into all pages. */
export function writePages(root: string): void {
  for (const page of PAGES) writeFileSync(join(root, page), readPage(root, page).shouldBe);
}
