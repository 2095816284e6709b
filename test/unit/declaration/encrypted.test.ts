import 'reflect-metadata';
import { readClassFields, recordsFields } from '../../../src/declaration/class-fields';
import { Encrypted } from '../../../src/declaration/encrypted';
import { InvalidDeclarationError } from '../../../src/errors';
import { expectRefusal } from './expect-refusal';

const NOT_A_FIELD =
  '@Encrypted stands on something that is not a public field of instances. Decorate a field whose name is a path of the schema.';

class Person {
  @Encrypted('Deterministic', 'people') ssn!: string;
}

class Patient extends Person {
  @Encrypted({ algorithm: 'Random', keyAltName: 'patients', whole: true }) notes!: string[];
}

class Doctor extends Person {
  @Encrypted('Random', 'doctors') licence!: number;
}

function legacy(target: unknown, key: unknown, descriptor?: PropertyDescriptor): unknown {
  const decorate = Encrypted('Random', 'k') as (...args: unknown[]) => unknown;
  return decorate(target, key, descriptor);
}

describe('Encrypted, as a legacy decorator', () => {
  it('records the field, its declaration and the type TypeScript emits', () => {
    expect(readClassFields(Person)).toEqual([
      {
        name: 'ssn',
        declaration: { algorithm: 'Deterministic', keyAltName: 'people', whole: false },
        inherited: false,
        designType: String,
      },
    ]);
  });

  it('reads the fields of superclasses before those of the class', () => {
    expect(readClassFields(Patient).map(({ name, inherited }) => [name, inherited])).toEqual([
      ['ssn', true],
      ['notes', false],
    ]);
  });

  it('shares nothing between siblings, nor with the superclass', () => {
    expect(readClassFields(Doctor).map(({ name }) => name)).toEqual(['ssn', 'licence']);
    expect(readClassFields(Person).map(({ name }) => name)).toEqual(['ssn']);
  });

  it('stands beside decorators that read the type TypeScript emits', () => {
    const types: unknown[] = [];
    const Prop = (prototype: object, key: string): void => {
      types.push(Reflect.getMetadata('design:type', prototype, key));
    };
    class Both {
      @Prop @Encrypted('Random', 'k') first!: string;
      @Encrypted('Random', 'k') @Prop second!: number;
    }
    expect(types).toEqual([String, Number]);
    expect(readClassFields(Both).map(({ designType }) => designType)).toEqual([String, Number]);
  });

  it('lets a subclass repeat a declaration that is the same', () => {
    class Nurse extends Person {
      @Encrypted('Deterministic', 'people') declare ssn: string;
    }
    expect(readClassFields(Nurse)).toMatchObject([{ name: 'ssn', inherited: false }]);
  });

  it('refuses a subclass that declares a field differently', () => {
    class Visitor extends Person {
      @Encrypted('Random', 'people') declare ssn: string;
    }
    expectRefusal(() => readClassFields(Visitor), {
      type: InvalidDeclarationError,
      code: 'FLE_INVALID_DECLARATION',
      message:
        'Visitor.ssn: it is declared twice, as Deterministic under "people" and as Random under "people". Keep one of the two.',
    });
  });

  it('refuses a field decorated twice, differently', () => {
    class Twice {
      @Encrypted('Random', 'a')
      @Encrypted('Random', 'b')
      ssn!: string;
    }
    expectRefusal(() => readClassFields(Twice), {
      type: InvalidDeclarationError,
      code: 'FLE_INVALID_DECLARATION',
      message:
        'Twice.ssn: it is declared twice, as Random under "b" and as Random under "a". Keep one of the two.',
    });
  });

  it('tells a class with fields, or with inherited ones, from one without', () => {
    class Plain {
      name!: string;
    }
    class Child extends Person {}
    expect([Person, Child, Plain].map(recordsFields)).toEqual([true, true, false]);
  });

  it('takes the descriptor that Babel gives for a field', () => {
    class Babel {
      ssn!: string;
    }
    legacy(Babel.prototype, 'ssn', { configurable: true, writable: true, enumerable: true });
    legacy(Babel.prototype, 'name', null as never);
    expect(readClassFields(Babel).map(({ name }) => name)).toEqual(['ssn', 'name']);
  });

  it('has no type to tell where reflect-metadata is not loaded', () => {
    const { getMetadata } = Reflect as { getMetadata?: unknown };
    Object.assign(Reflect, { getMetadata: undefined });
    try {
      expect(readClassFields(Person)[0]?.designType).toBeUndefined();
    } finally {
      Object.assign(Reflect, { getMetadata });
    }
  });

  it.each<[string, () => unknown, string]>([
    ['a static field', () => legacy(Person, 'ssn'), 'ssn'],
    ['a class', () => legacy(Person, undefined), 'undefined'],
    ['a symbol', () => legacy(Person.prototype, Symbol('ssn')), 'Symbol(ssn)'],
    ['a method', () => legacy(Person.prototype, 'm', { value: () => 1 }), 'Person.m'],
    ['a getter', () => legacy(Person.prototype, 'g', { get: () => 1 }), 'Person.g'],
    ['a setter', () => legacy(Person.prototype, 's', { set: () => undefined }), 'Person.s'],
    ['nothing', () => legacy(null, 'ssn'), 'ssn'],
  ])('refuses %s', (_, act, where) => {
    expectRefusal(act, {
      type: InvalidDeclarationError,
      code: 'FLE_INVALID_DECLARATION',
      message: `${where}: ${NOT_A_FIELD}`,
    });
  });

  it.each<[string, () => unknown, string]>([
    [
      'an unknown algorithm',
      () => Encrypted('Rot13' as 'Random', 'k'),
      "\"Rot13\" is not an algorithm. Choose 'Deterministic' or 'Random'.",
    ],
    [
      'no key name',
      () => (Encrypted as (...args: unknown[]) => unknown)('Random'),
      'keyAltName is not a string. Give the alternate name of a data key as a string, { pointer, prefix }, or a function that returns it.',
    ],
    [
      'no argument',
      () => (Encrypted as (...args: unknown[]) => unknown)(),
      "the declaration is not an object. Write it as { algorithm: 'Random', keyAltName: 'patients' }.",
    ],
  ])('refuses %s at once', (_, act, message) => {
    expectRefusal(act, {
      type: InvalidDeclarationError,
      code: 'FLE_INVALID_DECLARATION',
      message: `@Encrypted: ${message}`,
    });
  });
});
