/** How many values, keys for them, and bytes of them, libmongocrypt gets at once; for so long it blocks the event loop. */
const CHUNK_VALUES = 512;
const CHUNK_KEYS = 100;
const CHUNK_BYTES = 4 * 1024 * 1024;

/** What a chunk is measured by. */
export interface ChunkMeasures<I> {
  readonly sizeOf: (item: I) => number;
  readonly isSameKey: (one: I, other: I) => boolean;
}

/** Where the chunk ends that begins at `start`: it holds one item at least. Items of one key are beside each other. */
export function endOfChunk<I extends object>(
  items: readonly I[],
  start: number,
  { sizeOf, isSameKey }: ChunkMeasures<I>,
): number {
  const limit = Math.min(items.length, start + CHUNK_VALUES);
  let size = 0;
  let keys = 0;
  let before: I | undefined;
  for (let end = start; end < limit; end += 1) {
    const item = items[end];
    if (item === undefined) return end;
    size += sizeOf(item);
    if (before === undefined || !isSameKey(before, item)) keys += 1;
    if (end > start && (size > CHUNK_BYTES || keys > CHUNK_KEYS)) return end;
    before = item;
  }
  return limit;
}
