import type { ObjectNode, PlanNode } from '../../../src/plan/encryption-plan';
import { areDeclaredAlike } from '../../../src/rewrite/node-traits';
import { arrayNode, fieldNode, objectNode } from './fixture';

const random = { algorithm: 'Random' } as const;

/** The plan of a schema with itself below `child` and in `children`. */
function recursive(more: Record<string, PlanNode> = {}): ObjectNode {
  const children = new Map<string, PlanNode>(Object.entries({ ssn: fieldNode('ssn'), ...more }));
  const node: ObjectNode = { kind: 'object', children, rest: undefined };
  children.set('child', node).set('children', arrayNode(node));
  return node;
}

/** `recursive()`, come round a level later. */
function unrolled(): ObjectNode {
  const inner = recursive();
  return objectNode({ ssn: fieldNode('ssn'), child: inner, children: arrayNode(inner) });
}

describe('plans are declared alike', () => {
  it.each<[string, boolean, PlanNode, PlanNode]>([
    ['of one recursive schema', true, recursive(), recursive()],
    ['of a recursive schema and one written out a level', true, recursive(), unrolled()],
    ['with one more field', false, recursive(), recursive({ pin: fieldNode('pin') })],
    [
      'with one algorithm that differs',
      false,
      recursive({ pin: fieldNode('pin') }),
      recursive({ pin: fieldNode('pin', random) }),
    ],
    ['of a Map and an object', false, objectNode({}, fieldNode('a')), objectNode({})],
    ['of Maps', true, objectNode({}, recursive()), objectNode({}, recursive())],
    ['of a field and an array of it', false, fieldNode('a'), arrayNode(fieldNode('a'))],
  ])('%s: %p', (_, alike, a, b) => {
    expect([areDeclaredAlike(a, b), areDeclaredAlike(b, a)]).toEqual([alike, alike]);
  });

  it('unless a difference stands behind a pair that is met again', () => {
    const [a, b] = [recursive(), recursive()];
    (a.children as Map<string, PlanNode>).set('late', fieldNode('late'));
    (b.children as Map<string, PlanNode>).set('late', fieldNode('late', random));
    expect(areDeclaredAlike(a, b)).toBe(false);
  });
});
