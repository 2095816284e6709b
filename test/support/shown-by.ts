import { inspect } from 'node:util';

/** All that logging the error may show in which `attempt` ends; undefined where it ends in none. */
export async function shownBy(attempt: () => unknown): Promise<string | undefined> {
  const error: unknown = await Promise.resolve()
    .then(attempt)
    .then(
      () => undefined,
      (reason: unknown) => reason,
    );
  if (!(error instanceof Error)) return undefined;
  const { message, stack } = error;
  return [
    message,
    stack,
    String(error),
    inspect(error, { depth: Infinity }),
    JSON.stringify(error),
  ].join();
}
