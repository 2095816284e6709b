import type { IndexShape } from '../declaration/schema-shape';
import { InvalidDeclarationError } from '../errors';
import type { EncryptedField, ObjectNode } from './encryption-plan';
import { placeFacts, type PlanPlace } from './plan-place';
import { fieldsBelow, fieldsTouched } from './resolve-path';

/** The directions of an ordinary index; whatever else stands at a key is a special kind of index. */
const DIRECTIONS: readonly unknown[] = [1, -1, 'asc', 'desc', 'ascending', 'descending'];

/** A key of an index, with an encrypted field it touches. */
interface IndexKey {
  readonly direction: unknown;
  readonly isWildcard: boolean;
  readonly field: EncryptedField;
  readonly options: IndexShape['options'];
  /** All keys of the index. */
  readonly keys: IndexShape['keys'];
}

/** What is wrong with a key on an encrypted field, and what to do; undefined where nothing is. */
type IndexFault = readonly [wrong: string, remedy: string] | undefined;

/** Each row reports one kind of index that cannot serve ciphertext; the first that finds a fault is the error. */
const FAULTS: readonly ((key: IndexKey) => IndexFault)[] = [
  ({ isWildcard }) =>
    isWildcard
      ? [
          'a wildcard index covers it',
          'Leave it out by wildcardProjection, or index paths by name.',
        ]
      : undefined,
  ({ direction }) =>
    DIRECTIONS.includes(direction)
      ? undefined
      : [
          `${typeof direction === 'string' ? `a ${direction}` : 'this kind of'} index cannot read ciphertext`,
          'Take the path out of the index.',
        ],
  ({ options }) =>
    (options['expireAfterSeconds'] ?? options['expires']) != null
      ? [
          'a TTL index finds no date in ciphertext, and its documents would never expire',
          'Let documents expire by a clear path.',
        ]
      : undefined,
  ({ options }) =>
    options['collation'] != null
      ? [
          'ciphertext has no collation, and one is set on its index',
          'Take the collation off the index.',
        ]
      : undefined,
  ({ field }) =>
    field.algorithm === 'Random'
      ? [
          'an index is on it, and Random encrypts equal values differently',
          "Declare it 'Deterministic', or take the path out of the index.",
        ]
      : undefined,
  ({ field, keys, options }) =>
    options['unique'] === true && !holdsItsKey(keys, field)
      ? [
          'equal values have unequal ciphertexts under the keys of different documents, and its index is unique',
          'Put the path of the key pointer into the index, or take unique off it.',
        ]
      : undefined,
];

/**
 * Checks the indexes of a model against its plan.
 *
 * @throws {InvalidDeclarationError} An index touches an encrypted field, and cannot do for ciphertext what it is for.
 */
export function checkIndexes(
  indexes: readonly IndexShape[],
  root: ObjectNode,
  place: PlanPlace,
): void {
  for (const index of indexes) {
    for (const key of keysOf(index, root)) {
      const fault = FAULTS.map((find) => find(key)).find((each) => each !== undefined);
      if (fault !== undefined) throw indexError(fault, key.field, place);
    }
    checkPartialFilter(index.options['partialFilterExpression'], root, place);
  }
}

function keysOf({ keys, options }: IndexShape, root: ObjectNode): IndexKey[] {
  return Object.entries(keys).flatMap(([key, direction]) => {
    const isWildcard = isWildcardKey(key) && DIRECTIONS.includes(direction);
    const fields = fieldsOfKey(key, options, root);
    return fields.map((field) => ({ direction, isWildcard, field, options, keys }));
  });
}

/** Whether all documents that an index with `keys` holds together have one key for `field`. */
function holdsItsKey(keys: IndexShape['keys'], { keyAltName: rule }: EncryptedField): boolean {
  if (typeof rule === 'string') return true;
  return rule.kind === 'pointer' && Object.hasOwn(keys, rule.path);
}

/**
 * Refuses deterministic fields in a model with a collation, and such as have their keys by a value of the document.
 *
 * @throws {InvalidDeclarationError} There is one: its twin's equality would follow the collation, ciphertext cannot.
 */
export function checkCollation(fields: readonly EncryptedField[], place: PlanPlace): void {
  const field = fields.find(
    ({ algorithm, keyAltName }) => algorithm === 'Deterministic' || typeof keyAltName === 'object',
  );
  if (field === undefined) return;
  const fault = [
    'the schema has a collation, and ciphertext cannot be compared by one',
    "Take the collation off the schema and give it to single operations, or declare the path 'Random'.",
  ] as const;
  throw indexError(fault, field, place);
}

function isWildcardKey(key: string): boolean {
  return key === '$**' || key.endsWith('.$**');
}

function fieldsOfKey(
  key: string,
  options: IndexShape['options'],
  root: ObjectNode,
): EncryptedField[] {
  if (!isWildcardKey(key)) return fieldsTouched(root, key);
  if (key !== '$**') return fieldsTouched(root, key.slice(0, -'.$**'.length));
  const projection = Object.entries(objectOf(options['wildcardProjection']));
  const named = new Set(projection.flatMap(([path]) => fieldsTouched(root, path)));
  const isInclusion = projection.some(([path, value]) => path !== '_id' && Boolean(value));
  return fieldsBelow(root).filter((field) => named.has(field) === isInclusion);
}

function checkPartialFilter(filter: unknown, root: ObjectNode, place: PlanPlace): void {
  for (const [key, operand] of Object.entries(objectOf(filter))) {
    if (key.startsWith('$')) {
      for (const each of Array.isArray(operand) ? operand : [operand]) {
        checkPartialFilter(each, root, place);
      }
      continue;
    }
    const [field] = fieldsTouched(root, key);
    const isExists = Object.keys(objectOf(operand)).join() === '$exists';
    if (field === undefined || isExists) continue;
    const fault = [
      'a partialFilterExpression compares it, and the server sees only ciphertext',
      'Use nothing but $exists on it there.',
    ] as const;
    throw indexError(fault, field, place);
  }
}

function objectOf(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {};
}

/** The error of an index, or of what concerns indexes, on an encrypted field. */
export function indexError(
  [wrong, remedy]: readonly [string, string],
  field: EncryptedField,
  place: PlanPlace,
): InvalidDeclarationError {
  const facts = placeFacts({ ...place, path: field.path });
  return new InvalidDeclarationError({ ...facts, wrong: `${wrong}.`, remedy });
}
