import { Algorithm, algorithmNameOf } from '../../../src/declaration/algorithm';
import { parseDeclaration, sameDeclaration } from '../../../src/declaration/declaration';
import { InvalidDeclarationError } from '../../../src/errors';
import { expectRefusal } from './expect-refusal';

const REMEDIES = {
  object: "Write it as { algorithm: 'Random', keyAltName: 'patients' }.",
  options: 'Its options are algorithm, keyAltName, whole.',
  algorithm: "Choose 'Deterministic' or 'Random'.",
  name: 'Give the alternate name of a data key as a string, { pointer, prefix }, or a function that returns it.',
  whole: 'Give true, or leave it out.',
};

describe('parseDeclaration', () => {
  it.each([
    ['Deterministic', 'Deterministic'],
    ['Random', 'Random'],
    [Algorithm.Deterministic, 'Deterministic'],
    [Algorithm.Random, 'Random'],
  ])('reads the algorithm %s as %s', (algorithm, name) => {
    expect(algorithmNameOf(algorithm)).toBe(name);
    expect(parseDeclaration({ algorithm, keyAltName: 'k' }, 'User.ssn').algorithm).toBe(name);
  });

  it.each([
    [undefined, false],
    [false, false],
    [true, true],
  ])('reads whole: %s as %s', (whole, expected) => {
    const declaration = parseDeclaration({ algorithm: 'Random', keyAltName: 'k', whole }, 'User');
    expect(declaration).toEqual({ algorithm: 'Random', keyAltName: 'k', whole: expected });
  });

  it('freezes what it returns', () => {
    const declaration = parseDeclaration({ algorithm: 'Random', keyAltName: 'k' }, 'User.ssn');
    expect(Object.isFrozen(declaration)).toBe(true);
  });

  it('takes a key name of 500 bytes', () => {
    const keyAltName = 'é'.repeat(250);
    expect(parseDeclaration({ algorithm: 'Random', keyAltName }, 'User').keyAltName).toBe(
      keyAltName,
    );
  });

  it.each<[string, unknown, string, string]>([
    ['true', true, 'the declaration is not an object.', REMEDIES.object],
    ['null', null, 'the declaration is not an object.', REMEDIES.object],
    ['an array', ['Random', 'k'], 'the declaration is not an object.', REMEDIES.object],
    [
      'a misspelt option',
      { algoritm: 'Random', keyAltName: 'k' },
      'a declaration has no option "algoritm".',
      REMEDIES.options,
    ],
    [
      'an unknown algorithm',
      { algorithm: 'random', keyAltName: 'k' },
      '"random" is not an algorithm.',
      REMEDIES.algorithm,
    ],
    [
      'no algorithm',
      { keyAltName: 'k' },
      'an algorithm of type undefined is none.',
      REMEDIES.algorithm,
    ],
    [
      'a name that is an array',
      { algorithm: 'Random', keyAltName: ['k'] },
      'keyAltName is not a string.',
      REMEDIES.name,
    ],
    ['no name', { algorithm: 'Random' }, 'keyAltName is not a string.', REMEDIES.name],
    [
      'an empty name',
      { algorithm: 'Random', keyAltName: '' },
      'keyAltName is empty.',
      REMEDIES.name,
    ],
    [
      'a name with NUL',
      { algorithm: 'Random', keyAltName: 'victim\0mine' },
      'keyAltName holds a NUL character.',
      REMEDIES.name,
    ],
    [
      'a name longer than 500 bytes of UTF-8',
      { algorithm: 'Random', keyAltName: 'é'.repeat(251) },
      'keyAltName is longer than 500 bytes of UTF-8.',
      REMEDIES.name,
    ],
    [
      'whole that is no boolean',
      { algorithm: 'Random', keyAltName: 'k', whole: 1 },
      'whole is not a boolean.',
      REMEDIES.whole,
    ],
  ])('refuses %s', (_, value, wrong, remedy) => {
    expectRefusal(() => parseDeclaration(value, 'User.ssn'), {
      type: InvalidDeclarationError,
      code: 'FLE_INVALID_DECLARATION',
      message: `User.ssn: ${wrong} ${remedy}`,
    });
  });
});

describe('sameDeclaration', () => {
  const declaration = { algorithm: 'Random', keyAltName: 'k', whole: false } as const;

  it.each([
    [true, declaration],
    [false, { ...declaration, algorithm: 'Deterministic' as const }],
    [false, { ...declaration, keyAltName: 'l' }],
    [false, { ...declaration, whole: true }],
  ])('is %s for %j', (expected, other) => {
    expect(sameDeclaration(declaration, { ...other })).toBe(expected);
  });
});
