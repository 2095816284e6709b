import { runInNewContext } from 'node:vm';
import { ModuleKind, ScriptTarget, transpileModule } from 'typescript';
import { readClassFields, type ClassReference } from '../../../src/declaration/class-fields';
import { METADATA } from '../../../src/declaration/decorator-metadata';
import { Encrypted } from '../../../src/declaration/encrypted';
import { InvalidDeclarationError } from '../../../src/errors';
import { expectRefusal } from './expect-refusal';

type Classes = Readonly<Record<'Person' | 'Patient' | 'Doctor' | 'Visitor', ClassReference>>;

/** Compiles `source` as a TypeScript project without `experimentalDecorators` does, runs it and returns its exports. */
function run(source: string, symbol: unknown = Symbol): Classes {
  const { outputText } = transpileModule(source, {
    compilerOptions: { target: ScriptTarget.ES2022, module: ModuleKind.CommonJS },
  });
  const exports = {};
  runInNewContext(outputText, { exports, Encrypted, Symbol: symbol, Object, TypeError });
  return exports as Classes;
}

const FIELDS = `
  export class Person { @Encrypted('Deterministic', 'people') ssn; }
  export class Patient extends Person {
    @Encrypted({ algorithm: 'Random', keyAltName: 'patients' }) notes = [];
  }
  export class Doctor extends Person { @Encrypted('Random', 'doctors') licence; }
  export class Visitor extends Person { @Encrypted('Random', 'people') ssn; }
`;

const namesOf = (source: ClassReference): string[] =>
  readClassFields(source).map(({ name }) => name);

describe('Encrypted, as a standard decorator', () => {
  it('sets Symbol.metadata on import where Node has none', () => {
    expect(METADATA).toBe((Symbol as { metadata?: symbol }).metadata);
  });

  it('keeps the Symbol.metadata that is there', () => {
    jest.isolateModules(() => {
      const again = jest.requireActual<{ METADATA: symbol }>(
        '../../../src/declaration/decorator-metadata',
      );
      expect(again.METADATA).toBe(METADATA);
    });
  });

  it('records the field and its declaration', () => {
    const { Person } = run(FIELDS);
    expect(readClassFields(Person)).toEqual([
      {
        name: 'ssn',
        declaration: { algorithm: 'Deterministic', keyAltName: 'people', whole: false },
        inherited: false,
        designType: undefined,
      },
    ]);
  });

  it('reads inherited fields, and shares nothing between siblings', () => {
    const { Person, Patient, Doctor } = run(FIELDS);
    expect([namesOf(Patient), namesOf(Doctor), namesOf(Person)]).toEqual([
      ['ssn', 'notes'],
      ['ssn', 'licence'],
      ['ssn'],
    ]);
  });

  it('refuses a subclass that declares a field differently', () => {
    const { Visitor } = run(FIELDS);
    expectRefusal(() => readClassFields(Visitor), {
      type: InvalidDeclarationError,
      code: 'FLE_INVALID_DECLARATION',
      message:
        'Visitor.ssn: it is declared twice, as Deterministic under "people" and as Random under "people". Keep one of the two.',
    });
  });

  it('refuses to forget a field where there is no metadata', () => {
    const bare = Object.assign((name: string) => Symbol(name), { iterator: Symbol.iterator });
    expectRefusal(() => run(FIELDS, bare), {
      type: InvalidDeclarationError,
      code: 'FLE_INVALID_DECLARATION',
      message:
        'ssn: the decorator was given no metadata object to record the field in. Import mongoose-fle before the decorated class, and compile with a tool that supports decorator metadata.',
    });
  });

  it.each([
    ['a static field', 'static ssn', 'ssn'],
    ['a private field', '#ssn', '#ssn'],
    ['a method', 'ssn() {}', 'ssn'],
    ['an accessor', 'accessor ssn', 'ssn'],
    ['a getter', 'get ssn() { return 1 }', 'ssn'],
    ['a symbol', '[Symbol.iterator]', 'Symbol(Symbol.iterator)'],
  ])('refuses %s', (_, member, where) => {
    expectRefusal(() => run(`export class Person { @Encrypted('Random', 'k') ${member}; }`), {
      type: InvalidDeclarationError,
      code: 'FLE_INVALID_DECLARATION',
      message: `${where}: @Encrypted stands on something that is not a public field of instances. Decorate a field whose name is a path of the schema.`,
    });
  });

  it('refuses a class', () => {
    expectRefusal(() => run(`@Encrypted('Random', 'k') export class Person {}`), {
      type: InvalidDeclarationError,
      code: 'FLE_INVALID_DECLARATION',
      message:
        'Person: @Encrypted stands on something that is not a public field of instances. Decorate a field whose name is a path of the schema.',
    });
  });
});
