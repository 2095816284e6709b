import type { Connection } from 'mongoose';
import type { Timing } from './measure';

/** Where a suite works. */
export interface Place {
  readonly uri: string;
  /** A database for this run only. */
  readonly dbName: string;
  readonly masterKey: Buffer;
  readonly keyVaultNamespace: string;
  /** Fewer and smaller rounds, to see whether it runs. */
  readonly quick: boolean;
  /** A connection to `dbName`. */
  readonly connection: Connection;
}

/** The figures of one case of a suite: the contenders side by side. */
export interface CaseFigures {
  /** What was done, such as `encrypt, 100 in a batch`. */
  readonly name: string;
  /** How many units of work a round holds: figures are shown for one. */
  readonly per: number;
  readonly timings: readonly Timing[];
  /** The place on the axis, where the cases of a suite show growth. */
  readonly x?: number | undefined;
}

/** What a suite found. */
export interface SuiteFigures {
  readonly name: string;
  readonly title: string;
  /** Of what the figures are: `µs a value`, `ms`. */
  readonly unit: string;
  /** What a millisecond is in this unit. */
  readonly scale: number;
  readonly cases: readonly CaseFigures[];
  /** What was found besides, such as a count, in sentences. */
  readonly notes?: readonly string[] | undefined;
}

export interface Suite {
  readonly name: string;
  readonly run: (place: Place) => Promise<SuiteFigures>;
}
