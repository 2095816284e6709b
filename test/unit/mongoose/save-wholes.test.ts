import { assignWholes, type SavedDocument } from '../../../src/mongoose/save-wholes';
import type { Selection } from '../../../src/mongoose/selection';
import { arrayNode, fieldNode, objectNode, planOf, refusalOf } from '../rewrite/fixture';

const whole = { algorithm: 'Random', whole: true } as const;
const random = { algorithm: 'Random' } as const;

const PLAN = planOf(
  objectNode({
    ssn: fieldNode('ssn'),
    address: fieldNode('address', { ...whole, type: 'Object' }),
    list: fieldNode('list', { ...whole, type: 'Array' }),
    tags: arrayNode(fieldNode('tags')),
    notes: arrayNode(fieldNode('notes', random)),
    items: arrayNode(objectNode({ remark: fieldNode('items.remark', random) })),
    homes: arrayNode(
      objectNode({ address: fieldNode('homes.address', { ...whole, type: 'Object' }) }),
    ),
    rooms: objectNode({}, fieldNode('rooms.$*', { ...whole, type: 'Object' })),
  }),
);

const HELD: Readonly<Record<string, unknown>> = {
  __v: 3,
  address: { street: 'S', city: 'B' },
  list: [1, 2],
  notes: ['a', 'b'],
  items: [{ _id: 1, remark: 'r' }],
  homes: [{ address: { city: 'A' } }, { address: { city: 'B' } }],
  rooms: new Map([['hall', { size: 1 }]]),
};

interface Facts {
  readonly held?: Readonly<Record<string, unknown>>;
  readonly selected?: Selection;
}

/** A document that holds `held`, and counts what is asked of it. */
function documentOf({ held = HELD, selected }: Facts = {}): SavedDocument & {
  readonly asked: { copies: number; increments: number };
} {
  const asked = { copies: 0, increments: 0 };
  return {
    asked,
    $__: { selected: selected ?? null },
    toBSON: () => {
      asked.copies += 1;
      return { ...held };
    },
    get: (path) => held[path],
    increment: () => (asked.increments += 1),
    directModifiedPaths: () => [],
  };
}

const FILTER = { _id: 1 };

function updateOf(update: object, document = documentOf()): unknown {
  const delta = assignWholes({ filter: FILTER, update }, document, PLAN);
  expect(delta.filter).toEqual({ _id: 1, __v: 3 });
  expect(document.asked).toEqual({ copies: 1, increments: 1 });
  return delta.update;
}

const GUARD = { $inc: { __v: 1 } };

describe('a partial change', () => {
  it.each<readonly [string, object, object]>([
    [
      'of a key',
      { $set: { 'address.city': 'B' } },
      { $set: { address: { street: 'S', city: 'B' } } },
    ],
    ['that unsets a key', { $unset: { 'address.zip': 1 } }, { $set: { address: HELD['address'] } }],
    [
      'beside others',
      { $set: { ssn: 'x', 'address.city': 'B' }, $unset: { 'address.zip': 1, name: 1 } },
      { $set: { ssn: 'x', address: HELD['address'] }, $unset: { name: 1 } },
    ],
    [
      'in an array',
      { $set: { 'homes.1.address.city': 'B' } },
      { $set: { 'homes.1.address': { city: 'B' } } },
    ],
    ['in a Map', { $set: { 'rooms.hall.size': 1 } }, { $set: { 'rooms.hall': { size: 1 } } }],
    ['by a position', { $set: { 'list.1': 2 } }, { $set: { list: [1, 2] } }],
    ['by $push', { $push: { list: { $each: [2] } } }, { $set: { list: [1, 2] } }],
    ['by $pop', { $pop: { list: 1 } }, { $set: { list: [1, 2] } }],
    ['by $pull', { $pull: { list: 3 } }, { $set: { list: [1, 2] } }],
  ])('%s of a whole value becomes an assignment of it', (_, update, expected) => {
    expect(updateOf(update)).toEqual({ ...expected, ...GUARD });
  });

  it.each<readonly [string, object, object]>([
    ['$pull', { $pull: { notes: 'c' } }, { $set: { notes: ['a', 'b'] } }],
    ['$pullAll', { $pullAll: { notes: ['c'] } }, { $set: { notes: ['a', 'b'] } }],
    ['$addToSet', { $addToSet: { notes: 'b' } }, { $set: { notes: ['a', 'b'] } }],
    [
      '$addToSet of a subdocument',
      { $addToSet: { items: { _id: 1 } } },
      { $set: { items: HELD['items'] } },
    ],
  ])('by %s of an array with Random values becomes an assignment of it', (_, update, expected) => {
    expect(updateOf(update)).toEqual({ ...expected, ...GUARD });
  });

  it.each([
    [null, { $unset: { address: 1 } }],
    [undefined, { $unset: { address: 1 } }],
    [{}, { $set: { address: {} } }],
  ])('of a value that is now %j, and left out of what is stored, is %j', (now, expected) => {
    const document = documentOf({ held: { __v: 3, address: now } });
    const emptied = { ...document, toBSON: () => ({ __v: 3 }) };
    const { update } = assignWholes(
      { filter: FILTER, update: { $unset: { 'address.city': 1 } } },
      emptied,
      PLAN,
    );
    expect(update).toEqual({ ...expected, ...GUARD });
  });

  it('keeps the increments and the filter it comes with', () => {
    const update = { $set: { 'address.city': 'B' }, $inc: { __v: 1, visits: 2 } };
    const delta = { filter: { ...FILTER, __v: 2, shard: 'a' }, update };
    const assigned = assignWholes(delta, documentOf(), PLAN);
    expect(assigned.filter).toEqual({ _id: 1, __v: 2, shard: 'a' });
    expect(assigned.update).toMatchObject({ $inc: { __v: 1, visits: 2 } });
  });
});

