import { UnsupportedOperationError } from '../errors';
import type { RewriteScope } from '../rewrite/rewrite-scope';

/**
 * The arguments of a reading method, the last of them its options, with `promoteBuffers` off, also where the client has it on: a
 * ciphertext promoted to a Buffer could not be told from other bytes.
 *
 * @throws {UnsupportedOperationError} where the reply is asked for as raw BSON.
 */
export function readable(parameters: readonly unknown[], scope: RewriteScope): unknown[] {
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
  return [...parameters.slice(0, -1), Object.assign({}, options, DECODED)];
}

const DECODED = Object.freeze({
  promoteBuffers: false,
  raw: false,
  fieldsAsRaw: Object.freeze({}),
});

/**
 * Whether the plan of an operation is asked for, and not its result.
 *
 * Source: driver 7.8, src/cursor/find_cursor.ts and src/operations/command.ts: `false` is a verbosity as well.
 */
export function isExplained(options: unknown): boolean {
  const { explain } = (options ?? {}) as { explain?: unknown };
  return explain !== undefined && explain !== null;
}

/** Whether what `findOneAnd…` found comes inside what it did. */
export function withMetadata(options: unknown): boolean {
  return (
    (options as { includeResultMetadata?: boolean } | undefined)?.includeResultMetadata === true
  );
}
