import { openReadyKeys } from '../../../src/keys/ready-keys';

describe('openReadyKeys', () => {
  let now = 0;

  beforeEach(() => {
    jest.spyOn(performance, 'now').mockImplementation(() => now);
  });

  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('names those it was not told of, each once', () => {
    const ready = openReadyKeys(undefined);
    ready.add(['pii']);

    expect(ready.others(['pii', 'card', 'card'])).toEqual(['card']);
  });

  it.each([
    [undefined, 30_000],
    [1000, 500],
  ])('forgets them after half of the expiration %p', (expiration, lasting) => {
    const ready = openReadyKeys(expiration);
    now = 7;
    ready.add(['pii']);

    now = 7 + lasting - 1;
    expect(ready.others(['pii'])).toEqual([]);
    now = 7 + lasting;
    expect(ready.others(['pii'])).toEqual(['pii']);
  });

  it('forgets none where keys never expire', () => {
    const ready = openReadyKeys(0);
    ready.add(['pii']);

    now = 1e12;
    expect(ready.others(['pii'])).toEqual([]);
  });
});
