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
  decrypt: (reply: unknown[]) => Promise<unknown[]>,
): Promise<unknown[]> {
  const all: unknown[] = [];
  const replies = cursor[Symbol.asyncIterator]();
  for (let reply = await replies.next(); reply.done !== true;) {
    const batch = [reply.value, ...cursor.readBufferedDocuments()];
    const following = replies.next();
    following.catch(() => undefined); // it may fail while this thread is busy: it is told when its turn comes
    try {
      if (!isExhausted(cursor)) await nextTurn(); // so that the request goes out before this thread is busy
      for (const document of await decrypt(batch)) all.push(document);
    } finally {
      await Promise.allSettled([following]); // who is told of an error may close the connection
    }
    reply = await following;
  }
  return all;
}

function isExhausted({ id, closed }: DriverCursor): boolean {
  return closed || (id as { isZero(): boolean } | undefined)?.isZero() === true;
}
