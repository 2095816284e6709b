import { setTimeout as pause } from 'node:timers/promises';
import type { DriverCursor } from '../../../src/mongoose/driver-cursor';
import { readAhead } from '../../../src/mongoose/read-ahead';

/** A cursor of one reply after the other; an error stands for a request that fails at once. */
function cursorOver(replies: readonly (readonly unknown[] | Error)[]): DriverCursor {
  let buffered: unknown[] = [];
  async function* documents(): AsyncGenerator<unknown, void> {
    for (const reply of replies) {
      await Promise.resolve();
      if (reply instanceof Error) throw reply;
      const [first, ...others] = reply;
      buffered = others;
      yield first;
    }
  }
  const iterator = documents();
  return {
    closed: false,
    id: { isZero: () => false },
    [Symbol.asyncIterator]: () => iterator,
    readBufferedDocuments: () => buffered.splice(0),
  } as unknown as DriverCursor;
}

describe('reading all that a cursor has', () => {
  it('gives every document once, in order, as decrypt makes it', async () => {
    const decrypted: unknown[][] = [];
    const read = await readAhead(cursorOver([[1, 2], [3], [4, 5, 6]]), async (reply) => {
      decrypted.push(reply);
      await pause(1);
      return reply.map((each) => Number(each) * 10);
    });
    expect(read).toEqual([10, 20, 30, 40, 50, 60]);
    expect(decrypted).toEqual([[1, 2], [3], [4, 5, 6]]);
  });

  it('rejects with the error of the next request, and minds it from the moment it is sent', async () => {
    const lost = new Error('the connection is lost');
    let isMinded = false;
    const failing = Promise.reject(lost);
    const then = failing.then.bind(failing);
    failing.then = ((...handlers: Parameters<typeof then>) => {
      isMinded = true;
      return then(...handlers);
    }) as typeof failing.then;
    const requests = [Promise.resolve({ value: 1, done: false }), failing];
    const cursor = {
      ...cursorOver([]),
      [Symbol.asyncIterator]: () => ({ next: () => requests.shift() }),
    } as unknown as DriverCursor;
    let wasMinded = false;
    const reading = readAhead(cursor, async (reply) => {
      wasMinded = isMinded; // otherwise Node.js ends the process, which is told of a rejection that nobody minds
      return await Promise.resolve(reply);
    });
    await expect(reading).rejects.toBe(lost);
    expect(wasMinded).toBe(true);
  });

  it('rejects with the error of decrypting, once the request that was sent has ended', async () => {
    const wrong = new Error('cannot be decrypted');
    const lost = new Error('the connection is lost');
    for (const next of [[2], lost]) {
      const reading = readAhead(cursorOver([[1], next]), () => Promise.reject(wrong));
      await expect(reading).rejects.toBe(wrong);
    }
  });
});
