import type { SuiteFigures } from '../suite';
import { ONE_BY_ONE } from '../workload';
import { digits } from './digits';
import { BY_HAND, Figures, OURS, PLAIN } from './find-figures';
import { machineBlock } from './machine-block';
import { markdownTable } from './markdown-table';
import { marksBlock } from './marks-block';
import type { Measured } from './measured';

/** What the blocks of a page are made of. */
export interface BlockSource {
  readonly measured: readonly Measured[];
  /** Where the charts are, as the page links to them. */
  readonly charts: string;
}

/** The Markdown of a block: `machine`, `marks`, `summary`, or the name of a suite. */
export function blockOf(name: string, { measured, charts }: BlockSource): string {
  const figures = new Figures(measured);
  if (name === 'machine') return machineBlock(measured);
  if (name === 'marks') return marksBlock(figures);
  if (name === 'summary') return summaryBlock(figures, charts);
  const suite = figures.suite(name);
  return suite === undefined ? notMeasured(name) : suiteBlock(suite.figures, charts);
}

function notMeasured(suite: string): string {
  return `Not measured: \`npm run bench -- --suite ${suite} --out docs/figures\` does it.`;
}

function suiteBlock(suite: SuiteFigures, charts: string): string {
  const parts = [chartOf(suite, charts), suiteTable(suite), ...(suite.notes ?? [])];
  return parts.join('\n\n');
}

function chartOf({ name, title }: SuiteFigures, charts: string): string {
  return `![${title}](${charts}/${name}.svg)`;
}

/** A row for each case, a column for each contender: the median, and the minimum in parentheses. */
function suiteTable({ cases, unit, scale }: SuiteFigures): string {
  const contenders = [
    ...new Set(cases.flatMap(({ timings }) => timings.map(({ contender }) => contender))),
  ];
  const rows = cases.map(({ name, per, timings }) => [
    name,
    ...contenders.map((contender) => {
      const timing = timings.find((each) => each.contender === contender);
      if (timing === undefined) return '–';
      const [median, minimum] = [timing.median, timing.minimum].map((each) =>
        digits((each * scale) / per),
      );
      return median === minimum ? (median ?? '') : `${median ?? ''} (${minimum ?? ''})`;
    }),
  ]);
  return markdownTable([unit, ...contenders], rows);
}

/** What the summary tells: a line of work, its unit, and where it stands. */
const SUMMARY = [
  ['encrypt a value, in batches of 100, µs', 'values', 'encrypt, 100 in'],
  ['decrypt a value, in batches of 100, µs', 'values', 'decrypt, 100 in'],
  ['`find().lean()`, 1,000 documents × 5 encrypted fields, ms', 'reads', 'find().lean()'],
  ['`find()`, hydrated, ms', 'reads', 'find(), hydrated'],
  ['`insertMany` of as many, ms', 'writes', 'insertMany'],
  [`${ONE_BY_ONE} × \`save()\`, ms`, 'writes', 'save()'],
] as const;
const SUMMARY_CHART = 'reads';

function summaryBlock(figures: Figures, charts: string): string {
  const chart = figures.suite(SUMMARY_CHART);
  const measured = [...new Set(SUMMARY.map(([, suite]) => suite))].filter(
    (suite) => figures.suite(suite) !== undefined,
  );
  if (chart === undefined || measured.length === 0) return notMeasured(SUMMARY_CHART);
  const rows = SUMMARY.map(([work, suite, beginning]) => [
    work,
    ...[OURS, BY_HAND, PLAIN].map((contender) =>
      digits(figures.median(suite, beginning, contender)),
    ),
  ]);
  const head = ['median', 'this package', '`ClientEncryption` by hand', 'without encryption'];
  return `${chartOf(chart.figures, charts)}\n\n${markdownTable(head, rows)}`;
}
