import type { PlanNode } from '../plan/encryption-plan';
import { ENCRYPTED_SUBTYPE } from './bson';
import { isCiphertextAt, mayHoldBinary } from './ciphertext-fault';
import { namedChildrenOf, standsAt } from './named-children';

/** The BSON types by their byte. Source: bsonspec.org, version 1.1. */
const STRING = 0x02;
const OBJECT = 0x03;
const ARRAY = 0x04;
const BINARY = 0x05;
const BOOLEAN = 0x08;
const NULL = 0x0a;
const OLD_BINARY_SUBTYPE = 2;

/** How many bytes a value takes whose length is in its type; types that are missing here are seldom, and no ordinary document has them. */
const LENGTHS: Readonly<Record<number, number>> = {
  0x01: 8, // double
  0x07: 12, // ObjectId
  [BOOLEAN]: 1,
  0x09: 8, // date
  [NULL]: 0,
  0x10: 4, // int32
  0x11: 8, // timestamp
  0x12: 8, // int64
  0x13: 16, // decimal128
};

const UNUSUAL = -1;

/** MongoDB stores no document that is nested so deep. */
const DEEPEST = 200;

/** libmongocrypt looks for each key among all that the documents name: of more keys, values are put in order first (bench/decisions/many-keys.md). */
const MOST_KEYS = 8;

/** What was seen of documents as the database sent them. */
export interface StoredSurvey {
  /** The document that was looked at last. */
  document: Uint8Array;
  /** How many ciphertexts there are. */
  ciphertexts: number;
  /** How many bytes all documents have together. */
  bytes: number;
  /** How deep the documents are nested in which the survey stands. */
  depth: number;
  readonly keyIds: Uint8Array[];
}

/** A survey of no document. It is no class: V8 keeps the shape of a literal, also while there is none (bench/decisions/hidden-classes.md). */
export function openSurvey(): StoredSurvey {
  return { document: NOTHING, ciphertexts: 0, bytes: 0, depth: 0, keyIds: [] };
}

const NOTHING = new Uint8Array();

/**
 * Looks through `document`, BSON that `node` describes and that nobody has read, and adds to `survey`, in place, what it sees. The document
 * is ordinary where ciphertext of field level encryption, or null, stands at every declared path that it has, and no ciphertext anywhere else;
 * where no ciphertext could hold another; and where libmongocrypt, which drops the rest of a document behind what it takes for malformed, finds
 * nothing to drop.
 */
export function isOrdinary(
  survey: StoredSurvey,
  document: Uint8Array | undefined,
  node: PlanNode,
): boolean {
  if (document === undefined || node.kind !== 'object') return false;
  survey.document = document;
  survey.bytes += document.length;
  survey.depth = 0;
  return endOfDocument(survey, 0, node) === document.length;
}

/** Where the document ends that begins at `start`; `UNUSUAL` where it holds something unusual. */
function endOfDocument(survey: StoredSurvey, start: number, node: PlanNode | undefined): number {
  const { document } = survey;
  const last = lastOf(survey, start);
  const children = node?.kind === 'object' ? namedChildrenOf(node) : undefined;
  let at = start + 4;
  while (at < last) {
    const name = at + 1;
    const nameEnd = endOfName(document, name, last);
    const below = children?.find(document, name, nameEnd);
    at = endOfValue(survey, { type: document[at] ?? 0, at: nameEnd + 1 }, below);
    if (at === UNUSUAL) return UNUSUAL;
  }
  survey.depth -= 1;
  return at === last ? last + 1 : UNUSUAL;
}

/** The same of an array; `node` describes an element. */
function endOfArray(survey: StoredSurvey, start: number, node: PlanNode): number {
  const { document } = survey;
  const last = lastOf(survey, start);
  let at = start + 4;
  while (at < last) {
    const nameEnd = endOfName(document, at + 1, last);
    at = endOfValue(survey, { type: document[at] ?? 0, at: nameEnd + 1 }, node);
    if (at === UNUSUAL) return UNUSUAL;
  }
  survey.depth -= 1;
  return at === last ? last + 1 : UNUSUAL;
}

/** Where the last byte stands of the document or array that is entered at `start`, if all of it is there, and not too deep. */
function lastOf(survey: StoredSurvey, start: number): number {
  const { document } = survey;
  const last = start + int32At(document, start) - 1;
  survey.depth += 1;
  return document[last] === 0 && survey.depth <= DEEPEST ? last : UNUSUAL;
}

function endOfName(document: Uint8Array, start: number, last: number): number {
  let end = start;
  while (document[end] !== 0 && end < last) end += 1;
  return end;
}

interface ValueSpot {
  readonly type: number;
  readonly at: number;
}

function endOfValue(
  survey: StoredSurvey,
  { type, at }: ValueSpot,
  node: PlanNode | undefined,
): number {
  if (type === BINARY) return endOfBinary(survey, at, node);
  if (node !== undefined && type !== NULL) return endOfDeclared(survey, { type, at }, node);
  if (type === STRING) return endOfText(survey.document, at);
  if (type === BOOLEAN && (survey.document[at] ?? 2) > 1) return UNUSUAL;
  if (type === OBJECT || type === ARRAY) return endOfDocument(survey, at, undefined);
  return endOf(at, LENGTHS[type]);
}

/** What stands where encrypted values are declared further inside. */
function endOfDeclared(survey: StoredSurvey, { type, at }: ValueSpot, node: PlanNode): number {
  if (type === OBJECT && node.kind === 'object') return endOfDocument(survey, at, node);
  if (type !== ARRAY || node.kind === 'field') return UNUSUAL;
  return endOfArray(survey, at, node.kind === 'array' ? node.element : node);
}

function endOfBinary(survey: StoredSurvey, at: number, node: PlanNode | undefined): number {
  const { document } = survey;
  const length = int32At(document, at);
  const subtype = document[at + 4];
  const start = at + 5;
  if (subtype !== ENCRYPTED_SUBTYPE) {
    const isPlain = node === undefined && subtype !== OLD_BINARY_SUBTYPE;
    return isPlain ? endOf(start, length) : UNUSUAL;
  }
  const isCiphertext = node?.kind === 'field' && isCiphertextAt(document, start, length);
  if (!isCiphertext || mayHoldBinary(document, start) || !isOfFewKeys(survey, start + 1)) {
    return UNUSUAL;
  }
  survey.ciphertexts += 1;
  return endOf(start, length);
}

/** Whether the key whose identifier stands at `start` is one of the few that were seen. */
function isOfFewKeys({ document, keyIds }: StoredSurvey, start: number): boolean {
  for (const keyId of keyIds) if (standsAt(keyId, document, start)) return true;
  if (keyIds.length === MOST_KEYS) return false;
  keyIds.push(document.slice(start, start + 16));
  return true;
}

function endOfText(document: Uint8Array, at: number): number {
  const length = int32At(document, at);
  return length > 0 && document[at + 4 + length - 1] === 0 ? at + 4 + length : UNUSUAL;
}

function endOf(start: number, length: number | undefined): number {
  return length === undefined || length < 0 ? UNUSUAL : start + length;
}

function int32At(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] ?? 0) |
    ((bytes[at + 1] ?? 0) << 8) |
    ((bytes[at + 2] ?? 0) << 16) |
    ((bytes[at + 3] ?? 0) << 24)
  );
}
