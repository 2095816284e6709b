import {
  type KeyAltName,
  type KeyFunction,
  type KeyPointer,
  namesOfPointer,
  sameKeySource,
} from '../declaration/key-source';
import type { SchemaShape, ValueShape } from '../declaration/schema-shape';
import { InvalidDeclarationError } from '../errors';
import { placeFacts, type PlanPlace } from './plan-place';

/** What may stand at a key pointer: types whose values have one text each. */
export type PointerType = 'String' | 'ObjectId' | 'UUID' | 'Number' | 'Int32' | 'BigInt';

/** The key of a document is named by a value of it. */
export interface PointerRule {
  readonly kind: 'pointer';
  readonly pointer: string;
  readonly prefix: string;
  /** Where the value stands, dotted as MongoDB writes it. */
  readonly path: string;
  /** Undefined where there is no model yet, whose schema would tell. */
  readonly type: PointerType | undefined;
}

/** The key of a document is named by a function. */
export interface FunctionRule {
  readonly kind: 'function';
  readonly nameOf: KeyFunction;
}

/** Which data key encrypts a field: always the one of a name, or one for each document. */
export type KeyRule = string | PointerRule | FunctionRule;

/** Whether two rules name the same key for every document. */
export function sameKeyRule(one: KeyRule, other: KeyRule): boolean {
  return sameKeySource(sourceOfRule(one), sourceOfRule(other)) && typeOf(one) === typeOf(other);
}

function typeOf(rule: KeyRule): PointerType | undefined {
  return typeof rule === 'object' && rule.kind === 'pointer' ? rule.type : undefined;
}

/** What the developer declared, of which `rule` was made. */
export function sourceOfRule(rule: KeyRule): KeyAltName {
  if (typeof rule === 'string') return rule;
  return rule.kind === 'function' ? rule.nameOf : { pointer: rule.pointer, prefix: rule.prefix };
}

/** Makes a rule of what is declared at `place`. */
export type MakeKeyRule = (declared: KeyAltName, place: PlanPlace) => KeyRule;

/** Makes the rules of a plan over `schemas`, those of the model and its discriminators: one for each thing declared. */
export function keyRulesOver(schemas: readonly SchemaShape[]): MakeKeyRule {
  const known: [KeyAltName, KeyRule][] = [];
  return (declared, place) => {
    if (typeof declared === 'string') return declared;
    const before = known.find(([source]) => sameKeySource(source, declared));
    if (before !== undefined) return before[1];
    const rule: KeyRule =
      typeof declared === 'function'
        ? Object.freeze({ kind: 'function', nameOf: declared })
        : Object.freeze(pointerRule(declared, schemas, place));
    known.push([declared, rule]);
    return rule;
  };
}

function pointerRule(
  { pointer, prefix }: KeyPointer,
  schemas: readonly SchemaShape[],
  place: PlanPlace,
): PointerRule {
  const names = namesOfPointer(pointer);
  const path = names.join('.');
  const type = place.isModel ? pointerType({ names, path }, schemas, place) : undefined;
  return { kind: 'pointer', pointer, prefix, path, type };
}

const TYPES: Readonly<Record<PointerType, true>> = {
  String: true,
  ObjectId: true,
  UUID: true,
  Number: true,
  Int32: true,
  BigInt: true,
};

interface Target {
  readonly names: readonly string[];
  readonly path: string;
}

/** @throws {InvalidDeclarationError} where no schema has the path, or it holds what cannot name a key. */
function pointerType(
  { names, path }: Target,
  schemas: readonly SchemaShape[],
  place: PlanPlace,
): PointerType {
  const values = schemas.flatMap((schema) => valuesAt(schema, names));
  const types = new Set(values.map((value) => (value.kind === 'leaf' ? value.type : value.kind)));
  const [type] = types;
  if (type !== undefined && types.size === 1 && Object.hasOwn(TYPES, type)) {
    return type as PointerType;
  }
  const wrong =
    type === undefined
      ? `its key pointer leads to "${path}", which is no path of the schema outside of arrays and Maps.`
      : `its key pointer leads to "${path}", which is no single String, ObjectId, UUID or integer.`;
  throw new InvalidDeclarationError({
    ...placeFacts(place),
    wrong,
    remedy: `Point to a path of the model's own schema, from the root of the document, of one of these types.`,
  });
}

function valuesAt(schema: SchemaShape, [name = '', ...deeper]: readonly string[]): ValueShape[] {
  const value = schema.children.get(name);
  if (value === undefined) return [];
  if (deeper.length === 0) return [value];
  return value.kind === 'object' ? value.schemas.flatMap((each) => valuesAt(each, deeper)) : [];
}
