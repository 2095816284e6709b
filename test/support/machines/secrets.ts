import { inspect } from 'node:util';
import { mongo } from 'mongoose';
import { isPlainObject, isSealed, plainValue } from './plain-value';

/** Stands in secret values of the tests, and nowhere else. */
export const SENTINEL = 'sentinel-7f3a';

/** What is shorter, or smaller, occurs by chance in what is no secret. The path of a value tells it then, see encrypted-values.ts. */
const SHORTEST = 6;
const SMALLEST = 10_000;
/** How many secrets are looked for in texts; a value that stands by itself is always looked for. */
const MOST_IN_TEXT = 2_000;

/** The texts of all scalars in `value` and of all keys, ciphertext left out. */
interface Texts {
  readonly scalars: string[];
  readonly keys: Set<string>;
}

/** The texts in `value`, each object once; a session of the driver is no BSON. */
function textsIn(value: unknown): Texts {
  const texts = { scalars: [] as string[], keys: new Set<string>() };
  const met = new Set<unknown>();
  const waiting = [value]; // a list instead of calls within calls: the value may be deep
  while (waiting.length > 0) {
    const given = waiting.pop();
    if (met.has(given) || given instanceof mongo.ClientSession) continue;
    if (typeof given === 'object') met.add(given);
    const plain = plainValue(given);
    if (Array.isArray(plain)) {
      for (const item of plain) waiting.push(item);
    } else if (isPlainObject(plain)) {
      for (const [key, item] of Object.entries(plain)) {
        texts.keys.add(key);
        waiting.push(item);
      }
    } else if (!isSealed(plain)) {
      const text = textOf(plain);
      if (text !== undefined) texts.scalars.push(text);
    }
  }
  return texts;
}

/** Every scalar and every key in `value`, as texts. */
export function visibleTexts(value: unknown): string[] {
  const { scalars, keys } = textsIn(value);
  return [...scalars, ...keys];
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (value instanceof RegExp) return value.source;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? undefined : value.toISOString();
  if (value instanceof mongo.Binary) return Buffer.from(value.value()).toString('base64');
  if (ArrayBuffer.isView(value)) {
    const { buffer, byteOffset, byteLength } = value;
    return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
  }
  const isNumber =
    value instanceof mongo.Long ||
    value instanceof mongo.Int32 ||
    value instanceof mongo.Double ||
    value instanceof mongo.Decimal128;
  return isNumber ? value.toString() : undefined;
}

/** The plaintext of encrypted fields, as texts that can be told from others. */
export class Secrets {
  readonly #texts = new Set<string>();
  readonly #clear = new Set<string>();

  /** Keeps every scalar in `value` that could not stand somewhere by chance. */
  add(value: unknown): void {
    for (const text of textsIn(value).scalars) {
      if (isTelling(text) && !this.#clear.has(text)) this.#texts.add(text);
    }
  }

  /** Knows from now on that every scalar in `value` stands on a path as well that is not encrypted, so that it tells nothing. */
  addClear(value: unknown): void {
    for (const text of textsIn(value).scalars) {
      this.#clear.add(text);
      this.#texts.delete(text);
    }
  }

  get size(): number {
    return this.#texts.size;
  }

  /** The first secret among `texts`, or in one of them. */
  findIn(texts: readonly string[]): string | undefined {
    const same = texts.find((text) => this.#texts.has(text) || text.includes(SENTINEL));
    return same ?? this.findInside(texts.join('\n'));
  }

  /** The first secret inside of `text`. */
  findInside(text: string): string | undefined {
    if (text.includes(SENTINEL)) return SENTINEL;
    let left = MOST_IN_TEXT;
    for (const secret of this.#texts) {
      if (text.includes(secret) && standsAlone(secret, text)) return secret;
      left -= 1;
      if (left === 0) return undefined;
    }
    return undefined;
  }
}

function isTelling(text: string): boolean {
  const number = Number(text);
  if (Number.isNaN(number)) return text.length >= SHORTEST;
  return Math.abs(number) >= SMALLEST && Number.isFinite(number);
}

/** A number may occur within a longer one, or in the text of a ciphertext. */
function standsAlone(secret: string, text: string): boolean {
  const escaped = secret.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(?<![\\w+/=])${escaped}(?![\\w+/=])`).test(text);
}

/** What `error` shows: its message, stack, properties and causes, and how it is printed. */
export function shownBy(error: Error): string {
  const chain: unknown[] = [error];
  for (let { cause } = error; cause instanceof Error; { cause } = cause) chain.push(cause);
  return chain
    .map((each) =>
      [
        inspect(each, { depth: Infinity, showHidden: true, maxArrayLength: null }),
        JSON.stringify(each, (_, value: unknown) =>
          typeof value === 'bigint' ? String(value) : value,
        ),
        (each as Error).stack,
      ].join('\n'),
    )
    .join('\n');
}
