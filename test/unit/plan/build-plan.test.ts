import type { SchemaShape, ValueShape } from '../../../src/declaration/schema-shape';
import { InvalidDeclarationError } from '../../../src/errors';
import { buildPlan } from '../../../src/plan/build-plan';
import { encryptedPathsOf } from '../../../src/plan/encrypted-paths';
import type { EncryptionPlan } from '../../../src/plan/encryption-plan';
import { fieldsBelow, resolvePath } from '../../../src/plan/resolve-path';
import { expectRefusal } from '../declaration/expect-refusal';
import { array, DETERMINISTIC, leaf, map, model, object, RANDOM, schema, WHOLE } from './shapes';

const INVALID = { type: InvalidDeclarationError, code: 'FLE_INVALID_DECLARATION' } as const;

function planOf(...discriminators: Readonly<Record<string, ValueShape>>[]): EncryptionPlan {
  return buildPlan({ name: 'User', shapes: discriminators.map((each) => model(each)) });
}

const pathsOf = ({ fields }: EncryptionPlan): string[] => fields.map(({ path }) => path);

const string = leaf('String');
const secret = leaf('String', RANDOM);

describe('buildPlan', () => {
  it('returns an empty plan for a schema that declares nothing', () => {
    const plan = planOf({ name: string, tags: array(string), meta: object({ at: leaf('Date') }) });
    expect(plan).toEqual({
      name: 'User',
      root: { kind: 'object', children: new Map(), rest: undefined },
      fields: [],
      versionKey: '__v',
    });
  });

  it('returns an empty plan for no schema at all', () => {
    expect(planOf().versionKey).toBeUndefined();
  });

  it('makes a node of each way to an encrypted field, and none of the clear ones', () => {
    const field = (path: string): object => ({
      kind: 'field',
      field: { path, ...RANDOM, type: 'String' },
    });
    const plan = planOf({
      name: string,
      ssn: secret,
      clear: object({ a: string }),
      address: object({ city: secret, zip: string }),
      contacts: array(object({ phone: secret, label: string })),
      tags: array(secret),
      matrix: array(array(secret)),
      settings: map(secret),
      people: map(object({ ssn: secret })),
    });
    const children = (entries: Record<string, object>): object => ({
      kind: 'object',
      children: new Map(Object.entries(entries)),
      rest: undefined,
    });
    const rest = (node: object): object => ({ kind: 'object', children: new Map(), rest: node });
    expect(plan.root).toEqual(
      children({
        ssn: field('ssn'),
        address: children({ city: field('address.city') }),
        contacts: { kind: 'array', element: children({ phone: field('contacts.phone') }) },
        tags: { kind: 'array', element: field('tags') },
        matrix: { kind: 'array', element: { kind: 'array', element: field('matrix') } },
        settings: rest(field('settings.$*')),
        people: rest(children({ ssn: field('people.$*.ssn') })),
      }),
    );
    expect(pathsOf(plan)).toEqual([
      'ssn',
      'address.city',
      'contacts.phone',
      'tags',
      'matrix',
      'settings.$*',
      'people.$*.ssn',
    ]);
  });

  it('freezes the plan and what it holds', () => {
    const plan = planOf({ contacts: array(object({ phone: secret })) });
    const contacts = plan.root.children.get('contacts');
    for (const part of [plan, plan.fields, plan.fields[0], plan.root, contacts]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });

  it('encrypts the elements of an array that is declared, at any depth', () => {
    const plan = planOf({
      tags: array(string, RANDOM),
      matrix: array(array(string), DETERMINISTIC),
    });
    expect(plan.fields).toEqual([
      { path: 'tags', ...RANDOM, type: 'String' },
      { path: 'matrix', ...DETERMINISTIC, type: 'String' },
    ]);
  });

  it('accepts an array and its elements declared alike', () => {
    expect(pathsOf(planOf({ tags: array(secret, RANDOM) }))).toEqual(['tags']);
  });

  it('refuses an array and its elements declared differently', () => {
    expectRefusal(() => planOf({ tags: array(secret, DETERMINISTIC) }), {
      ...INVALID,
      message:
        'User.tags: it is declared twice, as Deterministic under "k" and as Random under "k". Keep one of the two.',
    });
  });

  it.each<[string, ValueShape, string]>([
    ['a subdocument', object({ city: secret }, WHOLE), '"city" inside it'],
    [
      'a subdocument, deeper',
      object({ a: array(object({ b: secret })) }, WHOLE),
      '"a.b" inside it',
    ],
    ['a Map', map(secret, WHOLE), '"$*" inside it'],
    ['an array', array(secret, WHOLE), 'its elements'],
    ['a Union', { ...leaf('Union', RANDOM), members: [string, secret] }, 'its elements'],
  ])('refuses a field inside %s that is encrypted already', (_, value, inside) => {
    expectRefusal(() => planOf({ v: value }), {
      ...INVALID,
      message: `User.v: it is encrypted as a whole, and ${inside} would be encrypted again. Keep one of the two declarations.`,
    });
  });

  it('refuses a member of a Union that is declared encrypted', () => {
    expectRefusal(() => planOf({ v: { ...leaf('Union'), members: [string, secret] } }), {
      ...INVALID,
      message:
        'User.v: a member of a Union is declared encrypted. Declare the Union itself encrypted.',
    });
  });

  it.each<[string, ValueShape]>([
    ['on the path itself', { ...secret, automatic: true }],
    ['around it', { ...object({ city: secret }), automatic: true }],
    ['inside it', object({ city: { ...string, automatic: true } }, WHOLE)],
  ])('refuses Mongoose’s own encryption %s', (_, value) => {
    expectRefusal(() => planOf({ v: value }), {
      ...INVALID,
      message:
        "User.v: Mongoose's own option encrypt stands there beside encrypted. Keep one of the two.",
    });
  });

  it('leaves Mongoose’s own encryption of another path alone', () => {
    expect(pathsOf(planOf({ a: { ...string, automatic: true }, b: secret }))).toEqual(['b']);
  });

  it('names the model in errors, where there is one', () => {
    const shapes = [model({ v: leaf('Mixed', RANDOM) })];
    const refusal = {
      ...INVALID,
      message: 'User.v: a Mixed is encrypted only as a whole. Add whole: true.',
    };
    expect(expectRefusal(() => buildPlan({ name: 'User', shapes }), refusal)).toMatchObject({
      model: 'User',
      path: 'v',
    });
    expect(
      expectRefusal(() => buildPlan({ name: 'User', isModel: false, shapes }), refusal),
    ).toMatchObject({ model: undefined, path: 'v' });
  });
});

describe('buildPlan, for recursive schemas', () => {
  function recursive(): SchemaShape {
    const children = new Map<string, ValueShape>([['text', secret]]);
    const comment: SchemaShape = { children, reserved: [] };
    const again: ValueShape = { kind: 'object', schemas: [comment] };
    children.set('replies', array(again)).set('last', again).set('byName', map(again));
    return comment;
  }

  it('leads to the fields at every depth, and lists each of the first depths once', () => {
    const plan = buildPlan({ name: 'Comment', shapes: [{ ...model({}), schema: recursive() }] });
    const paths = ['text', 'replies.text', 'last.text', 'byName.$*.text'];
    expect(pathsOf(plan)).toEqual(paths);
    expect(fieldsBelow(plan.root).map(({ path }) => path)).toEqual(paths);
    expect(resolvePath(plan.root, 'replies.0.replies.3.byName.x.last.text')).toMatchObject({
      kind: 'node',
      node: { kind: 'field', field: { algorithm: 'Random' } },
    });
    expect(resolvePath(plan.root, 'replies.replies.likes')).toEqual({ kind: 'clear' });
  });

  it('ends where nothing is declared', () => {
    const comment = { children: new Map<string, ValueShape>([['text', string]]), reserved: [] };
    comment.children.set('replies', array({ kind: 'object', schemas: [comment] }));
    expect(
      buildPlan({ name: 'Comment', shapes: [{ ...model({}), schema: comment }] }).root.children
        .size,
    ).toBe(0);
  });

  it('follows schemas that hold each other', () => {
    const person = new Map<string, ValueShape>([['ssn', secret]]);
    const team = new Map<string, ValueShape>();
    team.set('lead', { kind: 'object', schemas: [{ children: person, reserved: [] }] });
    person.set('team', { kind: 'object', schemas: [{ children: team, reserved: [] }] });
    const plan = planOf({ team: { kind: 'object', schemas: [{ children: team, reserved: [] }] } });
    expect(pathsOf(plan)).toContain('team.lead.ssn');
    expect(resolvePath(plan.root, 'team.lead.team.lead.team.lead.ssn').kind).toBe('node');
  });
});

describe('buildPlan, for discriminators', () => {
  it('unites the fields of all', () => {
    const plan = planOf(
      { name: string, ssn: secret },
      { name: string, ssn: secret, licence: secret },
      { name: string, ssn: secret, ward: object({ room: secret }), bed: string },
    );
    expect(pathsOf(plan)).toEqual(['ssn', 'licence', 'ward.room']);
  });

  it('unites what stands inside one path', () => {
    const plan = planOf(
      { a: object({ x: secret }), m: map(secret), l: array(object({ x: secret })) },
      { a: object({ y: secret }), m: map(secret), l: array(object({ z: string })) },
    );
    expect(pathsOf(plan)).toEqual(['a.x', 'a.y', 'm.$*', 'l.x']);
  });

  it('unites the embedded discriminators of a subdocument', () => {
    const circle = schema({ radius: leaf('Double', RANDOM) });
    const square = schema({ side: leaf('Double', RANDOM), name: string });
    const shape: ValueShape = {
      kind: 'object',
      schemas: [schema({ name: string }), circle, square],
    };
    expect(pathsOf(planOf({ one: shape, many: array(shape) }))).toEqual([
      'one.radius',
      'one.side',
      'many.radius',
      'many.side',
    ]);
  });

  it('lets clear paths differ as they like', () => {
    expect(
      pathsOf(planOf({ v: string, s: secret }, { v: array(string) }, { v: map(string) })),
    ).toEqual(['s']);
  });

  it.each<[string, ValueShape, ValueShape]>([
    ['encrypted in one, clear in another', secret, string],
    ['clear in one, encrypted in another', string, secret],
    ['under different algorithms', secret, leaf('String', DETERMINISTIC)],
    ['under different keys', secret, leaf('String', { ...RANDOM, keyAltName: 'l' })],
    ['with different types', secret, leaf('Number', RANDOM)],
    ['with its elements in one, itself in another', array(secret), secret],
    [
      'as a whole in one, with a field inside in another',
      object({ a: string }, WHOLE),
      object({ a: secret }),
    ],
  ])('refuses a path that is declared %s', (_, one, other) => {
    expectRefusal(() => planOf({ v: one }, { v: other }), {
      ...INVALID,
      message:
        'User.v: its discriminators do not declare it alike. Declare it encrypted in the same way in all of them, or give it another name.',
    });
  });

  it('refuses the same in embedded discriminators', () => {
    const shape: ValueShape = {
      kind: 'object',
      schemas: [schema({ v: secret }), schema({ v: string })],
    };
    expectRefusal(() => planOf({ shapes: array(shape) }), {
      ...INVALID,
      message:
        'User.shapes.v: its discriminators do not declare it alike. Declare it encrypted in the same way in all of them, or give it another name.',
    });
  });

  it.each<[string, ValueShape, string]>([
    ['a Mixed', leaf('Mixed'), 'object, leaf'],
    ['an array', array(object({ a: string })), 'object, array'],
    ['a Map', map(string), 'object, map'],
  ])('refuses a path with a field inside that is %s elsewhere', (_, other, kinds) => {
    expectRefusal(() => planOf({ v: object({ a: secret }) }, { v: other }), {
      ...INVALID,
      message: `User.v: it holds encrypted fields in one discriminator and is a different thing in another (${kinds}). Give the path the same shape in every discriminator, or another name.`,
    });
  });
});

describe('encryptedPathsOf', () => {
  it('lists paths with their declarations', () => {
    const plan = planOf({ ssn: leaf('String', DETERMINISTIC), extra: leaf('Mixed', WHOLE) });
    expect(encryptedPathsOf(plan)).toEqual([
      { path: 'ssn', algorithm: 'Deterministic', keyAltName: 'k', whole: false },
      { path: 'extra', algorithm: 'Random', keyAltName: 'k', whole: true },
    ]);
  });
});
