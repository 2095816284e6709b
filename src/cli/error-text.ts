import { isFleError } from '../errors';
import { visible } from './visible';
import { withhold } from './withhold';

/** What is printed of an error. */
export interface ErrorText {
  readonly code: string | undefined;
  readonly message: string;
  /** The messages of what led to it, the nearest first. */
  readonly causes: readonly string[];
}

const MAX_CAUSES = 5;
/** What is printed of `error`: its message and those of its causes, without stacks and without secrets. */
export function errorText(error: unknown): ErrorText {
  const code: unknown = (error as { code?: unknown } | null | undefined)?.code;
  return {
    code: typeof code === 'string' ? code : undefined,
    message: messageOf(error),
    causes: causesOf(error).slice(0, MAX_CAUSES).map(messageOf),
  };
}

/** Whether `error` is of the one who called the program, not of what it works on. */
export function isUsageFault(error: unknown): boolean {
  return isFleError(error) && (error.code === 'FLE_CLI_USAGE' || error.code === 'FLE_CLI_CONFIG');
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return 'something was thrown that is no error.';
  // Those of this package hold none; others may, as those that a configuration throws.
  const text = isFleError(error) ? error.message : withhold(`${error.name}: ${error.message}`);
  return text.split('\n').map(visible).join('\n');
}

function causesOf(error: unknown): unknown[] {
  const causes: unknown[] = [];
  let cause = causeOf(error);
  // The cause of Mongoose's error of a server that does not answer is no error.
  while (cause instanceof Error && causes.length < MAX_CAUSES) {
    if (cause instanceof AggregateError) return [...causes, ...(cause.errors as unknown[])];
    causes.push(cause);
    cause = causeOf(cause);
  }
  return causes;
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}
