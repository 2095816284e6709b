import { Schema } from 'mongoose';
import { readSchema } from '../../../src/declaration/read-schema';
import { InvalidDeclarationError } from '../../../src/errors';
import { expectRefusal } from './expect-refusal';

const { Types } = Schema;
const encrypted = { algorithm: 'Random', keyAltName: 'k' } as const;
const whole = { ...encrypted, whole: true } as const;
const ssn = { type: String, encrypted };

function read(definition: object, options?: object): void {
  readSchema(new Schema({ a: definition }, options), 'User');
}

/** A schema that stands in itself, before its other paths. */
function recursive(definition: object): Schema {
  const schema: Schema = new Schema({});
  schema.add({ self: schema });
  return schema.add(definition as never);
}

describe('a declaration that Mongoose would drop is refused', () => {
  it.each<[string, object, string]>([
    ['values of a Map', { type: Map, of: { type: { ssn } } }, 'type.ssn'],
    [
      'values of a Map of Maps',
      { type: Map, of: { type: Map, of: { type: { ssn } } } },
      'type.ssn',
    ],
    ['deep values of a Map', { type: Map, of: { type: { b: [{ ssn }] } } }, 'type.b.0.ssn'],
    ['a member of a Union', { type: Types.Union, of: [{ ssn }, String] }, 'ssn'],
    ['a typed member of a Union', { type: Types.Union, of: [{ type: { ssn } }] }, 'type.ssn'],
    ['elements of an array', [{ type: Types.Mixed, ssn }], 'ssn'],
    ['a Mixed path with an of', { type: Types.Mixed, of: { ssn } }, 'of.ssn'],
    ['an Object with paths', { type: Object, ssn }, 'ssn'],
    ['a Map with paths and no of', { type: Map, ssn }, 'ssn'],
    ['a Mixed path that is declared', { type: Object, encrypted: whole, of: { ssn } }, 'of.ssn'],
    ['a Schema inside', { type: Map, of: { type: { b: new Schema({ ssn }) } } }, 'type.b.ssn'],
    ['a recursive Schema inside', { type: Object, of: recursive({ ssn }) }, 'of.ssn'],
  ])('in %s', (_, definition, place) => {
    expectRefusal(
      () => {
        read(definition);
      },
      {
        type: InvalidDeclarationError,
        code: 'FLE_INVALID_DECLARATION',
        message: `User.a: Mongoose takes the definition for Mixed and drops what is declared in it, at ${place}. Write the object inside as a Schema of its own, as in \`of: new Schema({ … })\`.`,
      },
    );
  });

  it('under another typeKey', () => {
    const of = { $type: { ssn: { $type: String, encrypted } } };
    expect(() => {
      read({ $type: Map, of }, { typeKey: '$type' });
    }).toThrow('at $type.ssn.');
  });
});

describe('a Mixed path is accepted', () => {
  it.each<[string, object]>([
    ['with its own declaration', { type: Types.Mixed, encrypted: whole }],
    ['made of an empty object', { type: {}, encrypted: whole }],
    ['in a Map', { type: Map, of: { type: Types.Mixed, encrypted: whole } }],
    ['in an array', [{ type: Types.Mixed, encrypted: whole }]],
    ['in a Union', { type: Types.Union, of: [Types.Mixed, String], encrypted }],
    ['with a default that looks like a declaration', { type: Object, default: { encrypted } }],
    ['with options of others', { type: Object, meta: { encrypted: true, of: [null, new Date()] } }],
    ['with a recursive Schema among its options', { type: Object, of: recursive({ n: Number }) }],
    ['without a declaration, in a Map', { type: Map, of: { type: { name: String } } }],
  ])('%s', (_, definition) => {
    expect(() => {
      read(definition);
    }).not.toThrow();
  });

  it('beside definitions that Mongoose reads', () => {
    const inner = new Schema({ ssn });
    for (const of of [{ ssn }, inner, { type: inner }, [{ ssn }], [{ type: { ssn } }]]) {
      expect(() => {
        read({ type: Map, of });
      }).not.toThrow();
    }
  });
});
