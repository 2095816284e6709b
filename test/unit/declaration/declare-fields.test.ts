// The rule overflows the stack on Mongoose's types (typescript-eslint 8.73).
import 'reflect-metadata';
import { Schema, SchemaType, type SchemaDefinition } from 'mongoose';
import {
  checkDeclared,
  declareFields,
  type ClassSource,
} from '../../../src/declaration/declare-fields';
import { Encrypted } from '../../../src/declaration/encrypted';
import {
  InvalidDeclarationError,
  InvalidOptionsError,
  NothingEncryptedError,
} from '../../../src/errors';
import { expectRefusal } from './expect-refusal';

const INVALID = { type: InvalidDeclarationError, code: 'FLE_INVALID_DECLARATION' } as const;

class Patient {
  name!: string;
  @Encrypted('Deterministic', 'patients') ssn!: string;
}

class Address {
  @Encrypted({ algorithm: 'Random', keyAltName: 'patients', whole: true }) address!: object;
}

function encryptedAt(schema: Schema, path: string): unknown {
  return schema.path(path).options['encrypted'];
}

const DECLARED = { algorithm: 'Deterministic', keyAltName: 'patients', whole: false };

describe('declareFields', () => {
  it('writes the declaration of a field into the options of its path', () => {
    const schema = new Schema({ name: String, ssn: String });
    declareFields(schema, Patient, 'Patient');
    expect(encryptedAt(schema, 'ssn')).toEqual(DECLARED);
    expect(encryptedAt(schema, 'name')).toBeUndefined();
  });

  it('changes nothing without a class', () => {
    const schema = new Schema({ ssn: String });
    declareFields(schema, undefined, 'Patient');
    expect(encryptedAt(schema, 'ssn')).toBeUndefined();
  });

  it('takes a function that returns the class', () => {
    const schema = new Schema({ ssn: String });
    declareFields(schema, () => Patient, 'Patient');
    expect(encryptedAt(schema, 'ssn')).toEqual(DECLARED);
  });

  it('takes a class compiled to a function', () => {
    const Compiled = function Compiled() {
      return undefined;
    };
    (Encrypted('Random', 'k') as (...args: unknown[]) => void)(Compiled.prototype, 'ssn');
    const schema = new Schema({ ssn: String });
    declareFields(schema, Compiled as unknown as ClassSource, 'Compiled');
    expect(encryptedAt(schema, 'ssn')).toMatchObject({ keyAltName: 'k' });
  });

  it('finds the path of a field that bears its alias', () => {
    const schema = new Schema({ s: { type: String, alias: 'ssn' } });
    declareFields(schema, Patient, 'Patient');
    expect(encryptedAt(schema, 's')).toEqual(DECLARED);
  });

  it('may be repeated', () => {
    const schema = new Schema({ ssn: String, address: { street: String } });
    for (const source of [Patient, Address, Patient, Address]) {
      declareFields(schema, source, 'Patient');
    }
    expect(encryptedAt(schema, 'ssn')).toEqual(DECLARED);
  });

  it('accepts a path option that says the same', () => {
    const schema = new Schema({
      ssn: { type: String, encrypted: { algorithm: 'Deterministic', keyAltName: 'patients' } },
    });
    expect(() => {
      declareFields(schema, Patient, 'Patient');
    }).not.toThrow();
  });

  it('refuses a path option that says something else', () => {
    const schema = new Schema({
      ssn: { type: String, encrypted: { algorithm: 'Random', keyAltName: 'patients' } },
    });
    expectRefusal(
      () => {
        declareFields(schema, Patient, 'Patient');
      },
      {
        ...INVALID,
        message:
          'Patient.ssn: it is declared twice, as Deterministic under "patients" and as Random under "patients". Keep one of the two.',
      },
    );
  });

  it('refuses a nested path that another class declares otherwise', () => {
    class Other {
      @Encrypted({ algorithm: 'Random', keyAltName: 'other', whole: true }) address!: object;
    }
    const schema = new Schema({ address: { street: String } });
    declareFields(schema, Address, 'Address');
    expectRefusal(
      () => {
        declareFields(schema, Other, 'Other');
      },
      {
        ...INVALID,
        message:
          'Other.address: it is declared twice, as Random under "other" as a whole and as Random under "patients" as a whole. Keep one of the two.',
      },
    );
  });

  it('refuses a field the schema does not have', () => {
    const schema = new Schema({ snn: String });
    const error = expectRefusal(
      () => {
        declareFields(schema, Patient, 'patientSchema');
      },
      {
        ...INVALID,
        message:
          'Patient.ssn: the schema of patientSchema has no path "ssn". Add the path to the schema before the plugin, or take @Encrypted off the field.',
      },
    );
    expect(error).toMatchObject({ model: undefined, path: 'ssn' });
  });

  it('leaves a superclass’s field that the schema lacks to the base schema', () => {
    class Doctor extends Patient {
      @Encrypted('Random', 'doctors') licence!: string;
    }
    const schema = new Schema({ licence: String });
    declareFields(schema, Doctor, 'Doctor');
    expect(encryptedAt(schema, 'licence')).toMatchObject({ keyAltName: 'doctors' });
  });

  it('refuses a class without declarations', () => {
    class Plain {
      name!: string;
    }
    expectRefusal(
      () => {
        declareFields(new Schema({}), Plain, 'plainSchema');
      },
      {
        type: NothingEncryptedError,
        code: 'FLE_NOTHING_ENCRYPTED',
        message:
          'plainSchema: the class Plain has no field with @Encrypted. Decorate its fields, or leave the option class out and use the path option encrypted.',
      },
    );
  });

  it.each<[string, unknown]>([
    ['a name', 'Patient'],
    ['an instance', new Patient()],
    ['a function that returns no class', () => new Patient()],
  ])('refuses %s for a class', (_, source) => {
    expectRefusal(
      () => {
        declareFields(new Schema({}), source as ClassSource, 'patientSchema');
      },
      {
        type: InvalidOptionsError,
        code: 'FLE_INVALID_OPTIONS',
        message:
          "patientSchema: the plugin's option class is neither a class nor a function that returns one. Give the class that has the @Encrypted fields, or () => TheClass where it is evaluated later.",
      },
    );
  });
});

