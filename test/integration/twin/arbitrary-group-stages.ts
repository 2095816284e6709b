import fc from 'fast-check';
import { isDeterministic, refusedAccumulator, type Refusals, STAGE } from './documented';
import { allowed, type Drawn, joined, oneOf, weighed } from './drawn';
import { type Flow, reachableIn, renamedTo, type Steps } from './pipeline-step';
import { isClear, type Place } from './places';

/** What an accumulator gives under a name; `set…` where it is an array that no server puts in an order. */
type Output = Drawn<readonly [name: string, accumulator: object]>;

/** Accumulators that give the same whatever the order. */
const ORDERLESS = ['$addToSet', '$push', '$max', '$min', '$sum', '$avg'] as const;
const ORDERED = ['$first', '$last', '$push', '$firstN', '$lastN'] as const;
const SORTED = ['$top', '$topN', '$bottom', '$bottomN'] as const;

/** The outputs of groups; of several, each under a name of its own. */
function outputsOf(flow: Flow, isOrdered: boolean): fc.Arbitrary<Drawn<object>> {
  const places = reachableIn(flow);
  const orderless = fc.tuple(oneOf(ORDERLESS), oneOf(places)).map(([name, place]): Output => ({
    value: [name === '$push' || name === '$addToSet' ? 'set' : 'out', { [name]: `$${place.path}` }],
    refusals: refusedOutput(name, place),
  }));
  const ordered = fc.tuple(oneOf(ORDERED), oneOf(places)).map(([name, place]): Output => ({
    value: [
      'out',
      { [name]: name.endsWith('N') ? { n: 2, input: `$${place.path}` } : `$${place.path}` },
    ],
    refusals: refusedOutput(name, place),
  }));
  const count = fc.constant<Output>(allowed(['out', { $count: {} }]));
  return fc
    .array(
      weighed<Output>(
        [4, orderless],
        [isOrdered ? 6 : 0, ordered],
        [isOrdered ? 2 : 0, sortedOutput(places)],
        [1, count],
      ),
      { maxLength: 2 },
    )
    .map((outputs) => {
      const { value, refusals } = joined(outputs);
      const entries = value.map(([name, accumulator], place) => [`${name}${place}`, accumulator]);
      return { value: Object.fromEntries(entries) as object, refusals };
    });
}

/** `$top` and its like, in an order that tells all documents apart. */
const sortedOutput = (places: readonly Place[]): fc.Arbitrary<Output> =>
  fc.tuple(oneOf(SORTED), oneOf(places), oneOf(places)).map(([name, by, place]) => ({
    value: [
      'out',
      {
        [name]: {
          ...(name.endsWith('N') ? { n: 2 } : {}),
          sortBy: { [by.path]: 1, _id: 1 },
          output: `$${place.path}`,
        },
      },
    ],
    refusals: [...refusedOutput(name, place), ...(isClear(by) ? [] : STAGE)],
  }));

/** What becomes of the accumulator `name` over what stands at a place. */
export function refusedOutput(name: string, { standing }: Place): Refusals {
  return standing === 'inside' ? STAGE : refusedAccumulator(name, standing);
}

/** Whether equal values can be found at a place. */
export const refusedKey = ({ standing }: Place): Refusals =>
  isDeterministic(standing) ? [] : STAGE;

/** `$group` and `$sortByCount` by a path, or by nothing. */
export function grouping(flow: Flow): Steps | undefined {
  const reachable = reachableIn(flow);
  if (reachable.length === 0) return undefined;
  return fc
    .tuple(oneOf(reachable), oneOf(['path', 'nothing', 'sortByCount'] as const))
    .chain(([by, how]): Steps => {
      const refusals = how === 'nothing' ? [] : refusedKey(by);
      if (how === 'sortByCount') {
        const stage = { value: { $sortByCount: `$${by.path}` }, refusals };
        return fc.constant({ stage, next: undefined });
      }
      const isOrdered = flow.order === 'by _id' || (how === 'nothing' && flow.order === 'kept');
      return outputsOf(flow, isOrdered).map((outputs) => ({
        stage: {
          value: { $group: { _id: how === 'nothing' ? null : `$${by.path}`, ...outputs.value } },
          refusals: [...refusals, ...outputs.refusals],
        },
        next:
          how === 'nothing'
            ? undefined
            : { order: 'none', places: renamedTo('_id', by, flow.places) },
      }));
    });
}

const BOUNDARIES = [
  [0, 2, 5],
  ['a', 'x', 'z'],
] as const;

/** `$bucket` and `$bucketAuto`. */
export function bucketing(flow: Flow): Steps | undefined {
  const scalars = reachableIn(flow).filter(({ shape }) => shape.kind === 'scalar');
  if (scalars.length === 0) return undefined;
  return fc
    .tuple(oneOf(scalars), outputsOf(flow, false), oneOf(BOUNDARIES), fc.boolean())
    .map(([by, { value: output, refusals }, boundaries, isAuto]) => {
      const groupBy = `$${by.path}`;
      return {
        stage: {
          value: isAuto
            ? { $bucketAuto: { groupBy, buckets: 2, output } }
            : { $bucket: { groupBy, boundaries, default: 'zz', output } },
          refusals: [...refusals, ...(isClear(by) ? [] : STAGE)],
        },
        next: undefined,
      };
    });
}
