import type { CaseFigures } from '../suite';
import type { Measured } from './measured';

/** Contenders as they are named in all suites. */
export const OURS = 'mongoose-fle';
export const PLAIN = 'plain Mongoose';
export const BY_HAND = 'ClientEncryption by hand';
export const AUTOMATIC = 'automatic decryption of the driver';
/** What no contender can be faster than, as long as libmongocrypt does the work. */
export const LIMIT = 'libmongocrypt alone';
/** Writes what others have encrypted: the part of their work that is not encryption. */
export const CIPHERTEXT = 'plain Mongoose, given ciphertext';
/** Is measured twice, to see how much of a difference is none. */
export const PLAIN_AGAIN = 'plain Mongoose, once more';

/** Finds the cases of a suite by their names, or by what these begin with. */
export class Figures {
  readonly #measured: ReadonlyMap<string, Measured>;

  constructor(measured: readonly Measured[]) {
    this.#measured = new Map(measured.map((each) => [each.figures.name, each]));
  }

  suite(name: string): Measured | undefined {
    return this.#measured.get(name);
  }

  case(suite: string, beginning: string): CaseFigures | undefined {
    const { figures } = this.suite(suite) ?? {};
    const exact = figures?.cases.find(({ name }) => name === beginning);
    return exact ?? figures?.cases.find(({ name }) => name.startsWith(beginning));
  }

  /** The median of a contender in the unit of the suite; NaN where it is not measured. */
  median(suite: string, beginning: string, contender: string): number {
    const scale = this.suite(suite)?.figures.scale ?? NaN;
    const { timings = [], per = NaN } = this.case(suite, beginning) ?? {};
    const timing = timings.find((each) => each.contender === contender);
    return ((timing?.median ?? NaN) * scale) / per;
  }
}
