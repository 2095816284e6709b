import type { Document, mongo } from 'mongoose';
import { isFleError } from '../../../src/index';
import type { Rig } from '../../support/rig';
import type { Seal } from './blueprint';
import type { Place } from './places';

/** How an attempt ended. */
export type Ending =
  | { readonly result: unknown }
  | { readonly refusal: string; readonly message: string }
  | { readonly error: string; readonly message: string; readonly details: unknown };

/** Runs `attempt`, and tells how it ended without documents' classes. */
export async function endingOf(attempt: () => Promise<unknown>): Promise<Ending> {
  try {
    return { result: plainOf(await attempt()) };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const { message } = error;
    if (isEndOfServer(error)) throw error;
    if (isFleError(error)) return { refusal: error.code, message };
    return { error: nameOf(error), message, details: detailsOf(error) };
  }
}

/** Whether the server ended at a command, which says nothing of the twins: DocumentDB has such commands. It comes back by itself. */
export const isEndOfServer = (error: unknown): boolean =>
  /Connection terminated|the database system is/.test(String(error));

const DUPLICATE_KEY = 11_000;

/** The server's other codes depend on how it words what it was sent. */
function nameOf(error: Error & { readonly code?: unknown }): string {
  const { name, code } = error;
  const isMistake = name === 'TypeError' && !isOfMongoose(error);
  if (isMistake || name === 'AssertionError') throw error;
  return code === DUPLICATE_KEY ? `${name} of a duplicate key` : name;
}

/** What an error of Mongoose says, and what a failed bulk write reports. */
function detailsOf(error: Error & Details): unknown {
  const { name, message, errors, writeErrors, insertedCount, matchedCount, insertedDocs } = error;
  switch (name) {
    case 'CastError':
      return comparable(message);
    case 'ValidationError':
      return Object.entries(errors ?? {}).map(([path, { name: kind, message: said }]) => [
        path,
        kind,
        comparable(said),
      ]);
    case 'MongoBulkWriteError':
      return {
        failed: [writeErrors ?? []].flat().map(({ index }) => index),
        insertedCount,
        matchedCount,
        inserted: plainOf(insertedDocs),
      };
    default:
      return undefined;
  }
}

/** Mongoose may show a whole document, which it has given an identifier; and a path as it was first asked for, maybe of one twin alone. */
const comparable = (message: string): string =>
  message.replaceAll(/[0-9a-f]{24}/g, 'id').replaceAll(/ at path "[^"]*"/g, '');

interface Details {
  readonly errors?: Readonly<Record<string, Error>>;
  readonly writeErrors?: { readonly index: number } | readonly { readonly index: number }[];
  readonly insertedCount?: number;
  readonly matchedCount?: number;
  readonly insertedDocs?: unknown;
}

/** Mongoose has mistakes of its own, such as in `addToSet` of a BigInt: the twin must end in them too. */
function isOfMongoose({ stack = '' }: Error): boolean {
  const thrower = stack.split('\n').find((line) => /[/\\]/.test(line) && line.includes(' at '));
  return thrower?.includes('/node_modules/mongoose/lib/') === true;
}

/** `value` with what documents say of themselves in place of them, and without other classes of Mongoose. */
export function plainOf(value: unknown): unknown {
  if (Array.isArray(value)) return Array.from(value, plainOf);
  if (typeof value !== 'object' || value === null) return value;
  return isDocument(value) ? stateOf(value) : withoutClasses(value);
}

function withoutClasses(value: unknown): unknown {
  if (Array.isArray(value)) return Array.from(value, withoutClasses);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Map) {
    return new Map([...value].map(([key, inner]) => [key as unknown, withoutClasses(inner)]));
  }
  if (isDocument(value)) return withoutClasses(value.toObject());
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, withoutClasses(inner)]);
  return Object.fromEntries(entries);
}

function isDocument(value: object): value is Document {
  return '$isNew' in value && '$__' in value;
}

/** What a document says of itself. */
export interface DocumentState {
  readonly value: object;
  readonly withGetters: object;
  readonly json: string;
  readonly isNew: boolean;
  readonly isModified: boolean;
  readonly modified: readonly string[];
  readonly directlyModified: readonly string[];
  readonly selected: unknown;
}

/** Asks a document. */
export function stateOf(document: Document): DocumentState {
  return {
    value: withoutClasses(document.toObject()) as object,
    withGetters: withoutClasses(document.toObject({ getters: true })) as object,
    json: JSON.stringify(document, (_, inner: unknown) =>
      typeof inner === 'bigint' ? String(inner) : inner,
    ),
    isNew: document.isNew,
    isModified: document.isModified(),
    modified: document.modifiedPaths(),
    directlyModified: document.directModifiedPaths(),
    selected: document.$__.selected,
  };
}

