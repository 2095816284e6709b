/** Is thrown where the time of a piece of work is over. */
export class TimeLimitError extends Error {}

/**
 * Does `work` within `limitMS` milliseconds. Its signal aborts when the time is over, and when the work is done: whatever is still open
 * then is to be closed.
 *
 * @throws {TimeLimitError} where the time is over first.
 */
export async function withinLimit<T>(
  limitMS: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new TimeLimitError());
    }, limitMS);
  });
  try {
    return await Promise.race([work(controller.signal), over]);
  } finally {
    clearTimeout(timer);
    controller.abort();
  }
}
