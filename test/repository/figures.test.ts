import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Figures } from '../../bench/report/find-figures';
import { MARKS } from '../../bench/report/marks';
import { readMeasured } from '../../bench/report/measured';
import { FIGURES, PAGES, readPage, withFigures } from '../../bench/report/pages';
import { ROOT } from './source-tree';

const source = { measured: readMeasured(join(ROOT, FIGURES)), charts: 'figures' };

describe('the figures of the documentation', () => {
  it.each(PAGES)('are those that the benchmarks have written: %s', (page) => {
    const { is, shouldBe } = readPage(ROOT, page);
    expect(is).toContain('<!-- figures: ');
    expect(is).toBe(shouldBe);
  });

  it('stand nowhere else in the pages that show them', () => {
    const { is } = readPage(ROOT, 'docs/performance.md');
    const byHand = is.replace(/<!-- figures:[\s\S]*?<!-- end of figures -->/g, '');
    expect(byHand).not.toMatch(/\d\s*(?:×|ms|µs|MiB)/);
  });

  it('are of every suite', () => {
    const suites = source.measured.map(({ figures }) => figures.name);
    const main = readFileSync(join(ROOT, 'docs/performance.md'), 'utf8');
    expect(suites.length).toBeGreaterThan(5);
    for (const name of suites) expect(main).toContain(`<!-- figures: ${name} -->`);
  });

  it('tell of every mark what was measured', () => {
    const figures = new Figures(source.measured);
    expect(MARKS.filter(({ of }) => Number.isNaN(of(figures))).map(({ aim }) => aim)).toEqual([]);
  });

  it('are put in place of what somebody types', () => {
    const typed = 'a\n<!-- figures: values -->\n\n1000 ×\n\n<!-- end of figures -->\nb';
    const written = withFigures(typed, source);
    expect(written).not.toContain('1000 ×');
    expect(written).toMatch(
      /^a\n<!-- figures: values -->\n\n!\[[\s\S]+<!-- end of figures -->\nb$/,
    );
    expect(withFigures(written, source)).toBe(written);
  });
});
