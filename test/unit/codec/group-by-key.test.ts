import { groupByKey, type KeyTelling } from '../../../src/codec/group-by-key';

interface Item {
  readonly key: string;
  readonly place: number;
}

const items = (keys: string): Item[] => Array.from(keys, (key, place) => ({ key, place }));

describe('groupByKey', () => {
  let asked = 0;
  const telling: KeyTelling<Item> = {
    refOf: ({ key }) => {
      asked += 1;
      return key;
    },
    isSameKey: (one, other) => one.key === other.key,
  };
  const grouped = (keys: string): string =>
    groupByKey(items(keys), telling)
      .map(({ key, place }) => `${key}${place}`)
      .join(' ');

  beforeEach(() => {
    asked = 0;
  });

  it('puts what has one key beside each other, in the order in which it came', () => {
    expect(grouped('abcabca')).toBe('a0 a3 a6 b1 b4 c2 c5');
    expect(grouped('aabba')).toBe('a0 a1 a4 b2 b3');
    expect(grouped('')).toBe('');
  });

  it('hands on what has one key as it is, without making a text', () => {
    const alike = items('aaaa');
    expect(groupByKey(alike, telling)).toBe(alike);
    expect(asked).toBe(0);
  });

  it('makes one text for neighbours of one key', () => {
    expect(grouped('aaabbb')).toBe('a0 a1 a2 b3 b4 b5');
    expect(asked).toBe(2);
  });
});
