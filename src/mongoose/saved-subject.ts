import type { KeySubject } from '../codec/document-keys';
import { recordOf } from '../codec/record-of';
import type { EncryptedField, EncryptionPlan } from '../plan/encryption-plan';
import { isKeyedByDocument } from '../rewrite/pointer-rules';
import type { SavedDocument } from './save-wholes';
import { areRelated, isWhollySelected, type Selection } from './selection';
import { unsavedPaths } from './unsaved-paths';

type Condition = Readonly<Record<string, unknown>>;

/** What a document in memory tells of the keys of its values while an update of it is saved. */
export class SavedSubject implements KeySubject {
  /** The document as it is when the update is made of it, where keys depend on that. */
  readonly document: Record<string, unknown> | undefined;
  readonly #selected: Selection | null | undefined;
  readonly #unsaved: readonly string[];
  readonly #absent = new Map<EncryptedField, Condition>();

  constructor(document: SavedDocument, update: unknown, { root }: EncryptionPlan) {
    const isNeeded = isKeyedByDocument(root);
    this.document = isNeeded ? document.toBSON() : undefined;
    this.#unsaved = isNeeded ? unsavedPaths(document, update) : [];
    this.#selected = document.$__.selected;
  }

  /** Whether the document was read with all that is stored under `field`, and that is nothing. */
  isAbsent(field: EncryptedField): boolean {
    const [above = field.path] = field.path.split('.$*');
    if (!isWhollySelected(above, this.#selected)) return false;
    if (this.#unsaved.some((path) => areRelated(path, above))) return false;
    const condition = conditionOfAbsence(field, this.document);
    if (condition !== undefined) this.#absent.set(field, condition);
    return condition !== undefined;
  }

  /**
   * `filter`, rewritten, that also asks for nothing to be stored where the document was found to hold nothing: what somebody has stored
   * there meanwhile would stay behind under another key.
   */
  guarding(filter: Record<string, unknown>): Record<string, unknown> {
    if (this.#absent.size === 0) return filter;
    const { $and = [], ...rest } = filter;
    return { ...rest, $and: [...($and as unknown[]), ...this.#absent.values()] };
  }
}

/** The condition that nothing is stored at the path of a field, or undefined where `stored` holds something there. */
function conditionOfAbsence(field: EncryptedField, stored: unknown): Condition | undefined {
  const { path } = field;
  const [above = path, ...inMap] = path.split('.$*');
  const held = valuesAt(stored, above.split('.'));
  if (!held.every((value) => isNothing(value, field))) return undefined;
  if (inMap.length === 0) return { [path]: { $not: { $type: 'binData' } } };
  // A filter cannot look into every key of a Map, so it asks for the Map as it was read.
  return held.length > 1 ? undefined : { [above]: { $in: [null, {}, ...held] } };
}

/** What stands at a path, in every element of arrays on the way. */
function valuesAt(value: unknown, [name, ...deeper]: readonly string[]): unknown[] {
  if (name === undefined) return [value];
  if (Array.isArray(value)) return value.flatMap((item) => valuesAt(item, [name, ...deeper]));
  return valuesAt(recordOf(value)?.[name], deeper);
}

/** Whether nothing of `value` is encrypted by `field`: an empty container of values, where it is none itself. */
function isNothing(value: unknown, field: EncryptedField): boolean {
  const isEach = (inside: unknown): boolean => isNothing(inside, field);
  if (value === null || value === undefined) return true;
  if (Array.isArray(value)) return !mayBeArray(field) && value.every(isEach);
  const record = field.path.includes('$*') ? recordOf(value) : undefined;
  return record !== undefined && Object.values(record).every(isEach);
}

function mayBeArray({ whole, type }: EncryptedField): boolean {
  return whole && type !== 'Object' && type !== 'Map';
}
