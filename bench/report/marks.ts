import {
  AUTOMATIC,
  BY_HAND,
  CIPHERTEXT,
  type Figures,
  OURS,
  PLAIN,
  PLAIN_AGAIN,
} from './find-figures';

/** What is aimed at. */
export interface Mark {
  readonly aim: string;
  readonly limit: number;
  readonly is: 'at least' | 'at most';
  readonly unit: '× as fast' | '× the time' | 'ms' | 'MiB' | '';
  /** What was measured; NaN where nothing was. */
  readonly of: (figures: Figures) => number;
}

/** What this package should cost, in the order of docs/performance.md. */
export const MARKS: readonly Mark[] = [
  ...(['encrypt', 'decrypt'] as const).map((what): Mark => ({
    aim: `${what} values in batches of 100 and 1,000, against by hand`,
    limit: what === 'encrypt' ? 2.3 : 4,
    is: 'at least',
    unit: '× as fast',
    of: (figures) =>
      Math.min(
        ...[100, 1000].map((batch) => timesAsFast(figures, 'values', `${what}, ${batch} in`)),
      ),
  })),
  ...(['encrypt', 'decrypt'] as const).map((what): Mark => ({
    aim: `${what} a single value, against by hand`,
    limit: 1,
    is: 'at most',
    unit: '× the time',
    of: (figures) => ofTheTime(figures, 'values', { work: `${what}, one`, other: BY_HAND }),
  })),
  {
    aim: "`find().lean()` of 1,000 documents of 5 fields, against the driver's automatic decryption",
    limit: 1.15,
    is: 'at most',
    unit: '× the time',
    of: (figures) => ofTheTime(figures, 'reads', { work: 'find().lean()', other: AUTOMATIC }),
  },
  {
    aim: "`find()` of them, hydrated, against the driver's automatic decryption",
    limit: 1.1,
    is: 'at most',
    unit: '× the time',
    of: (figures) => ofTheTime(figures, 'reads', { work: 'find(), hydrated', other: AUTOMATIC }),
  },
  {
    aim: 'what encryption adds to an `insertMany` of the same 1,000 documents, against by hand',
    limit: 2,
    is: 'at least',
    unit: '× as fast',
    of: (figures) => {
      const [ours, byHand, given] = [OURS, BY_HAND, CIPHERTEXT].map((contender) =>
        figures.median('writes', 'insertMany', contender),
      );
      return ((byHand ?? NaN) - (given ?? NaN)) / ((ours ?? NaN) - (given ?? NaN));
    },
  },
  {
    aim: '`save()`, one by one, against by hand',
    limit: 1.05,
    is: 'at most',
    unit: '× the time',
    of: (figures) => ofTheTime(figures, 'writes', { work: 'save()', other: BY_HAND }),
  },
  {
    aim: "delay of the event loop while 100,000 values are read (99th percentile), above the plain model's",
    limit: 10,
    is: 'at most',
    unit: 'ms',
    of: (figures) =>
      figures.median('event-loop', '99th', OURS) - figures.median('event-loop', '99th', PLAIN),
  },
  {
    aim: 'growth of the heap under a cursor over 1,000,000 documents, 1,000 a reply',
    limit: 50,
    is: 'at most',
    unit: 'MiB',
    of: (figures) => figures.median('memory', 'heap', OURS),
  },
  ...(['fields', 'documents'] as const).map((grows): Mark => ({
    aim: `growth with the number of ${grows}: the exponent, where 1 is linear`,
    limit: 1.1,
    is: 'at most',
    unit: '',
    of: (figures) => exponentOf(figures, `growth-${grows}`),
  })),
  {
    aim: 'a model without encrypted fields, against one without the plugin, measured twice (geometric means)',
    limit: 1.05,
    is: 'at most',
    unit: '× the time',
    of: (figures) => {
      const works = figures.suite('unencrypted')?.figures.cases.map(({ name }) => name) ?? [];
      const meanOf = (contender: string): number =>
        geometricMean(works.map((work) => figures.median('unencrypted', work, contender)));
      return meanOf(OURS) / geometricMean([meanOf(PLAIN), meanOf(PLAIN_AGAIN)]);
    },
  },
];

function timesAsFast(figures: Figures, suite: string, work: string): number {
  return figures.median(suite, work, BY_HAND) / figures.median(suite, work, OURS);
}

function ofTheTime(
  figures: Figures,
  suite: string,
  { work, other }: { readonly work: string; readonly other: string },
): number {
  return figures.median(suite, work, OURS) / figures.median(suite, work, other);
}

function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

/** Over the upper half of the sizes: what a command costs whatever its size does not count. */
function exponentOf(figures: Figures, suite: string): number {
  const cases = figures.suite(suite)?.figures.cases ?? [];
  const [last, middle] = [cases.at(-1), cases[Math.floor((cases.length - 1) / 2)]];
  if (last?.x === undefined || middle?.x === undefined || last === middle) return NaN;
  const [most, half] = [last, middle].map(({ name }) => figures.median(suite, name, OURS));
  return Math.log((most ?? NaN) / (half ?? NaN)) / Math.log(last.x / middle.x);
}
