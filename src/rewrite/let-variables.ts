import { type PlainRecord, recordOf, unwrapped } from '../codec/record-of';
import type { ObjectNode, PlanNode } from '../plan/encryption-plan';
import { changesEquality } from './compare-values';
import { pathOfReference } from './expression';
import { lineageOf } from './lineage';
import { areDeclaredAlike, holdsText, isComparable } from './node-traits';
import { listOf } from './plain-values';
import { isKeyedByDocument } from './pointer-rules';
import { type InnerPipeline, type Stage, refusedStage } from './stage';

/** A `$lookup` with variables. */
export interface Joining {
  /** What the documents of the other collection hold. */
  readonly foreign: ObjectNode;
  readonly stage: Stage;
  readonly rewrite: (pipeline: unknown) => InnerPipeline;
}

type Variables = ReadonlyMap<string, PlanNode>;

/**
 * Rewrites the pipeline of a `$lookup` whose `let` may bind variables to encrypted fields. Such a variable may stand in one place: a
 * `$match` at the beginning of the pipeline, in an `$eq` of `$expr`, or of its `$and`, with a Deterministic path declared alike.
 *
 * @throws {UnsupportedStageError} where it stands anywhere else.
 */
export function rewriteWithVariables(
  pipeline: unknown,
  bound: unknown,
  joining: Joining,
): InnerPipeline {
  const variables = encryptedVariables(bound, joining.stage);
  const [first, ...rest] = listOf(pipeline) ?? [];
  const split = variables.size === 0 ? undefined : splitMatch(first, variables, joining);
  const left = split === undefined ? pipeline : [split.match, ...rest];
  refuseVariables(left, variables, joining.stage);
  const inner = joining.rewrite(left);
  if (split !== undefined) join(inner.pipeline, split);
  return inner;
}

function encryptedVariables(bound: unknown, stage: Stage): Variables {
  const variables = new Map<string, PlanNode>();
  for (const [name, value] of Object.entries(recordOf(bound) ?? {})) {
    const lineage = lineageOf(value, stage.shape);
    if (lineage.kind === 'unknown') {
      throw refusedStage(stage, 'computes a variable from an encrypted field.');
    }
    if (lineage.kind === 'node') variables.set(name, lineage.node);
  }
  return variables;
}

interface SplitMatch {
  /** The first stage without the equalities. */
  readonly match: object;
  readonly equalities: readonly unknown[];
}

/** Takes the equalities with variables out of the first stage, which is undefined where it has none. */
function splitMatch(
  first: unknown,
  variables: Variables,
  joining: Joining,
): SplitMatch | undefined {
  const filter = recordOf(recordOf(first)?.['$match']);
  if (filter?.['$expr'] === undefined) return undefined;
  const { $expr, ...others } = filter;
  const conditions = listOf(recordOf($expr)?.['$and']) ?? [$expr];
  const equalities = conditions.filter((each) => isEquality(each, variables, joining));
  const left = conditions.filter((each) => !equalities.includes(each));
  const match = left.length === 0 ? others : { ...others, $expr: { $and: left } };
  return { match: { $match: match }, equalities };
}

/** Puts the equalities back, in place: the slots of the filter's values are in this very object. */
function join(pipeline: readonly unknown[], { equalities }: SplitMatch): void {
  const filter = recordOf(recordOf(pipeline[0])?.['$match']) ?? {};
  const left = listOf(recordOf(filter['$expr'])?.['$and']) ?? [];
  const conditions = [...equalities, ...left];
  filter['$expr'] = conditions.length === 1 ? conditions[0] : { $and: conditions };
}

function isEquality(condition: unknown, variables: Variables, joining: Joining): boolean {
  const record: PlainRecord = recordOf(condition) ?? {};
  const sides = listOf(record['$eq'])?.map(unwrapped) ?? [];
  if (Object.keys(record).length !== 1 || sides.length !== 2) return false;
  const [one, other] = sides;
  return isPair(one, other, { variables, joining }) || isPair(other, one, { variables, joining });
}

function isPair(
  variable: unknown,
  path: unknown,
  { variables, joining: { foreign, stage } }: { variables: Variables; joining: Joining },
): boolean {
  const isVariable = typeof variable === 'string' && variable.startsWith('$$');
  const node = isVariable ? variables.get(variable.slice(2)) : undefined;
  if (node === undefined || typeof path !== 'string' || !pathOfReference(path)) return false;
  const lineage = lineageOf(path, foreign);
  return (
    lineage.kind === 'node' &&
    isComparable(node) &&
    !isKeyedByDocument(node) &&
    areDeclaredAlike(node, lineage.node) &&
    !(changesEquality(stage.scope.collation) && holdsText(node))
  );
}

function refuseVariables(pipeline: unknown, variables: Variables, stage: Stage): void {
  for (const name of variables.keys()) {
    if (!names(pipeline, `$$${name}`)) continue;
    throw refusedStage(
      stage,
      'uses a variable that is bound to an encrypted field otherwise than in an $eq with a Deterministic path declared alike, in a $match at the beginning.',
    );
  }
}

/** Whether `reference`, or a path below it, stands anywhere in `value`. */
function names(value: unknown, reference: string): boolean {
  const plain = unwrapped(value);
  if (typeof plain === 'string') return plain === reference || plain.startsWith(`${reference}.`);
  const items = listOf(plain) ?? Object.values(recordOf(plain) ?? {});
  return items.some((item) => names(item, reference));
}
