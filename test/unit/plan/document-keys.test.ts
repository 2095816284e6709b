import type { Declaration } from '../../../src/declaration/declaration';
import type { ModelShape, ValueShape } from '../../../src/declaration/schema-shape';
import { buildPlan } from '../../../src/plan/build-plan';
import { declaredNamesOf, nameCollision } from '../../../src/plan/check-keys';
import { sameKeyRule } from '../../../src/plan/key-rule';
import { refusalOf } from '../rewrite/fixture';
import { array, leaf, map, model, object } from './shapes';

const INVALID = 'InvalidDeclarationError FLE_INVALID_DECLARATION ';
const TENANT = { pointer: '/tenantId', prefix: 'tenant:' };

const keyed = (keyAltName: Declaration['keyAltName'] = TENANT): Declaration => ({
  algorithm: 'Deterministic',
  keyAltName,
  whole: false,
});

const plan = (children: Record<string, ValueShape>, more: Partial<ModelShape> = {}): unknown =>
  buildPlan({ name: 'Account', shapes: [model(children, more)] });

describe('a key pointer', () => {
  it.each(['String', 'ObjectId', 'UUID', 'Number', 'Int32', 'BigInt'])(
    'may lead to a %s',
    (type) => {
      const { fields } = buildPlan({
        name: 'Account',
        shapes: [model({ tenantId: leaf(type), ssn: leaf('String', keyed()) })],
      });
      expect(fields[0]?.keyAltName).toEqual({ kind: 'pointer', ...TENANT, path: 'tenantId', type });
      expect(Object.isFrozen(fields[0]?.keyAltName)).toBe(true);
    },
  );

  it('leads from the root of the document, also for fields of subdocuments in arrays', () => {
    const deep = { pointer: '/owner/id', prefix: 'owner:' };
    const contact = object({ phone: leaf('String', keyed(deep)) });
    expect(
      refusalOf(() => plan({ owner: object({ id: leaf('ObjectId') }), contacts: array(contact) })),
    ).toBe('not refused');
  });

  it.each<[string, Record<string, ValueShape>]>([
    ['no path', {}],
    ['a path in an array', { tenantId: array(leaf('String')) }],
    ['a Map', { tenantId: map(leaf('String')) }],
    ['a Mixed', { tenantId: leaf('Mixed') }],
    ['a Boolean', { tenantId: leaf('Boolean') }],
    ['an encrypted path', { tenantId: leaf('String', keyed('fixed')) }],
  ])('that leads to %s is refused', (_, children) => {
    expect(refusalOf(() => plan({ ...children, ssn: leaf('String', keyed()) }))).toMatch(
      /^InvalidDeclarationError .*Account\.ssn: its key pointer leads to "tenantId", which is /,
    );
  });

  it('is looked at when there is a model, not where a child schema declares it', () => {
    const shapes = [model({ phone: leaf('String', keyed()) })];
    expect(refusalOf(() => buildPlan({ name: 'Contact', isModel: false, shapes }))).toBe(
      'not refused',
    );
    expect(refusalOf(() => buildPlan({ name: 'Contact', shapes }))).toContain(
      'no path of the schema',
    );
  });

  it.each<[string, Record<string, unknown>, boolean]>([
    ['without', { ssn: 1 }, true],
    ['with', { tenantId: 1, ssn: 1 }, false],
  ])('%s its path in a unique index: refused %s', (_, keys, isRefused) => {
    const indexes = [{ keys, options: { unique: true } }];
    const children = { tenantId: leaf('String'), ssn: leaf('String', keyed()) };
    expect(refusalOf(() => plan(children, { indexes }))).toBe(
      isRefused
        ? `${INVALID}Account.ssn: equal values have unequal ciphertexts under the keys of different documents, and its index is unique. Put the path of the key pointer into the index, or take unique off it.`
        : 'not refused',
    );
  });

  it('is refused under a collation, which could take two tenants for one', () => {
    const secret: Declaration = { ...keyed(), algorithm: 'Random' };
    const children = { tenantId: leaf('String'), notes: leaf('String', secret) };
    expect(refusalOf(() => plan(children, { collation: true }))).toContain('has a collation');
  });
});

describe('names that a document could give', () => {
  it.each<[string[], string[], string | undefined]>([
    [['tenant:acme'], ['tenant:'], 'the key name "tenant:acme" begins with the prefix "tenant:".'],
    [['tenant:'], ['tenant:'], 'the key name "tenant:" begins with the prefix "tenant:".'],
    [[], ['t:', 't:eu:'], 'the prefix "t:eu:" begins with the prefix "t:".'],
    [['tenants'], ['tenant:', 'person:'], undefined],
  ])('names %j and prefixes %j', (names, prefixes, fault) => {
    expect(nameCollision({ names, prefixes, byFunction: false })).toBe(fault);
  });

  it('are refused in one schema', () => {
    const children = {
      tenantId: leaf('String'),
      ssn: leaf('String', keyed()),
      tag: leaf('String', keyed('tenant:acme')),
    };
    expect(refusalOf(() => plan(children))).toBe(
      `${INVALID}Account: the key name "tenant:acme" begins with the prefix "tenant:". Choose names and prefixes of which none begins another, such as "tenant:".`,
    );
  });
});

it('tells the names that fields have their keys by', () => {
  const byName = (): string => 'k';
  const { fields } = buildPlan({
    name: 'Account',
    shapes: [
      model({
        tenantId: leaf('String'),
        a: leaf('String', keyed()),
        b: leaf('String', keyed('fixed')),
        c: leaf('String', keyed(byName)),
        d: leaf('String', keyed('fixed')),
      }),
    ],
  });
  expect(declaredNamesOf(fields)).toEqual({
    names: ['fixed'],
    prefixes: ['tenant:'],
    byFunction: true,
  });
  const [a, b, c] = fields.map(({ keyAltName }) => keyAltName);
  if (a === undefined || b === undefined || c === undefined) throw new Error('fields are missing');
  expect([
    sameKeyRule(a, { ...(a as object) } as typeof a),
    sameKeyRule(a, b),
    sameKeyRule(b, c),
  ]).toEqual([true, false, false]);
});
