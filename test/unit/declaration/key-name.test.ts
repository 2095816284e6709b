import { keyNameFault } from '../../../src/declaration/key-name';

describe('keyNameFault', () => {
  it.each(['pii', 'tenant:42', ' ', '😀', 'a'.repeat(500)])(
    'finds nothing wrong with %j',
    (name) => {
      expect(keyNameFault(name)).toBeUndefined();
    },
  );

  it.each([
    ['', 'keyAltName is empty.'],
    ['victim\0attacker', 'keyAltName holds a NUL character.'],
    ['tenant:\ud800', 'keyAltName is not well-formed Unicode.'],
    ['é'.repeat(251), 'keyAltName is longer than 500 bytes of UTF-8.'],
    [42, 'keyAltName is not a string.'],
    [undefined, 'keyAltName is not a string.'],
  ])('says what is wrong with %j', (name, fault) => {
    expect(keyNameFault(name)).toBe(fault);
  });
});
