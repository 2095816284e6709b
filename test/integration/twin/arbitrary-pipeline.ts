import fc from 'fast-check';
import { clauseOn, filterOn } from './arbitrary-filter';
import { bucketing, grouping } from './arbitrary-group-stages';
import { joining } from './arbitrary-joins';
import {
  extraction,
  newRoot,
  redaction,
  removal,
  renaming,
  selection,
  sorting,
  unwinding,
  writing,
} from './arbitrary-path-stages';
import { densifying, filling, windows } from './arbitrary-window-stages';
import type { Blueprint } from './blueprint';
import { allowed, type Drawn, oneOf, weighed } from './drawn';
import { type Flow, type Step, type Steps, topOf } from './pipeline-step';
import { placesOf } from './places';

/** Pipelines of a few stages on the documents of `blueprint`. Mongoose casts nothing of them. */
export function pipelineOn(blueprint: Blueprint): fc.Arbitrary<Drawn<object[]>> {
  const places = placesOf(blueprint).map((place) => ({ ...place, special: true }));
  const flow: Flow = { places, order: 'by _id' };
  const joins = joining(flow);
  return weighed<Drawn<object[]>>(
    [18, stagesFrom(flow, 3)],
    [1, facets(flow)],
    [1, union(flow)],
    [1, redaction(flow)?.chain((step) => followed(step, 1))],
    [2, joins?.chain((step) => followed(step, 2))],
  ).map(({ value, refusals }) => ({ value: [{ $sort: { _id: 1 } }, ...value], refusals }));
}

const stagesFrom = (flow: Flow, length: number): fc.Arbitrary<Drawn<object[]>> =>
  stepOn(flow).chain((step) => followed(step, length));

/** A step, and up to `length` with it. */
function followed({ stage, next }: Step, length: number): fc.Arbitrary<Drawn<object[]>> {
  const alone = { value: [stage.value], refusals: stage.refusals };
  if (length <= 1 || next === undefined || topOf(next).length === 0) return fc.constant(alone);
  return weighed<Drawn<object[]>>(
    [1, fc.constant(alone)],
    [
      3,
      stagesFrom(next, length - 1).map(({ value, refusals }) => ({
        value: [stage.value, ...value],
        refusals: [...stage.refusals, ...refusals],
      })),
    ],
  );
}

function stepOn(flow: Flow): Steps {
  const isOrdered = flow.order !== 'none';
  return weighed<Step>(
    [
      4,
      conditionsOn(flow).map(({ value, refusals }) => ({
        stage: { value: { $match: value }, refusals },
        next: flow,
      })),
    ],
    [3, selection(flow)],
    [3, renaming(flow)],
    [1, extraction(flow)],
    [1, writing(flow)],
    [1, removal(flow)],
    [3, unwinding(flow)],
    [4, grouping(flow)],
    [1, bucketing(flow)],
    [2, windows(flow)],
    [1, filling(flow)],
    [1, densifying(flow)],
    [1, sorting(flow)],
    [isOrdered ? 1 : 0, cut(flow)],
    [1, fc.constant({ stage: allowed({ $count: 'count' }), next: undefined })],
    [1, newRoot(flow)],
  );
}

/** Behind `$group` an `_id` is what was grouped by. */
const conditionsOn = ({ places }: Flow): fc.Arbitrary<Drawn<object>> =>
  places.some(({ path }) => path === '_id') ? clauseOn(places) : filterOn(places);

/** `$limit` and `$skip`. */
const cut = (flow: Flow): Steps =>
  fc
    .tuple(oneOf(['$limit', '$skip']), oneOf([1, 2]))
    .map(([name, count]) => ({ stage: allowed({ [name]: count }), next: flow }));

/** `$facet` with two pipelines. */
function facets(flow: Flow): fc.Arbitrary<Drawn<object[]>> {
  const inner = stagesFrom(flow, 2);
  return fc.tuple(inner, inner).map(([one, two]) => ({
    value: [{ $facet: { one: one.value, two: two.value } }],
    refusals: [...one.refusals, ...two.refusals],
  }));
}

/** `$unionWith` the same collection. */
const union = ({ places }: Flow): fc.Arbitrary<Drawn<object[]>> =>
  filterOn(places).map(({ value, refusals }) => ({
    value: [{ $unionWith: { coll: 'cases', pipeline: [{ $match: value }] } }],
    refusals,
  }));
