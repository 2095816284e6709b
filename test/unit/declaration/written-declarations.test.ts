// The rule overflows the stack on Mongoose's types (typescript-eslint 8.73).
import mongoose, { Mongoose, Schema, type SchemaDefinition } from 'mongoose';
import { declareFields } from '../../../src/declaration/declare-fields';
import { Encrypted } from '../../../src/declaration/encrypted';
import { readSchema, readSchemas } from '../../../src/declaration/read-schema';
import { InvalidDeclarationError } from '../../../src/errors';
import { buildPlan } from '../../../src/plan/build-plan';
import { expectRefusal } from './expect-refusal';

class Contact {
  @Encrypted('Deterministic', 'k') phone!: string;
}

class Patient {
  @Encrypted('Deterministic', 'k') ssn!: string;
  @Encrypted('Random', 'k') notes!: string[];
  @Encrypted({ algorithm: 'Random', keyAltName: 'k', whole: true }) address!: object;
  @Encrypted({ algorithm: 'Random', keyAltName: 'k', whole: true }) extra!: unknown;
  @Encrypted({ algorithm: 'Random', keyAltName: 'k', whole: true }) card!: object;
}

const ALL = [
  'ssn',
  'notes',
  'address',
  'extra',
  'card',
  'contacts.phone',
  'main.phone',
  'byName.$*.phone',
  'tags.$*',
];

function patientSchema(): Schema {
  const contact = new Schema({ label: String, phone: { type: String } });
  declareFields(contact, Contact, 'Contact');
  const definition = {
    ssn: { type: String, unique: true },
    notes: [String],
    address: { street: String, geo: { lat: Number, tags: { type: Map, of: String } } },
    extra: {},
    card: new Schema({ number: String }),
    contacts: [contact],
    main: { type: contact, _id: false },
    byName: { type: Map, of: contact },
    tags: { type: Map, of: { type: String, encrypted: { algorithm: 'Random', keyAltName: 'k' } } },
  };
  const schema: Schema = new Schema(definition);
  declareFields(schema, Patient, 'Patient');
  return schema;
}

/** Mongoose copies a schema that is given for a definition; its types do not say so. */
function copyOf(schema: unknown, options?: object): Schema {
  return new Schema(schema as SchemaDefinition, options);
}

function encryptedPaths(schema: Schema): string[] {
  return buildPlan({ name: 'Patient', shapes: readSchemas(schema, 'Patient') }).fields.map(
    ({ path }) => path,
  );
}

