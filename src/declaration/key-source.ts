import { keyNameFault } from './key-name';

/** The data key of a document, named by a value of its own: `prefix`, and behind it the text of what stands at `pointer`. */
export interface KeyPointer {
  /**
   * Where the value stands, from the root of the document: a JSON Pointer such as `/tenantId` or `/owner/id`, to a path of type String,
   * ObjectId, UUID, Number (integers only), Int32 or BigInt that is not encrypted.
   *
   * Source: RFC 6901.
   */
  readonly pointer: string;
  /** What every name begins with, so that no value can name a key of another kind: `tenant:` makes `tenant:42`. */
  readonly prefix: string;
}

/** What a {@link KeyFunction} may choose a data key by. */
export interface KeyContext {
  /** The model's name; where a pipeline reaches into another collection, that of the collection's model. */
  readonly model: string;
  /** The driver's method that was called, such as `insertOne`. */
  readonly operation: string;
  /** The document that is written, where there is one: inserted, saved, or taking another's place. Not to be changed. */
  readonly document?: unknown;
  /** The filter that finds the documents, where there is no document; of a pipeline, its first `$match`. Not to be changed. */
  readonly filter?: unknown;
  /** What `fle.run(context, …)` was given, undefined outside of it. */
  readonly context: unknown;
}

/** Names the data key of a document. It must give the same name for the same document, whether that is written or looked for. */
export type KeyFunction = (context: KeyContext) => string;

/** How a data key is named: by a fixed name, by a value of the document, or by a function. */
export type KeyAltName = string | KeyPointer | KeyFunction;

const POINTER_OPTIONS = ['pointer', 'prefix'];
/** Names that no schema has, and that would lead a look-up astray. */
const RESERVED: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** What is wrong with `source` as the name of a data key, as a sentence; undefined where nothing is. */
export function keySourceFault(source: unknown): string | undefined {
  if (typeof source === 'function') return undefined;
  if (typeof source !== 'object' || source === null || Array.isArray(source)) {
    return keyNameFault(source);
  }
  const unknown = Object.keys(source).find((option) => !POINTER_OPTIONS.includes(option));
  if (unknown !== undefined) return `keyAltName has no option "${unknown}".`;
  const { pointer, prefix } = source as Partial<Record<keyof KeyPointer, unknown>>;
  return pointerFault(pointer) ?? prefixFault(prefix);
}

/** `source`, which has no fault, so that nobody can change it. */
export function frozenKeySource(source: KeyAltName): KeyAltName {
  if (typeof source !== 'object') return source;
  return Object.freeze({ pointer: source.pointer, prefix: source.prefix });
}

/** Whether two sources name the same key for every document. */
export function sameKeySource(one: KeyAltName, other: KeyAltName): boolean {
  if (typeof one !== 'object' || typeof other !== 'object') return one === other;
  return one.pointer === other.pointer && one.prefix === other.prefix;
}

/** How messages name `source`. */
export function describeKeySource(source: KeyAltName): string {
  if (typeof source === 'string') return `"${source}"`;
  if (typeof source === 'function') return 'the name that a function gives';
  return `"${source.prefix}" and the value at "${source.pointer}"`;
}

/** The names that the JSON Pointer `pointer` leads through. */
export function namesOfPointer(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function pointerFault(pointer: unknown): string | undefined {
  if (typeof pointer !== 'string' || !/^(?:\/(?:[^~/]|~[01])+)+$/.test(pointer)) {
    return 'pointer is not a JSON Pointer to a path, such as "/tenantId".';
  }
  const isPath = namesOfPointer(pointer).every(
    (name) => !RESERVED.has(name) && !/[.$\0]/.test(name) && !/^\d+$/.test(name),
  );
  return isPath ? undefined : 'pointer leads to what cannot be a path of a schema.';
}

function prefixFault(prefix: unknown): string | undefined {
  const fault = keyNameFault(prefix);
  return fault?.replace('keyAltName', 'prefix');
}
