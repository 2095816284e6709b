import { SingleBar } from 'cli-progress';
import { errorText } from './error-text';

/** Where a command prints. */
export interface Streams {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

/** How far a long work has come. */
export interface Progress {
  update(done: number, total: number): void;
  stop(): void;
}

/** How something is shown. */
export type Style = 'good' | 'doubtful' | 'bad' | 'faint';

/** What a command prints. Results go to the standard output, everything else to the standard error. */
export interface Output {
  readonly isJson: boolean;
  /** Prints a result: `value` for machines, or what `show` makes for people. */
  result(value: unknown, show: () => string): void;
  /** Prints a line for people beside the result. */
  note(text: string): void;
  failure(error: unknown): void;
  /** Shows a bar where somebody looks. */
  progress(): Progress;
  /** `text` in colour, where the standard output has colours and nobody forbids them by NO_COLOR. */
  paint(style: Style, text: string): string;
}

const CODES: Readonly<Record<Style, number>> = { good: 32, doubtful: 33, bad: 31, faint: 90 };

/** The output of a command; with `isJson` all of it is JSON. */
export function openOutput({ stdout, stderr }: Streams, isJson: boolean): Output {
  // The terminal knows NO_COLOR and FORCE_COLOR; a pipe has no such method.
  const isColourful = stdout.isTTY && stdout.hasColors();
  return {
    isJson,
    result: (value, show) => {
      stdout.write(`${isJson ? JSON.stringify(value, undefined, 2) : show()}\n`);
    },
    note: (text) => {
      if (!isJson) stderr.write(`${text}\n`);
    },
    failure: (error) => {
      const { code, message, causes } = errorText(error);
      if (isJson) stdout.write(`${JSON.stringify({ error: { code, message, causes } })}\n`);
      else stderr.write([message, ...causes.map((cause) => `  Cause: ${cause}`)].join('\n') + '\n');
    },
    progress: () => openProgress(stderr, !isJson && stderr.isTTY),
    paint: (style, text) => (isColourful ? `\x1b[${CODES[style]}m${text}\x1b[0m` : text),
  };
}

function openProgress(stream: NodeJS.WriteStream, isSeen: boolean): Progress {
  if (!isSeen) return { update: () => undefined, stop: () => undefined };
  const bar = new SingleBar({ stream, format: '{bar} {value}/{total}', clearOnComplete: true });
  let isStarted = false;
  return {
    update: (done, total) => {
      if (!isStarted) bar.start(total, 0);
      isStarted = true;
      bar.update(done);
    },
    stop: () => {
      if (isStarted) bar.stop();
    },
  };
}
