import fc from 'fast-check';
import { refusedKey, refusedOutput } from './arbitrary-group-stages';
import { refusedWindowed, STAGE } from './documented';
import { type Drawn, oneOf, weighed } from './drawn';
import { type Flow, reachableIn, type Steps, topOf } from './pipeline-step';
import { isClear, type Place } from './places';

type Output = Drawn<readonly [name: string, output: object]>;

const WINDOWS: readonly object[] = [
  {},
  { window: { documents: ['unbounded', 'current'] } },
  { window: { documents: [-1, 0] } },
];

/** `$setWindowFields` over documents that their `_id` puts in an order. */
export function windows(flow: Flow): Steps | undefined {
  const reachable = reachableIn(flow);
  if (flow.order !== 'by _id' || reachable.length === 0) return undefined;
  const order = weighed<Place | undefined>([4, fc.constant(undefined)], [1, oneOf(reachable)]);
  return fc
    .tuple(partitions(reachable), order, windowOutput(reachable))
    .map(([{ value: partitionBy, refusals }, by, output]) => ({
      stage: {
        value: {
          $setWindowFields: {
            ...partitionBy,
            sortBy: { ...(by === undefined ? {} : { [by.path]: 1 }), _id: 1 },
            output: Object.fromEntries([output.value]),
          },
        },
        refusals: [
          ...refusals,
          ...output.refusals,
          ...(by === undefined || isClear(by) ? [] : STAGE),
        ],
      },
      next: { ...flow, order: 'none' },
    }));
}

const partitions = (reachable: readonly Place[]): fc.Arbitrary<Drawn<object>> =>
  weighed<Drawn<object>>(
    [1, fc.constant({ value: {}, refusals: [] })],
    [
      3,
      oneOf(reachable).map((place) => ({
        value: { partitionBy: `$${place.path}` },
        refusals: refusedKey(place),
      })),
    ],
  );

function windowOutput(reachable: readonly Place[]): fc.Arbitrary<Output> {
  return weighed<Output>(
    [
      4,
      fc
        .tuple(
          oneOf(['$first', '$last', '$push', '$addToSet', '$max', '$sum'] as const),
          oneOf(reachable),
          oneOf(WINDOWS),
        )
        .map(([name, place, window]) => ({
          value: [name === '$addToSet' ? 'set0' : 'out0', { [name]: `$${place.path}`, ...window }],
          refusals: refusedOutput(name, place),
        })),
    ],
    [2, fc.tuple(oneOf(reachable), oneOf([1, -1, 0]), oneOf([{}, { default: null }])).map(shifted)],
    [
      2,
      oneOf(reachable).map((place) => ({
        value: ['out0', { $locf: `$${place.path}` }],
        refusals: refusedWindowed('$locf', place),
      })),
    ],
    [
      1,
      oneOf(['$documentNumber', '$rank', '$denseRank']).map((name) => ({
        value: ['out0', { [name]: {} }],
        refusals: [],
      })),
    ],
  );
}

const shifted = ([place, by, otherwise]: [Place, number, object]): Output => ({
  value: ['out0', { $shift: { output: `$${place.path}`, by, ...otherwise } }],
  refusals: refusedWindowed('$shift', place),
});

/** `$fill` of a path by its last value, or by a value. */
export function filling(flow: Flow): Steps | undefined {
  const [top, reachable] = [topOf(flow), reachableIn(flow)];
  if (flow.order !== 'by _id' || top.length === 0) return undefined;
  return fc
    .tuple(
      oneOf(top),
      oneOf([{ method: 'locf' }, { method: 'locf' }, { value: 'x' }]),
      fc.boolean(),
    )
    .chain(([place, how, isParted]) =>
      oneOf(reachable).map((by) => ({
        stage: {
          value: {
            $fill: {
              ...(isParted ? { partitionByFields: [by.path] } : {}),
              sortBy: { _id: 1 },
              output: { [place.path]: how },
            },
          },
          refusals: [
            ...(isParted ? refusedKey(by) : []),
            ...(isClear(place) || ('method' in how && isOneValue(place)) ? [] : STAGE),
          ],
        },
        next: { places: flow.places.filter((each) => each !== place), order: 'none' },
      })),
    );
}

/** Whether what stands at a place is encrypted as one value. */
const isOneValue = ({ standing, shape }: Place): boolean =>
  standing === 'whole' || shape.kind === 'scalar';

const NUMBERS: ReadonlySet<string> = new Set(['Number', 'Int32', 'Double']);

/** `$densify` by a number, within narrow bounds. */
export function densifying(flow: Flow): Steps | undefined {
  const reachable = reachableIn(flow);
  const numbers = reachable.filter(
    ({ shape, path }) => shape.kind === 'scalar' && NUMBERS.has(shape.type) && !path.includes('.'),
  );
  if (flow.order !== 'by _id' || numbers.length === 0) return undefined;
  return fc.tuple(oneOf(numbers), oneOf(reachable), fc.boolean()).map(([number, by, isParted]) => ({
    stage: {
      value: {
        $densify: {
          field: number.path,
          ...(isParted ? { partitionByFields: [by.path] } : {}),
          range: { step: 1, bounds: [0, 3] },
        },
      },
      refusals: [...(isParted ? refusedKey(by) : []), ...(isClear(number) ? [] : STAGE)],
    },
    next: { ...flow, order: 'none' },
  }));
}
