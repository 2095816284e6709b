import type { PointerTexts } from '../codec/document-keys';
import { pointerText } from '../codec/pointer-text';
import { recordOf, unwrapped } from '../codec/record-of';
import type { PointerRule } from '../plan/key-rule';
import { changesEquality } from './compare-values';
import { holdsOperators, listOf } from './plain-values';

/**
 * What `filter` says of the values at `pointers`: those that it asks for by an equality or `$in`, at its top or inside `$and`. Whatever
 * else it asks of them says nothing.
 */
export function textsOfFilter(
  filter: unknown,
  pointers: readonly PointerRule[],
  collation: unknown,
): PointerTexts {
  const texts = new Map<string, readonly string[]>();
  for (const rule of pointers) {
    if (rule.type === 'String' && changesEquality(collation)) continue;
    const found = askedFor(filter, rule);
    if (found !== undefined) texts.set(rule.path, found);
  }
  return texts;
}

function askedFor(filter: unknown, rule: PointerRule): string[] | undefined {
  let found: string[] | undefined;
  for (const [key, operand] of Object.entries(recordOf(filter) ?? {})) {
    if (key === rule.path) found = common(found, textsOfCondition(operand, rule));
    if (key !== '$and') continue;
    for (const clause of listOf(operand) ?? []) found = common(found, askedFor(clause, rule));
  }
  return found;
}

function textsOfCondition(condition: unknown, { type }: PointerRule): string[] | undefined {
  const textsOf = (values: readonly unknown[]): string[] | undefined => {
    const texts = values.map((value) => pointerText(unwrapped(value), type));
    return texts.every((text) => text !== undefined) ? [...new Set(texts)] : undefined;
  };
  const record = recordOf(condition);
  if (record === undefined || !holdsOperators(record)) return textsOf([condition]);
  const { $eq, $in } = record;
  const list = listOf($in);
  return common(
    Object.hasOwn(record, '$eq') ? textsOf([$eq]) : undefined,
    list === undefined ? undefined : textsOf(list),
  );
}

function common(some: string[] | undefined, others: string[] | undefined): string[] | undefined {
  if (some === undefined || others === undefined) return some ?? others;
  return some.filter((text) => others.includes(text));
}

/** What `document` holds at `pointers`; a value that cannot name a key is left out. */
export function textsOfDocument(
  document: unknown,
  pointers: readonly PointerRule[],
): ReadonlyMap<string, readonly string[]> {
  const texts = new Map<string, readonly string[]>();
  for (const rule of pointers) {
    const text = textAt(document, rule.path.split('.'), rule);
    if (text !== undefined) texts.set(rule.path, [text]);
  }
  return texts;
}

/** The text of the value that stands behind `names` in `value`, undefined where there is none that could name a key. */
export function textAt(
  value: unknown,
  names: readonly string[],
  rule: PointerRule,
): string | undefined {
  let reached = unwrapped(value);
  for (const name of names) {
    const record = recordOf(reached);
    if (record === undefined || !Object.hasOwn(record, name)) return undefined;
    reached = unwrapped(record[name]);
  }
  return pointerText(reached, rule.type);
}
