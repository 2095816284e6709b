import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from '../machine';
import type { SuiteFigures } from '../suite';

/** What a suite found, and how that came about. */
export interface Measured {
  readonly machine: Machine;
  /** A quick run shows that a suite works; its figures say little. */
  readonly quick: boolean;
  readonly seconds: number;
  /** The load of the machine at the end, the benchmark's own included. */
  readonly loadAfter: number;
  readonly figures: SuiteFigures;
}

/** Digits of a figure that are kept. */
const PRECISION = 4;

/** Writes what a suite found to a file of `folder`, named after the suite. */
export function writeMeasured(folder: string, measured: Measured): void {
  mkdirSync(folder, { recursive: true });
  const text = JSON.stringify(measured, rounded, 2);
  writeFileSync(join(folder, `${measured.figures.name}.json`), `${text}\n`);
}

/** What the suites found whose files are in `folder`. */
export function readMeasured(folder: string): Measured[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Measured);
}

function rounded(_key: string, value: unknown): unknown {
  if (typeof value !== 'number' || Number.isInteger(value)) return value;
  return Number(value.toPrecision(PRECISION));
}
