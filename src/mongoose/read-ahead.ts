import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DriverCursor } from './driver-cursor';

/**
 * All that a cursor has left, handed to `decrypt` reply by reply: each while the server is busy with the next. What a reply holds is
 * asked for by the cursor itself, and nothing is asked for twice.
 *
 * Source: driver 7.8, src/cursor/abstract_cursor.ts, `toArray`.
 */
export async function readAhead(
  cursor: DriverCursor,
  decrypt: (documents: unknown[]) => Promise<void>,
): Promise<unknown[]> {
  const all: unknown[] = [];
  const replies = cursor[Symbol.asyncIterator]();
  for (let reply = await replies.next(); reply.done !== true;) {
    const documents = [reply.value, ...cursor.readBufferedDocuments()];
    const following = replies.next();
    try {
      if (!isExhausted(cursor)) await nextTurn(); // so that the request goes out before this thread is busy
      await decrypt(documents);
    } catch (error) {
      await following.catch(() => undefined);
      throw error;
    }
    for (const document of documents) all.push(document);
    reply = await following;
  }
  return all;
}

function isExhausted({ id, closed }: DriverCursor): boolean {
  return closed || (id as { isZero(): boolean } | undefined)?.isZero() === true;
}
