import type { Streams } from './output';

/** The exit codes: done; failed, or found something wrong; called wrongly, or without a configuration that can be loaded. */
export const EXIT = { done: 0, failed: 1, usage: 2 } as const;

/** What a command is added with. */
export interface Surroundings {
  readonly streams: Streams;
  /** Is called with the exit code of a command that found something wrong. */
  readonly setExitCode: (code: number) => void;
}
