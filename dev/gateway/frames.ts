import { HEADER_BYTES, MAX_MESSAGE_BYTES, WireError } from './wire-messages';

/**
 * Cuts a byte stream into wire protocol messages. The next one is read only when the last one has
 * been taken, so that a client that sends faster than it is served is slowed down by TCP.
 *
 * @throws {WireError} for a length outside of what a message may have; an unfinished message at the
 *   end of the stream is dropped.
 */
export async function* framesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  let parts: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    parts.push(chunk);
    size += chunk.length;
    let wanted = lengthOf(parts, size);
    while (wanted !== undefined && size >= wanted) {
      const bytes = Buffer.concat(parts, size);
      yield bytes.subarray(0, wanted);

      parts = [bytes.subarray(wanted)];
      size -= wanted;
      wanted = lengthOf(parts, size);
    }
  }
}

/** The length that the first message names, once it has arrived. */
function lengthOf(parts: Buffer[], size: number): number | undefined {
  if (size < 4) return undefined;
  // The parts of a long message are put together only once, when it is complete.
  if ((parts[0]?.length ?? 0) < 4) parts.splice(0, parts.length, Buffer.concat(parts, size));

  const length = parts[0]?.readInt32LE(0) ?? 0;
  if (length < HEADER_BYTES || length > MAX_MESSAGE_BYTES) {
    throw new WireError(`A message cannot have ${length} bytes`);
  }
  return length;
}
