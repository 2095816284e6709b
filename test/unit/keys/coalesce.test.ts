import { setImmediate as nextTurn } from 'node:timers/promises';
import { coalesce } from '../../../src/keys/coalesce';

function recorder(): { calls: string[][]; fetch: ReturnType<typeof coalesce<string, string>> } {
  const calls: string[][] = [];
  const fetch = coalesce<string, string>(async (keys) => {
    calls.push([...keys]);
    await nextTurn();
    if (keys.includes('broken')) throw new TypeError('broken');
    return new Map(keys.filter((key) => key !== 'none').map((key) => [key, key.toUpperCase()]));
  });
  return { calls, fetch };
}

describe('coalesce', () => {
  it('fetches once what is asked for in one turn', async () => {
    const { calls, fetch } = recorder();

    const answers = await Promise.all([fetch(['a', 'b']), fetch(['b', 'c']), fetch([])]);

    expect(answers).toEqual([
      new Map([
        ['a', 'A'],
        ['b', 'B'],
      ]),
      new Map([
        ['b', 'B'],
        ['c', 'C'],
      ]),
      new Map(),
    ]);
    expect(calls).toEqual([['a', 'b', 'c']]);
  });

  it('does not fetch again what is on its way', async () => {
    const { calls, fetch } = recorder();

    const first = fetch(['a']);
    await nextTurn();
    await Promise.all([first, fetch(['a', 'b'])]);

    expect(calls).toEqual([['a'], ['b']]);
  });

  it('remembers nothing', async () => {
    const { calls, fetch } = recorder();

    await fetch(['a']);
    await fetch(['a']);

    expect(calls).toEqual([['a'], ['a']]);
  });

  it('answers undefined for a key that has nothing', async () => {
    const { fetch } = recorder();

    expect(await fetch(['none'])).toEqual(new Map([['none', undefined]]));
  });

  it('rejects for all who wait, and fetches anew after that', async () => {
    const { calls, fetch } = recorder();

    const settled = await Promise.allSettled([fetch(['a', 'broken']), fetch(['b'])]);

    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await fetch(['b'])).toEqual(new Map([['b', 'B']]));
    expect(calls).toHaveLength(2);
  });
});
