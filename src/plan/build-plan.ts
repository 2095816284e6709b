import type { ModelShape, SchemaShape, ValueShape } from '../declaration/schema-shape';
import { InvalidDeclarationError } from '../errors';
import { checkCollation, checkIndexes } from './check-indexes';
import { checkKeys } from './check-keys';
import { checkReserved } from './check-reserved';
import { checkSearchIndexes } from './check-search-indexes';
import type { EncryptedField, EncryptionPlan, ObjectNode, PlanNode } from './encryption-plan';
import { keyRulesOver, type MakeKeyRule } from './key-rule';
import { declaredInside } from './marks-inside';
import { mergeDeclared, spreadOverElements } from './merge-declared';
import { encryptedByMongoose } from './plan-field';
import { placeFacts, type PlanPlace } from './plan-place';
import { fieldsTouched } from './resolve-path';

/** Of what a plan is built. */
export interface PlanSource {
  /** What stands for the model in messages: its name, or the class's or schema's while there is no model. */
  readonly name: string;
  /** Whether `name` is a model's; true if left out. Without a model, errors have no `model`. */
  readonly isModel?: boolean;
  /** The shape of the model's schema, and of its discriminators' after it. */
  readonly shapes: readonly ModelShape[];
}

/**
 * What is encrypted in the documents of a model, of all its discriminators together. A recursive schema makes a
 * recursive plan: walk it along a document or a path, or with `fieldsBelow`.
 *
 * @throws {UnencryptableTypeError} A type has no encryption under its algorithm.
 * @throws {InvalidDeclarationError} A path cannot be encrypted where it stands, as it is indexed, or is not declared
 * alike in all discriminators.
 */
export function buildPlan({ name, isModel = true, shapes }: PlanSource): EncryptionPlan {
  const place: PlanPlace = { name, isModel, path: '' };
  const schemas = shapes.map(({ schema }) => schema);
  const building: Building = { fields: [], open: [], keyRule: keyRulesOver(schemas) };
  const root = planObject({ schemas, rest: [] }, place, building);
  checkKeys(building.fields, root, place);
  for (const shape of building.fields.length === 0 ? [] : shapes) {
    checkIndexes(shape.indexes, root, place);
    checkSearchIndexes(shape.searchIndexes, root, place);
    if (shape.collation) checkCollation(building.fields, place);
  }
  const versionKey = shapes[0]?.versionKey;
  return Object.freeze({ name, root, fields: Object.freeze(building.fields), versionKey });
}

interface Building {
  readonly fields: EncryptedField[];
  /** The objects inside which the builder stands, but for the root: a recursive schema leads back to one of them. */
  readonly open: OpenObject[];
  readonly keyRule: MakeKeyRule;
}

interface OpenObject {
  readonly schemas: readonly SchemaShape[];
  readonly node: ObjectNode;
}

/** What an object may hold: the children of schemas, and under any other name the values of Maps. */
interface ObjectContents {
  readonly schemas: readonly SchemaShape[];
  readonly rest: readonly ValueShape[];
}

function planObject(contents: ObjectContents, place: PlanPlace, building: Building): ObjectNode {
  const { schemas, rest } = contents;
  const again = building.open.find((each) => isSame(each.schemas, schemas));
  if (again !== undefined && rest.length === 0) return again.node;
  const children = new Map<string, PlanNode>();
  const at = (key: string): PlanPlace => ({
    ...place,
    path: place.path === '' ? key : `${place.path}.${key}`,
    inArray: false,
  });
  const node: Unfrozen<ObjectNode> = { kind: 'object', children, rest: undefined };
  if (place.path !== '') building.open.push({ schemas, node });
  for (const key of new Set(schemas.flatMap((each) => [...each.children.keys()]))) {
    const values = schemas.flatMap((each) => each.children.get(key) ?? []);
    const child = planValues(values, at(key), building);
    if (child !== undefined) children.set(key, child);
  }
  if (rest.length > 0) node.rest = planValues(rest, at('$*'), building);
  if (place.path !== '') building.open.pop();
  for (const { reserved } of schemas) checkReserved(reserved, node, place);
  const aliases = aliasesOf(schemas, node);
  if (aliases.size > 0) node.aliases = aliases;
  return Object.freeze(node);
}

type Unfrozen<T> = { -readonly [Key in keyof T]: T[Key] };

/** An alias of another schema may be a path of the first, the model's own. */
function aliasesOf(schemas: readonly SchemaShape[], node: ObjectNode): Map<string, EncryptedField> {
  const aliases = new Map<string, EncryptedField>();
  for (const { alias, path } of schemas.flatMap((each) => each.aliases ?? [])) {
    const isPath = node.children.has(alias) || schemas[0]?.children.has(alias) === true;
    const [field] = isPath ? [] : fieldsTouched(node, path);
    if (field !== undefined) aliases.set(alias, field);
  }
  return aliases;
}

function isSame(some: readonly SchemaShape[], others: readonly SchemaShape[]): boolean {
  return some.length === others.length && some.every((each) => others.includes(each));
}

/** The node of what stands at one path: one value, or one for each discriminator that has the path. */
function planValues(
  values: readonly ValueShape[],
  place: PlanPlace,
  building: Building,
): PlanNode | undefined {
  const spread = values.map((value) => spreadOverElements(value, place));
  if (spread.some((value) => value.declared !== undefined)) {
    const declared = mergeDeclared(spread, place);
    const keyAltName = building.keyRule(declared.keyAltName, place);
    const field: EncryptedField = Object.freeze({ ...declared, keyAltName });
    building.fields.push(field);
    return { kind: 'field', field };
  }
  if (spread.every((value) => declaredInside(value) === undefined)) return undefined;
  checkContainers(spread, place);
  const elements = spread.flatMap((value) => (value.kind === 'array' ? [value.element] : []));
  if (elements.length > 0) {
    const element = planValues(elements, { ...place, inArray: true }, building);
    return element && Object.freeze({ kind: 'array', element });
  }
  const schemas = spread.flatMap((value) => (value.kind === 'object' ? value.schemas : []));
  const rest = spread.flatMap((value) => (value.kind === 'map' ? [value.values] : []));
  return planObject({ schemas, rest }, place, building);
}

/** Of values with encrypted paths inside, every one has to be a container, and of one kind. */
function checkContainers(values: readonly ValueShape[], place: PlanPlace): void {
  const kinds = new Set(values.map(({ kind }) => kind));
  if (kinds.size > 1) {
    throw new InvalidDeclarationError({
      ...placeFacts(place),
      wrong: `it holds encrypted fields in one discriminator and is a different thing in another (${[...kinds].join(', ')}).`,
      remedy: 'Give the path the same shape in every discriminator, or another name.',
    });
  }
  if (kinds.has('leaf')) {
    throw new InvalidDeclarationError({
      ...placeFacts(place),
      wrong: 'a member of a Union is declared encrypted.',
      remedy: 'Declare the Union itself encrypted.',
    });
  }
  if (values.some((value) => value.automatic === true)) throw encryptedByMongoose(place);
}
