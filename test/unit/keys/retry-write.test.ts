import { retryWrite } from '../../../src/keys/retry-write';

/** A write that fails with `error` so many times before it succeeds. */
function failing(
  error: Error,
  times: number,
): { write: () => Promise<string>; count: () => number } {
  let calls = 0;
  return {
    write: async () => {
      calls += 1;
      return calls > times ? await Promise.resolve('written') : await Promise.reject(error);
    },
    count: () => calls,
  };
}

describe('retryWrite', () => {
  it.each([
    ['deadlock', new Error('deadlock detected')],
    ['conflict', Object.assign(new Error('The write conflicts with another'), { code: 112 })],
  ])('runs a write again that a %s ended', async (_, error) => {
    const { write, count } = failing(error, 2);
    await expect(retryWrite(write)).resolves.toBe('written');
    expect(count()).toBe(3);
  });

  it('gives up after six attempts', async () => {
    const { write, count } = failing(new Error('deadlock detected'), 10);
    await expect(retryWrite(write)).rejects.toThrow('deadlock detected');
    expect(count()).toBe(6);
  });

  it('leaves every other error as it is', async () => {
    const { write, count } = failing(Object.assign(new Error('E11000'), { code: 11000 }), 1);
    await expect(retryWrite(write)).rejects.toThrow('E11000');
    expect(count()).toBe(1);
  });
});
