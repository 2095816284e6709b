import { UnsupportedOperationError } from '../errors';
import type { RewriteScope } from '../rewrite/rewrite-scope';

/**
 * The arguments of a reading method, the last of them its options, with `promoteBuffers` off, also where the client has it on: a
 * ciphertext promoted to a Buffer could not be told from other bytes. `raw` asks for documents as BSON, for ourselves to read.
 *
 * @throws {UnsupportedOperationError} where the reply is asked for as raw BSON.
 */
export function readable(
  parameters: readonly unknown[],
  scope: RewriteScope,
  raw = false,
): unknown[] {
  const options = (parameters.at(-1) ?? {}) as { raw?: boolean; fieldsAsRaw?: object };
  if (options.raw === true || options.fieldsAsRaw !== undefined) {
    throw new UnsupportedOperationError({
      model: scope.plan.name,
      operation: scope.operation,
      wrong:
        'the options raw and fieldsAsRaw give undecoded BSON, in which nothing can be decrypted.',
      remedy: 'Leave them out; lean() gives plain objects.',
    });
  }
  // A spread with properties added to it takes ten times as long (bench/decisions/commands.md).
  return [...parameters.slice(0, -1), Object.assign({}, options, raw ? RAW : DECODED)];
}

const DECODED = Object.freeze({
  promoteBuffers: false,
  raw: false,
  fieldsAsRaw: Object.freeze({}),
});
const RAW = Object.freeze({ ...DECODED, raw: true });

/** Whether the plan of an operation is asked for, and not its result. */
export function isExplained(options: unknown): boolean {
  const { explain } = (options ?? {}) as { explain?: unknown };
  return explain !== undefined && explain !== false;
}

/** Whether what `findOneAnd…` found comes inside what it did. */
export function withMetadata(options: unknown): boolean {
  return (
    (options as { includeResultMetadata?: boolean } | undefined)?.includeResultMetadata === true
  );
}
