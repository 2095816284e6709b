import type { Document, Model, mongo } from 'mongoose';
import { isFleError } from '../../../src/index';
import { type Rig, storedAs } from '../../support/rig';

/** Stands in every secret value of the tests, and nowhere else. */
export const SENTINEL = 'sentinel-7f3a';

/** A secret value that can be told from others. */
export const secret = (name: string): string => `${SENTINEL}-${name}`;

/** An encrypted model and its twin, which differ in nothing else. */
export interface Twins<T> {
  readonly encrypted: Model<T>;
  readonly plain: Model<T>;
}

/** How an attempt ended: what it gave, or how its error shows. */
export type Outcome =
  | { readonly result: unknown }
  | { readonly error: { readonly name: string; readonly message: string } };

/** Runs `attempt`, and tells how it ended without documents' classes. */
export async function outcomeOf(attempt: () => unknown): Promise<Outcome> {
  try {
    return { result: withoutClasses(await attempt()) };
  } catch (error) {
    const { name, message } = error as Error;
    return { error: { name, message: message.replace(/_twin\b/g, '') } };
  }
}

/** Runs `attempt` on both models, expects the same outcome, and gives it. */
export async function expectSame<T>(
  { encrypted, plain }: Twins<T>,
  attempt: (model: Model<T>) => unknown,
): Promise<Outcome> {
  const expected = await outcomeOf(() => attempt(plain));
  const seen = await outcomeOf(() => attempt(encrypted));
  expect(seen).toStrictEqual(expected);
  return seen;
}

/** Expects both collections to hold the same documents, and nothing but ciphertext on encrypted paths. */
export async function expectSameStored<T>(rig: Rig, twins: Twins<T>): Promise<void> {
  const { encrypted, plain } = twins;
  const stored = await plain.find().sort({ _id: 1 }).lean();
  expect(await encrypted.find().sort({ _id: 1 }).lean()).toStrictEqual(stored);
  await expectSealed(rig, encrypted);
}

/** Expects every encrypted path of every stored document to hold ciphertext of its algorithm, null or nothing. */
export async function expectSealed<T>(rig: Rig, model: Model<T>): Promise<mongo.Document[]> {
  const documents = await rig.raw(model.collection.name);
  for (const { path, algorithm } of rig.fle.encryptedPaths(model)) {
    const values = documents.flatMap((document) => valuesAt(document, path.split('.')));
    for (const value of values) expect([path, storedAs(value)]).toEqual([path, algorithm]);
  }
  return documents;
}

/** How an error of the plugin shows. */
export interface Refusal {
  readonly name: string;
  readonly code: string;
  readonly message: string;
}

/** The refusal of `attempt`: a rejection, before which nothing was sent to a collection of the test. */
export async function refusalOf(rig: Rig, attempt: () => unknown): Promise<Refusal> {
  rig.wire.clear();
  const attempted = attempt();
  const error: unknown = await Promise.resolve(attempted).then(
    () => new Error('It was not refused'),
    (reason: unknown) => reason,
  );
  if (!isFleError(error)) throw error as Error;
  expect(rig.wire.names()).toEqual([]);
  const { name, code, message } = error;
  return { name, code, message };
}

/** An array of a document, as far as Mongoose adds to it. */
export interface DocumentArrayMethods {
  pull(...values: unknown[]): unknown;
  addToSet(...values: unknown[]): unknown;
}

/** What stands at a path of the schema, without null and undefined; `$*` are the values of a Map. */
export function valuesAt(value: unknown, segments: readonly string[]): unknown[] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return value.flatMap((item) => valuesAt(item, segments));
  const [head, ...tail] = segments;
  if (head === undefined) return [value];
  const record = value as Record<string, unknown>;
  if (head === '$*') return Object.values(record).flatMap((item) => valuesAt(item, tail));
  return valuesAt(record[head], tail);
}

function withoutClasses(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutClasses);
  if (typeof value !== 'object' || value === null) return value;
  const { toObject } = value as Partial<Document>;
  return typeof toObject === 'function' ? toObject.call(value) : value;
}