describe('declareFields, on the type that TypeScript emits', () => {
  class Custom extends SchemaType {
    constructor(path: string, options: object) {
      super(path, options, 'Custom');
    }
  }
  Object.assign(Schema.Types, { Custom });

  const fieldOf = (designType: unknown): ClassSource => {
    class Typed {
      @Encrypted('Random', 'k') field!: unknown;
    }
    Reflect.defineMetadata('design:type', designType, Typed.prototype, 'field');
    return Typed;
  };

  class Locality {
    street!: string;
  }

  it.each<[unknown, unknown]>([
    [String, String],
    [String, Schema.Types.ObjectId],
    [String, Schema.Types.UUID],
    [String, Schema.Types.Decimal128],
    [Number, Number],
    [Number, Schema.Types.Int32],
    [Number, Schema.Types.Double],
    [Boolean, Boolean],
    [BigInt, BigInt],
    [Date, Date],
    [Array, [String]],
    [Map, Map],
    [Buffer, Buffer],
    [Object, String],
    [undefined, String],
    [Locality, String],
    [Locality, { a: String }],
    [String, Schema.Types.Mixed],
    [Number, Custom],
  ])('accepts %p for %p', (designType, type) => {
    const schema = new Schema({ field: { type } });
    expect(() => {
      declareFields(schema, fieldOf(designType), 'Typed');
    }).not.toThrow();
  });

  it.each<[unknown, unknown, string, string]>([
    [String, Number, 'String', 'Number'],
    [Number, String, 'Number', 'String'],
    [Number, BigInt, 'Number', 'BigInt'],
    [Boolean, String, 'Boolean', 'String'],
    [Date, String, 'Date', 'String'],
    [Array, String, 'Array', 'String'],
    [String, [String], 'String', 'Array'],
    [Map, { a: String }, 'Map', 'Embedded'],
  ])('refuses %p for %p', (designType, type, said, stored) => {
    const schema = new Schema({ field: { type } });
    expectRefusal(
      () => {
        declareFields(schema, fieldOf(designType), 'Typed');
      },
      {
        ...INVALID,
        message: `Typed.field: the class says ${said}, the schema says ${stored}. Give both the same type.`,
      },
    );
  });
});

describe('checkDeclared', () => {
  class Doctor extends Patient {
    @Encrypted('Random', 'doctors') licence!: string;
  }

  it('accepts a schema that declares every field, inherited ones too', () => {
    const schema = new Schema({ ssn: String, licence: String });
    declareFields(schema, Doctor, 'Doctor');
    expect(() => {
      checkDeclared(schema, Doctor, 'Doctor');
    }).not.toThrow();
  });

  it('refuses a schema that lacks an inherited field', () => {
    const schema = new Schema({ licence: String });
    declareFields(schema, Doctor, 'Doctor');
    expectRefusal(
      () => {
        checkDeclared(schema, Doctor, 'Doctor');
      },
      {
        ...INVALID,
        message:
          'Doctor.ssn: the schema of Doctor has no path "ssn". Add the path to the schema before the plugin, or take @Encrypted off the field.',
      },
    );
  });

  it.each<[string, SchemaDefinition]>([
    ['a path', { ssn: String }],
    ['a nested path', { ssn: { area: String } }],
  ])('refuses %s that came after the plugin', (_, definition) => {
    const schema = new Schema({ licence: String });
    declareFields(schema, Doctor, 'Doctor');
    schema.add(definition);
    expectRefusal(
      () => {
        checkDeclared(schema, () => Doctor, 'Doctor');
      },
      {
        ...INVALID,
        message:
          'Doctor.ssn: the path "ssn" of Doctor came into the schema after the plugin, and is not encrypted. Call schema.plugin() after the last schema.add(), and on the base schema as well.',
      },
    );
  });

  it('refuses a path that its base schema declares differently', () => {
    const encrypted = { algorithm: 'Random', keyAltName: 'base' } as const;
    const schema = new Schema({ licence: String });
    declareFields(schema, Doctor, 'Doctor');
    schema.add({ ssn: { type: String, encrypted } });
    expectRefusal(
      () => {
        checkDeclared(schema, Doctor, 'Doctor');
      },
      {
        ...INVALID,
        message:
          'Doctor.ssn: it is declared twice, as Deterministic under "patients" and as Random under "base". Keep one of the two.',
      },
    );
  });
});
