import { keyNameFault } from '../../../src/keys/key-name';

describe('keyNameFault', () => {
  it.each(['pii', 'tenant:42', ' ', '😀', 'a'.repeat(500)])(
    'finds nothing wrong with %j',
    (name) => {
      expect(keyNameFault(name)).toBeUndefined();
    },
  );

  it.each([
    ['', 'the key name is empty.'],
    ['victim\0attacker', 'the key name holds a NUL character.'],
    ['tenant:\ud800', 'the key name is not well-formed Unicode.'],
    ['é'.repeat(251), 'the key name is longer than 500 bytes.'],
    [42, 'the key name is not text.'],
    [undefined, 'the key name is not text.'],
  ])('says what is wrong with %j', (name, fault) => {
    expect(keyNameFault(name)).toBe(fault);
  });
});
