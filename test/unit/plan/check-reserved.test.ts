import type { ReservedRole, ValueShape } from '../../../src/declaration/schema-shape';
import { InvalidDeclarationError } from '../../../src/errors';
import { buildPlan } from '../../../src/plan/build-plan';
import { expectRefusal } from '../declaration/expect-refusal';
import { array, DETERMINISTIC, leaf, model, object, RANDOM, schema, WHOLE } from './shapes';

const string = leaf('String');
const INVALID = { type: InvalidDeclarationError, code: 'FLE_INVALID_DECLARATION' } as const;

function build(children: Record<string, ValueShape>, path: string, role: ReservedRole): unknown {
  return buildPlan({ name: 'User', shapes: [model(children, { reserved: [{ path, role }] })] });
}

describe('a reserved path', () => {
  it.each<[ReservedRole, string]>([
    ['_id', 'Mongoose and MongoDB find documents by it. Take the declaration off the path.'],
    [
      'discriminator key',
      'Mongoose finds the schema of a document by it. Take the declaration off the path.',
    ],
    ['version key', 'Mongoose counts changes in it. Take the declaration off the path.'],
    ['timestamp', 'Mongoose writes it by itself. Take the declaration off the path.'],
    [
      'shard key',
      "equal values have to stay on one shard. Declare it 'Deterministic', or shard by another path.",
    ],
    ['time series field', 'the server groups documents by it. Take the declaration off the path.'],
  ])('may not be encrypted as the %s', (role, rest) => {
    expectRefusal(() => build({ v: leaf('Date', RANDOM) }, 'v', role), {
      ...INVALID,
      message: `User.v: "v" is the ${role}, and has to stay clear: ${rest}`,
    });
  });

  it('may be Deterministic as a shard key', () => {
    expect(() => build({ v: leaf('String', DETERMINISTIC) }, 'v', 'shard key')).not.toThrow();
  });

  it('may not be Deterministic otherwise', () => {
    expect(() => build({ v: leaf('String', DETERMINISTIC) }, 'v', '_id')).toThrow(
      InvalidDeclarationError,
    );
  });

  it.each<[string, Record<string, ValueShape>, string, string]>([
    ['inside something encrypted', { meta: object({ at: string }, WHOLE) }, 'meta.at', 'meta'],
    ['around something encrypted', { _id: object({ a: leaf('Date', RANDOM) }) }, '_id', '_id.a'],
  ])('may not stand %s', (_, children, path, field) => {
    const role = path === '_id' ? '_id' : 'timestamp';
    const reason =
      role === '_id' ? 'Mongoose and MongoDB find documents by it' : 'Mongoose writes it by itself';
    expectRefusal(() => build(children, path, role), {
      ...INVALID,
      message: `User.${field}: "${path}" is the ${role}, and has to stay clear: ${reason}. Take the declaration off the path.`,
    });
  });

  it('is guarded in subdocuments as well', () => {
    const contact = schema({ _id: leaf('ObjectId', RANDOM) }, [{ path: '_id', role: '_id' }]);
    const contacts = array({ kind: 'object', schemas: [contact] });
    expectRefusal(() => build({ contacts }, '_id', '_id'), {
      ...INVALID,
      message:
        'User.contacts._id: "_id" is the _id, and has to stay clear: Mongoose and MongoDB find documents by it. Take the declaration off the path.',
    });
  });

  it('may stand inside a subdocument that is encrypted as a whole, with it', () => {
    const contact = schema({ _id: leaf('ObjectId') }, [{ path: '_id', role: '_id' }]);
    const one: ValueShape = { kind: 'object', schemas: [contact], declared: WHOLE };
    expect(() => build({ one }, '_id', '_id')).not.toThrow();
  });
});
