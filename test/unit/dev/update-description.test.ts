import { Int32, Long } from 'bson';
import { describeUpdate } from '../../../dev/gateway/update-description';

const none = { updatedFields: {}, removedFields: [], truncatedArrays: [] };

describe('describeUpdate', () => {
  it.each<[string, object, object, object]>([
    [
      'what came, changed and went',
      { a: 1, b: 2 },
      { b: 3, c: 4 },
      { updatedFields: { b: 3, c: 4 }, removedFields: ['a'] },
    ],
    [
      'what changed inside',
      { a: { b: 1, c: { d: 1 } } },
      { a: { b: 1, c: { d: 2 } } },
      { updatedFields: { 'a.c.d': 2 } },
    ],
    [
      'a changed and an appended element',
      { a: [1, 2] },
      { a: [1, 3, 4] },
      { updatedFields: { 'a.1': 3, 'a.2': 4 } },
    ],
    [
      'an array that was cut',
      { a: [1, 2] },
      { a: [1] },
      { truncatedArrays: [{ field: 'a', newSize: 1 }] },
    ],
    ['an array that lost its first', { a: [1, 2] }, { a: [2] }, { updatedFields: { a: [2] } }],
    ['an object that became an array', { a: { b: 1 } }, { a: [1] }, { updatedFields: { a: [1] } }],
    [
      'a number of another type',
      { a: new Int32(1) },
      { a: Long.fromNumber(1) },
      { updatedFields: { a: Long.fromNumber(1) } },
    ],
    ['nothing', { a: new Date(1) }, { a: new Date(1) }, {}],
  ])('tells %s', (_, before, after, expected) => {
    expect(describeUpdate(before, after, new Set())).toEqual({ ...none, ...expected });
  });

  it('tells whole what was assigned by name', () => {
    const [before, after] = [{ a: { b: [1, 2] } }, { a: { b: [1, 3] } }];
    expect(describeUpdate(before, after, new Set(['a.b']))).toEqual({
      ...none,
      updatedFields: { 'a.b': [1, 3] },
    });
  });
});
