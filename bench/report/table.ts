import Table from 'cli-table3';
import type { SuiteFigures } from '../suite';
import { digits } from './digits';
import { OURS } from './find-figures';

/** The figures of a suite as a table for a terminal. */
export function tableOf({ title, unit, scale, cases, notes = [] }: SuiteFigures): string {
  const table = new Table({
    head: ['', 'contender', `median ${unit}`, 'minimum', 'half lie between', 'against ours'],
    colAligns: ['left', 'left', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  });
  for (const { name, per, timings } of cases) {
    const show = (milliseconds: number): string => digits((milliseconds * scale) / per);
    const ours = timings.find(({ contender }) => contender === OURS)?.median ?? NaN;
    for (const { contender, median, minimum, quartiles } of timings) {
      const [low, high] = quartiles;
      const ratio = ours > 0 ? `${(median / ours).toFixed(2)} ×` : '–';
      const between = `${show(low)} – ${show(high)}`;
      table.push([name, contender, show(median), show(minimum), between, ratio]);
    }
  }
  return [title, table.toString(), ...notes].join('\n');
}