declare module 'mongoose' {
  interface Document {
    readonly $__: { readonly selected?: unknown };
  }
}

/** Reads all documents as the server holds them; types are kept, so that 1 as int32 is not 1 as a double. */
export async function readStored(database: mongo.Db): Promise<mongo.Document[]> {
  const options = { promoteValues: false, promoteLongs: false, promoteBuffers: false };
  return await database.collection('cases').find({}, options).sort({ _id: 1 }).toArray();
}

/** Expects ciphertext of the declared algorithm and key at every encrypted place, and nowhere else. */
export async function expectSealed(
  rig: Rig,
  places: readonly Place[],
  documents: readonly mongo.Document[],
): Promise<void> {
  let sealed = 0;
  for (const { path, seal } of sealedPaths(places)) {
    for (const document of documents) {
      const values = valuesAt(document, path.split('.'));
      if (values.length === 0) continue;
      const keyId = await keyIdOf(rig, keyNameOf(seal, document));
      const expected = { path, stored: `${seal.algorithm} ${keyId}` };
      for (const value of values) expect({ path, stored: describeStored(value) }).toEqual(expected);
      sealed += values.length;
    }
  }
  expect(countCiphertexts(documents)).toBe(sealed);
}

/** A document of a tenant has keys of that tenant. */
const keyNameOf = ({ keyAltName }: Seal, { tenant }: mongo.Document): string =>
  tenant === undefined ? keyAltName : `${keyAltName}:${String(tenant)}`;

/** The paths that hold ciphertext: of Maps, the values, unless the Map is encrypted as one. */
function sealedPaths(places: readonly Place[]): { readonly path: string; readonly seal: Seal }[] {
  return places.flatMap(({ path, shape, standing, field: { seal } }) => {
    const holds = standing === 'whole' || (shape.kind !== 'map' && /^[DR]/.test(standing));
    return seal === undefined || !holds ? [] : [{ path: path.replaceAll('.#', ''), seal }];
  });
}

/** What stands at a path, without null and undefined. */
function valuesAt(value: unknown, segments: readonly string[]): unknown[] {
  if (value === null || value === undefined) return [];
  const elements = elementsOf(value);
  if (elements !== undefined) return elements.flatMap((element) => valuesAt(element, segments));
  const [head, ...tail] = segments;
  if (head === undefined) return [value];
  const record = value as Record<string, unknown>;
  const inner = head === '$*' ? Object.values(record) : [record[head]];
  return inner.flatMap((each) => valuesAt(each, tail));
}

/** The elements of an array; `$set` of a position where no array is makes an object of positions. */
export function elementsOf(value: unknown): unknown[] | undefined {
  if (Array.isArray(value)) return value as unknown[];
  if (typeof value !== 'object' || value === null || '_bsontype' in value) return undefined;
  const keys = Object.keys(value);
  const isPositions = keys.length > 0 && keys.every((key) => /^\d+$/.test(key));
  return isPositions ? Object.values(value) : undefined;
}

const KEY_IDS = new WeakMap<Rig, Map<string, string>>();

async function keyIdOf(rig: Rig, keyAltName: string): Promise<string> {
  const known = KEY_IDS.get(rig) ?? new Map<string, string>();
  KEY_IDS.set(rig, known);
  if (!known.has(keyAltName)) {
    const key = await rig.bare.collection('__keyVault').findOne({ keyAltNames: keyAltName });
    if (key !== null) known.set(keyAltName, (key._id as unknown as mongo.Binary).toString('hex'));
  }
  return known.get(keyAltName) ?? 'no key';
}

/** The first byte of a ciphertext is the algorithm, the next 16 are the identifier of the data key. */
function describeStored(value: unknown): string {
  if (!isCiphertext(value)) return 'clear';
  const bytes = Buffer.from(value.buffer);
  const algorithm = bytes[0] === 1 ? 'Deterministic' : 'Random';
  return `${algorithm} ${bytes.subarray(1, 17).toString('hex')}`;
}

/** Whether `value` is a BSON binary of subtype 6. */
export function isCiphertext(value: unknown): value is mongo.Binary {
  const binary = value as mongo.Binary | null | undefined;
  return binary?._bsontype === 'Binary' && binary.sub_type === 6;
}

function countCiphertexts(value: unknown): number {
  if (isCiphertext(value)) return 1;
  if (typeof value !== 'object' || value === null || '_bsontype' in value) return 0;
  return Object.values(value).reduce<number>((sum, inner) => sum + countCiphertexts(inner), 0);
}
