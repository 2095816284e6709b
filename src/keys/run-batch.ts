import { setImmediate as nextTurn } from 'node:timers/promises';
import { type KeyTelling, groupByKey } from '../codec/group-by-key';
import type { EncryptPurpose, Eventual } from '../codec/value-cipher';
import { keyNameFault } from '../declaration/key-name';
import type { FleError } from '../errors';
import { type OpenOutcome, type Placed, keysExpired } from './batch-outcome';
import { type ChunkMeasures, endOfChunk } from './end-of-chunk';
import { type KeyRef, keyNamed } from './key-ref';
import type { KeySupply, LoadKeys } from './key-supply';
import type { NativeContext, NativeCrypt } from './native-crypt';

/**
 * What is known of the items of a batch. It is made once, not for each batch: what is optimised of a closure is lost with the closure.
 */
export interface ItemKind<I> extends ChunkMeasures<Placed<I>>, KeyTelling<Placed<I>> {
  readonly refOf: (placed: Placed<I>) => KeyRef;
  readonly failureOf: (cause: unknown, ref: KeyRef) => FleError;
}

/** A batch under way: how its items become outcomes. */
export interface Batch<I, T> {
  readonly outcome: OpenOutcome<T>;
  readonly kind: ItemKind<I>;
  /** Those that are given to libmongocrypt. */
  readonly items: readonly Placed<I>[];
  readonly purpose: EncryptPurpose;
  /** Names of keys to be loaded, where keys have to be, with those of the items. */
  readonly soon?: Iterable<string> | undefined;
  readonly open: (items: readonly Placed<I>[]) => NativeContext;
  /** Reads the answers to the items that were opened together. */
  readonly read: (output: Uint8Array, items: readonly Placed<I>[]) => void;
}

/** What every batch of a cipher is run with. */
export interface Runner {
  readonly native: NativeCrypt;
  readonly supply: KeySupply;
  readonly load: LoadKeys;
}

/** How often a chunk is tried whose keys expire between being loaded and being used. */
const MAX_ROUNDS = 5;

/**
 * Runs a batch. The first chunk is done at once: most batches have no other, and their keys are in memory.
 *
 * @throws {InvalidOptionsError} where keys expire before they can be used.
 */
export function runBatch<I, T>(batch: Batch<I, T>, runner: Runner): Eventual<OpenOutcome<T>> {
  const items = batch.items.length > 1 ? groupByKey(batch.items, batch.kind) : batch.items;
  const end = endOfChunk(items, 0, batch.kind);
  const cold = attempt(batch, end === items.length ? items : items.slice(0, end), runner.native);
  if (cold.length === 0 && end === items.length) return batch.outcome;
  return runOn(batch, { items, end, cold }, runner);
}

/** A batch whose first chunk, which ends at `end`, was tried. */
interface Begun<I> {
  readonly items: readonly Placed<I>[];
  readonly end: number;
  /** What of the first chunk needs keys that are not in memory. */
  readonly cold: readonly Placed<I>[];
}

async function runOn<I, T>(
  batch: Batch<I, T>,
  { items, end, cold }: Begun<I>,
  runner: Runner,
): Promise<OpenOutcome<T>> {
  const unusable = new Map<KeyRef, unknown>();
  if (cold.length > 0) await runCold(batch, cold, { ...runner, unusable });
  for (let start = end; start < items.length;) {
    await nextTurn();
    const next = endOfChunk(items, start, batch.kind);
    const chunk = withoutUnusable(batch, items.slice(start, next), unusable);
    const needed = attempt(batch, chunk, runner.native);
    if (needed.length > 0) await runCold(batch, needed, { ...runner, unusable });
    start = next;
  }
  return batch.outcome;
}

/** Loads all keys that the batch needs, so that it looks into the key vault once, and does what of a chunk was waiting for them. */
async function runCold<I, T>(
  batch: Batch<I, T>,
  chunk: readonly Placed<I>[],
  { unusable, native, supply, load }: Runner & { readonly unusable: Map<KeyRef, unknown> },
): Promise<void> {
  let cold = chunk;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const needed = batch.items.map(batch.kind.refOf);
    const soon = [...(batch.soon ?? [])].filter((name) => keyNameFault(name) === undefined);
    const refs = [...new Set([...needed, ...soon.map(keyNamed)])];
    const failures = await supply.provide(refs, batch.purpose, load);
    failures.forEach((cause, ref) => unusable.set(ref, cause));
    cold = attempt(batch, withoutUnusable(batch, cold, unusable), native);
    if (cold.length === 0) return;
  }
  throw keysExpired();
}

/** Does the work of a chunk, and returns what of it needs keys that are not in memory. Where the work fails, halves are tried. */
function attempt<I, T>(
  batch: Batch<I, T>,
  chunk: readonly Placed<I>[],
  native: NativeCrypt,
): readonly Placed<I>[] {
  const [first] = chunk;
  if (first === undefined) return [];
  try {
    const output = native.finish(batch.open(chunk));
    if (output === undefined) return chunk;
    batch.read(output, chunk);
    return [];
  } catch (cause) {
    if (chunk.length === 1) {
      batch.outcome.failures.set(first.place, batch.kind.failureOf(cause, batch.kind.refOf(first)));
      return [];
    }
    const half = Math.ceil(chunk.length / 2);
    return [
      ...attempt(batch, chunk.slice(0, half), native),
      ...attempt(batch, chunk.slice(half), native),
    ];
  }
}

function withoutUnusable<I, T>(
  { outcome, kind }: Batch<I, T>,
  chunk: readonly Placed<I>[],
  unusable: ReadonlyMap<KeyRef, unknown>,
): readonly Placed<I>[] {
  if (unusable.size === 0) return chunk;
  return chunk.filter((placed) => {
    const ref = kind.refOf(placed);
    if (!unusable.has(ref)) return true;
    outcome.failures.set(placed.place, kind.failureOf(unusable.get(ref), ref));
    return false;
  });
}