describe('a change that needs no whole', () => {
  it.each<readonly [string, object]>([
    ['an assignment', { $set: { address: { city: 'B' }, ssn: 'x' } }],
    ['an unset', { $unset: { list: 1, address: 1 } }],
    ['a push of Random values', { $push: { notes: { $each: ['c'] } } }],
    ['a pull of Deterministic values', { $pull: { tags: 'a' } }],
    ['a pull by _id', { $pull: { items: { _id: { $in: [1] } } } }],
    ['a clear path', { $set: { 'name.first': 'A', 'homes.0.name': 'B' } }],
  ])('is left as it is: %s', (_, update) => {
    const delta = { filter: FILTER, update };
    const document = documentOf({ held: {}, selected: { name: 1 } });
    expect(assignWholes(delta, document, PLAN)).toBe(delta);
    expect(document.asked).toEqual({ copies: 0, increments: 0 });
  });
});

describe('a partial change is refused', () => {
  const refused = (facts: Facts): string => {
    const document = documentOf(facts);
    const delta = { filter: FILTER, update: { $set: { 'address.city': 'B' } } };
    const refusal = refusalOf(() => assignWholes(delta, document, PLAN));
    expect(document.asked.increments).toBe(0);
    return refusal;
  };

  it('of a document that was read in part', () => {
    expect(refused({ selected: { name: 1 } })).toBe(
      'UnsupportedUpdateError FLE_UNSUPPORTED_UPDATE Patient.address: it is encrypted so that it can only be saved whole, and the document was read with part of it. Read the document without a projection on the path, change it, and save it.',
    );
  });

  it.each([undefined, null])('of a document whose version is %j', (__v) => {
    expect(refused({ held: { ...HELD, __v } })).toBe(
      'UnsupportedUpdateError FLE_UNSUPPORTED_UPDATE Patient: part of a value that is encrypted as a whole has changed, and the document carries no version to guard the rest by. Keep the versionKey of the schema and select it, or assign the value as a whole.',
    );
  });
});

describe('many partial changes', () => {
  it('are assigned of one copy, looking through the wholes a set number of times', () => {
    const places = Array.from({ length: 500 }, (_, place) => place);
    const held = { __v: 3, homes: places.map((n) => ({ address: { city: `${n}` } })) };
    const $set = Object.fromEntries(places.map((n) => [`homes.${n}.address.city`, `${n}`]));
    const document = documentOf({ held });
    const steps = countSetSteps(() => {
      const { update } = assignWholes({ filter: FILTER, update: { $set } }, document, PLAN);
      expect(Object.keys((update as { $set: object }).$set)).toHaveLength(places.length);
    });
    expect(document.asked.copies).toBe(1);
    expect(steps).toBeGreaterThanOrEqual(places.length);
    expect(steps).toBeLessThan(10 * places.length);
  });
});

/** How many elements of sets are visited while `run` runs. */
function countSetSteps(run: () => void): number {
  const original = Object.getOwnPropertyDescriptor(Set.prototype, Symbol.iterator) ?? {};
  const iterate = original.value as (this: unknown) => Iterator<unknown>;
  let steps = 0;
  const counting = function* (this: unknown): Generator {
    for (const value of { [Symbol.iterator]: () => iterate.call(this) }) {
      steps += 1;
      yield value;
    }
  };
  Object.defineProperty(Set.prototype, Symbol.iterator, { ...original, value: counting });
  try {
    run();
  } finally {
    Object.defineProperty(Set.prototype, Symbol.iterator, original);
  }
  return steps;
}
