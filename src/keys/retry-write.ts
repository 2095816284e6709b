import { setTimeout as pause } from 'node:timers/promises';

const MAX_ATTEMPTS = 6;
const FIRST_PAUSE_MS = 20;
/** The server's code for a write that was given up because of another. Source: MongoDB, src/mongo/base/error_codes.yml. */
const WRITE_CONFLICT = 112;

/**
 * Runs a write again that the server gave up because of others at the same time. DocumentDB answers racing inserts so, without a
 * label the driver would retry by.
 */
export async function retryWrite<T>(write: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await write();
    } catch (error) {
      if (attempt === MAX_ATTEMPTS || !isGivenUp(error)) throw error;
      await pause(FIRST_PAUSE_MS * 2 ** (attempt - 1) * (0.5 + Math.random()));
    }
  }
}

function isGivenUp(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (
    (error as { code?: unknown }).code === WRITE_CONFLICT ||
    /deadlock detected/i.test(error.message)
  );
}
