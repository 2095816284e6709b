import { setTimeout as pause } from 'node:timers/promises';

const MAX_ATTEMPTS = 6;
const FIRST_PAUSE_MS = 20;

/**
 * Runs a write again that the server gave up because of others at the same time. DocumentDB answers racing inserts so, without a
 * label the driver would retry by.
 */
export async function retryWrite<T>(write: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await write();
    } catch (error) {
      if (attempt === MAX_ATTEMPTS || !isDeadlock(error)) throw error;
      await pause(FIRST_PAUSE_MS * 2 ** (attempt - 1) * (0.5 + Math.random()));
    }
  }
}

function isDeadlock(error: unknown): boolean {
  return error instanceof Error && /deadlock detected/i.test(error.message);
}
