import type { EncryptedField, PlanNode } from '../../../src/plan/encryption-plan';
import {
  fieldsBelow,
  fieldsTouched,
  resolvePath,
  resolveSegments,
} from '../../../src/plan/resolve-path';

function field(path: string, more: Partial<EncryptedField> = {}): PlanNode {
  const declared = { algorithm: 'Random', keyAltName: 'k', whole: false, type: 'String' } as const;
  return { kind: 'field', field: { path, ...declared, ...more } };
}

function object(children: Record<string, PlanNode>, rest?: PlanNode): PlanNode {
  return { kind: 'object', children: new Map(Object.entries(children)), rest };
}

function array(element: PlanNode): PlanNode {
  return { kind: 'array', element };
}

const ssn = field('ssn');
const address = field('address', { whole: true, type: 'Object' });
const tag = field('tags');
const cell = field('matrix');
const phone = field('contacts.phone');
const contact = object({ phone });
const theme = field('settings.$*');
const role = field('people.$*.role');
const settings = object({}, theme);
const person = object({ role });
const people = object({}, person);

const root = object({
  ssn,
  address,
  tags: array(tag),
  matrix: array(array(cell)),
  contacts: array(contact),
  settings,
  people,
});

const inside = (node: PlanNode): object => ({
  kind: 'inside',
  field: node.kind === 'field' ? node.field : undefined,
});

describe('resolvePath', () => {
  it.each<[string, PlanNode]>([
    ['ssn', ssn],
    ['address', address],
    ['tags', array(tag)],
    ['tags.0', tag],
    ['tags.$', tag],
    ['tags.$[]', tag],
    ['tags.$[each]', tag],
    ['matrix.0', array(cell)],
    ['matrix.0.1', cell],
    ['matrix.$[].$[x]', cell],
    ['contacts', array(contact)],
    ['contacts.12', contact],
    ['contacts.phone', phone],
    ['contacts.0.phone', phone],
    ['contacts.$.phone', phone],
    ['contacts.$[].phone', phone],
    ['contacts.$[one].phone', phone],
    ['settings', settings],
    ['settings.theme', theme],
    ['settings.0', theme],
    ['settings.$*', theme],
    ['people.anna', person],
    ['people.anna.role', role],
    ['people.3.role', role],
  ])('leads %s to what stands there', (path, node) => {
    expect(resolvePath(root, path)).toEqual({ kind: 'node', node });
  });

  it.each<[string, PlanNode]>([
    ['ssn.length', ssn],
    ['ssn.0', ssn],
    ['address.city', address],
    ['address.lines.0', address],
    ['tags.0.x', tag],
    ['tags.x', tag],
    ['matrix.0.0.0', cell],
    ['matrix.x', cell],
    ['contacts.phone.area', phone],
    ['contacts.0.phone.$', phone],
    ['settings.theme.dark', theme],
    ['people.anna.role.name', role],
  ])('finds %s inside an encrypted value', (path, node) => {
    expect(resolvePath(root, path)).toEqual(inside(node));
  });

  it.each([
    'name',
    'name.first',
    'contacts.label',
    'contacts.0.label.short',
    'people.anna.age',
    'constructor',
    '__proto__',
    '',
    'contacts.$[',
    'contacts.-1',
    'contacts.1a',
  ])('finds %j clear', (path) => {
    expect(resolvePath(root, path)).toEqual({ kind: 'clear' });
  });

  it('leads a name through arrays in arrays', () => {
    expect(resolvePath(array(array(contact)), 'phone')).toEqual({ kind: 'node', node: phone });
  });

  it('is inside a field from the first step, where it starts at one', () => {
    expect(resolvePath(ssn, 'x')).toEqual(inside(ssn));
  });
});

describe('resolveSegments', () => {
  it('stays where it starts without segments', () => {
    expect(resolveSegments(root, [])).toEqual({ kind: 'node', node: root });
  });

  it('takes a segment with a dot for one name', () => {
    expect(resolveSegments(root, ['settings', 'a.b'])).toEqual({ kind: 'node', node: theme });
  });
});

describe('fieldsBelow', () => {
  it('lists every field, the values of Maps last', () => {
    expect(fieldsBelow(root).map(({ path }) => path)).toEqual([
      'ssn',
      'address',
      'tags',
      'matrix',
      'contacts.phone',
      'settings.$*',
      'people.$*.role',
    ]);
    expect(fieldsBelow(object({ a: ssn }, theme)).map(({ path }) => path)).toEqual([
      'ssn',
      'settings.$*',
    ]);
  });

  it('ends in a plan that leads back to itself', () => {
    const children = new Map<string, PlanNode>([['ssn', ssn]]);
    const node: PlanNode = { kind: 'object', children, rest: undefined };
    children.set('replies', array(node));
    expect(fieldsBelow(node).map(({ path }) => path)).toEqual(['ssn']);
  });
});

describe('fieldsTouched', () => {
  it.each<[string, string[]]>([
    ['name', []],
    ['ssn', ['ssn']],
    ['ssn.x', ['ssn']],
    ['address.city', ['address']],
    ['contacts', ['contacts.phone']],
    ['people', ['people.$*.role']],
  ])('finds at %s the fields %j', (path, fields) => {
    expect(fieldsTouched(root, path).map((each) => each.path)).toEqual(fields);
  });
});