describe('a declaration', () => {
  it.each<[string, (schema: Schema) => Schema, string[]]>([
    ['stays where it is written', (schema) => schema, ALL],
    ['survives clone()', (schema) => schema.clone(), ALL],
    ['survives two clones', (schema) => schema.clone().clone(), ALL],
    ['survives new Schema(old)', (schema) => copyOf(schema), ALL],
    ['survives add(old)', (schema) => (new Schema({ more: String }) as Schema).add(schema), ALL],
    ['survives new Schema(clone)', (schema) => copyOf(schema.clone()), ALL],
    ['survives clone() of a copy', (schema) => copyOf(schema).clone(), ALL],
    [
      'survives omit()',
      (schema) => schema.omit(['ssn', 'main']),
      without(ALL, 'ssn', 'main.phone'),
    ],
    [
      'survives pick()',
      (schema) => schema.pick(['ssn', 'address', 'extra', 'card', 'contacts']),
      ['ssn', 'address', 'extra', 'card', 'contacts.phone'],
    ],
    ['survives pick() of a part', (schema) => schema.pick(['address.street']), ['address']],
    [
      'survives a path added inside its nested path',
      (schema) => schema.add({ address: { zip: String } }),
      ALL,
    ],
    ['leaves with its path', (schema) => schema.remove('ssn'), without(ALL, 'ssn')],
    [
      'goes when its path is defined anew',
      (schema) => schema.add({ ssn: Number }),
      without(ALL, 'ssn'),
    ],
  ])('%s', (_, change, expected) => {
    expect(encryptedPaths(change(patientSchema()))).toEqual(expected);
  });

  it('leaves the schema alone that it was copied from', () => {
    const original = new Schema({ ssn: String, notes: [String] });
    class Copied {
      @Encrypted('Random', 'k') ssn!: string;
      @Encrypted('Random', 'k') notes!: string[];
    }
    for (const copy of [original.clone(), copyOf(original), original.omit([])]) {
      declareFields(copy, Copied, 'Copied');
      expect(encryptedPaths(copy)).toEqual(['ssn', 'notes']);
    }
    expect(encryptedPaths(original)).toEqual([]);
  });

  it('leaves the schema alone that it was picked from', () => {
    const original: Schema = new Schema({ ssn: { type: String, trim: true }, tags: [String] });
    original.path('ssn').get((value: string) => value.toUpperCase());
    const picked = original.pick(['ssn', 'tags']);
    declareFields(picked, SsnOnly, 'SsnOnly');
    expect(encryptedPaths(original)).toEqual([]);
    expect(encryptedPaths(picked)).toEqual(['ssn']);
    expect(encryptedPaths(picked.clone())).toEqual(['ssn']);
    const document = new (new Mongoose().model('Picked', picked))({ ssn: ' a ' });
    expect(document.get('ssn')).toBe('A');
    expect(picked.path('ssn').options.constructor).toBe(original.path('ssn').options.constructor);
  });

  it('leaves the developer’s definition alone', () => {
    const definition = { ssn: { type: String }, notes: [String] };
    class Defined {
      @Encrypted('Random', 'k') ssn!: string;
      @Encrypted('Random', 'k') notes!: string[];
    }
    declareFields(new Schema(definition), Defined, 'Defined');
    expect(definition).toEqual({ ssn: { type: String }, notes: [String] });
  });

  it('survives a SchemaType handed over as a definition', () => {
    const other = new Schema({ ssn: String });
    const schema = new Schema({ ssn: other.path('ssn') } as unknown as SchemaDefinition);
    declareFields(schema, SsnOnly, 'SsnOnly');
    expect(encryptedPaths(copyOf(schema))).toEqual(['ssn']);
  });

  it('keeps to the schema’s own typeKey', () => {
    const schema = new Schema(
      { ssn: { $type: String }, notes: [{ $type: String }], type: String },
      { typeKey: '$type' },
    );
    declareFields(schema, SsnOnly, 'SsnOnly');
    expect(encryptedPaths(copyOf(schema, { typeKey: '$type' }))).toEqual(['ssn']);
  });

  it('reaches a parent that was made before it', () => {
    const child = new Schema({ phone: String });
    const parent = new Schema({ one: child, many: [child] });
    declareFields(child, Contact, 'Contact');
    expect(encryptedPaths(parent)).toEqual(['one.phone', 'many.phone']);
  });

  it.each<[string, (child: Schema) => unknown]>([
    ['in a subdocument', (child) => ({ type: child, _id: false })],
    ['in an array', (child) => [{ type: child, _id: false }]],
  ])('is refused where the parent had copied the schema before, %s', (_, definition) => {
    const child: Schema = new Schema({ phone: String }, { _id: false });
    const parent = new Schema({ v: definition(child) } as SchemaDefinition);
    expect(encryptedPaths(parent)).toEqual([]);
    declareFields(child, Contact, 'Contact');
    expectRefusal(() => encryptedPaths(parent), {
      type: InvalidDeclarationError,
      code: 'FLE_INVALID_DECLARATION',
      message:
        'Patient: a schema with the paths phone was copied before "phone" was declared encrypted. Call plugin() with the class before the schema goes into a parent, into discriminator(), or through clone(), omit() or new Schema().',
    });
  });

  it('reaches a parent that copies the schema after it', () => {
    class Nested {
      @Encrypted({ algorithm: 'Random', keyAltName: 'k', whole: true }) home!: object;
    }
    const nested = new Schema({ home: { street: String } });
    declareFields(nested, Nested, 'Nested');
    const contact = new Schema({ phone: String });
    declareFields(contact, Contact, 'Contact');
    const parent: Schema = new Schema({
      nested: { type: nested, _id: false },
      contact: { type: contact, _id: false },
      clear: { type: new Schema({ phone: String }), _id: false },
    });
    expect(encryptedPaths(parent)).toEqual(['nested.home', 'contact.phone']);
  });

  it('needs no definition on its schema', () => {
    const schema: Schema = new Schema();
    schema.add({ ssn: String });
    declareFields(schema, SsnOnly, 'SsnOnly');
    expect(encryptedPaths(schema.clone())).toEqual(['ssn']);
  });

  it('is refused where a discriminator has the path of its base clear', () => {
    const base = mongoose.model('ClearedBase', patientSchema());
    const clear = new Schema({ ssn: { type: String } });
    const { schema } = base.discriminator('ClearedChild', clear);
    const message =
      'Patient.ssn: its discriminators do not declare it alike. Declare it encrypted in the same way in all of them, or give it another name.';
    for (const each of [schema, base.schema]) {
      expectRefusal(() => encryptedPaths(each), {
        type: InvalidDeclarationError,
        code: 'FLE_INVALID_DECLARATION',
        message,
      });
    }
  });

  it('survives into another instance of Mongoose', () => {
    const other = new Mongoose();
    const { schema } = other.model('Patient', patientSchema());
    expect(encryptedPaths(schema)).toEqual(ALL);
  });

  it('survives on a model and on its discriminators', () => {
    const instance = new mongoose.Mongoose();
    const base = instance.model('Base', patientSchema());
    const child = new Schema({ pin: { type: String } });
    class Child extends Patient {
      @Encrypted('Random', 'k') pin!: string;
    }
    declareFields(child, Child, 'Child');
    const discriminator = base.discriminator('Child', child);
    expect(encryptedPaths(discriminator.schema as Schema).sort()).toEqual([...ALL, 'pin'].sort());
    expect(encryptedPaths(base.schema)).toEqual([...ALL, 'pin']);
  });

  it('is found in discriminators that are announced, not compiled', () => {
    const child = new Schema({ ssn: String });
    declareFields(child, SsnOnly, 'Child');
    const base = new Schema({ name: String });
    base.discriminator('Child', child);
    expect(readSchema(base, 'Base').schema.children.has('ssn')).toBe(false);
    expect(encryptedPaths(base)).toEqual(['ssn']);
  });

  it('is found in embedded discriminators', () => {
    const child = new Schema({ ssn: String });
    declareFields(child, SsnOnly, 'Child');
    const announced = new Schema({ label: String });
    announced.discriminator('Child', child);
    const parent: Schema = new Schema({
      one: new Schema({ label: String }),
      many: [new Schema({ label: String })],
      later: [announced],
    });
    parent.path<Schema.Types.Subdocument>('one').discriminator('Child', child);
    parent.path<Schema.Types.DocumentArray>('many').discriminator('Child', child);
    const expected = ['one.ssn', 'many.ssn', 'later.ssn'];
    expect(encryptedPaths(parent)).toEqual(expected);
    expect(encryptedPaths(parent.clone())).toEqual(expected);
  });
});

class SsnOnly {
  @Encrypted('Random', 'k') ssn!: string;
}

function without(paths: readonly string[], ...left: string[]): string[] {
  return paths.filter((path) => !left.includes(path));
}
