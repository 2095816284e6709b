import { copyAlong } from '../codec/copy-along';
import { UnsupportedOperationError } from '../errors';
import type { PlanNode } from '../plan/encryption-plan';
import { nodeOfDistinct } from '../rewrite/distinct';
import { rewritePipeline } from '../rewrite/pipeline';
import { rewriteReadOptions } from '../rewrite/read-options';
import type { RewriteScope } from '../rewrite/rewrite-scope';
import type { CollectionBoundary } from './collection-boundary';
import type { Command } from './command';
import { DecryptingCursor } from './decrypting-cursor';
import { callMethod, type CollectionMethod } from './native-collection';
import {
  rewriteFilterCommand,
  rewriteReplaceCommand,
  rewriteUpdateCommand,
} from './rewrite-command';

type Parameters = readonly unknown[];

/** What a method that reads one document was called with. */
interface Call {
  readonly parameters: Parameters;
  readonly options: unknown;
  readonly rewrite: (parameters: Parameters, command: Command) => unknown[];
}

function filterCommand(parameters: Parameters): Call {
  return { parameters, rewrite: rewriteFilterCommand, options: parameters[1] };
}

/** The methods of a collection that give documents or values back, by name. */
export function readMethods(boundary: CollectionBoundary): Record<string, CollectionMethod> {
  return {
    find: (filter, options) => findCursor(boundary, filter, options),
    aggregate: (pipeline, options) => aggregationCursor(boundary, pipeline, options),
    findOne: async (...parameters) => await readOne(boundary, 'findOne', filterCommand(parameters)),
    findOneAndDelete: async (...parameters) =>
      await readOne(boundary, 'findOneAndDelete', filterCommand(parameters)),
    findOneAndUpdate: async (...parameters) =>
      await readOne(boundary, 'findOneAndUpdate', {
        parameters,
        rewrite: rewriteUpdateCommand,
        options: parameters[2],
      }),
    findOneAndReplace: async (...parameters) =>
      await readOne(boundary, 'findOneAndReplace', {
        parameters,
        rewrite: rewriteReplaceCommand,
        options: parameters[2],
      }),
    countDocuments: async (...parameters) => {
      const { result } = await boundary.run('countDocuments', (command) =>
        rewriteFilterCommand(parameters, command),
      );
      return result;
    },
    distinct: async (path, filter, options) =>
      await distinctValues(boundary, path, [filter, options]),
  };
}

function findCursor(
  boundary: CollectionBoundary,
  filter: unknown,
  options: unknown,
): DecryptingCursor {
  let command: Command | undefined;
  return new DecryptingCursor({
    model: boundary.bound.model.modelName,
    operation: 'find',
    openCursor: async () => {
      const prepared = await boundary.prepare('find', (fresh) =>
        readable(rewriteFilterCommand([filter, options], fresh), fresh.query(options)),
      );
      ({ command } = prepared);
      return callMethod(boundary.base, 'find', prepared.parameters);
    },
    decrypt: async (documents) => {
      await command?.open(documents, boundary.root, options);
    },
  });
}

function aggregationCursor(
  boundary: CollectionBoundary,
  pipeline: unknown,
  options: unknown,
): DecryptingCursor {
  let command: Command | undefined;
  let shape: PlanNode | undefined;
  return new DecryptingCursor({
    model: boundary.bound.model.modelName,
    operation: 'aggregate',
    openCursor: async () => {
      const prepared = await boundary.prepare('aggregate', (fresh) => {
        const scope = fresh.query(options);
        const rewritten = rewritePipeline(pipeline, scope);
        ({ shape } = rewritten);
        return readable([rewritten.pipeline, rewriteReadOptions(options, scope)], scope);
      });
      ({ command } = prepared);
      return callMethod(boundary.base, 'aggregate', prepared.parameters);
    },
    decrypt: async (documents) => {
      await command?.open(documents, shape, options);
    },
  });
}

/** `aggregate` of a model without encrypted fields: a stage may not reach into a collection with some. */
export function clearAggregate(boundary: CollectionBoundary): CollectionMethod {
  return (pipeline, options) => {
    try {
      rewritePipeline(pipeline, boundary.scopeOf('aggregate'));
    } catch (error) {
      return refusedCursor(boundary, error);
    }
    return callMethod(boundary.base, 'aggregate', [pipeline, options]);
  };
}

/** A cursor that rejects with `error` when it is asked: Mongoose expects one at once. */
function refusedCursor({ bound }: CollectionBoundary, error: unknown): DecryptingCursor {
  return new DecryptingCursor({
    model: bound.model.modelName,
    operation: 'aggregate',
    openCursor: async () => {
      await Promise.resolve();
      throw error;
    },
    decrypt: async () => {
      await Promise.resolve();
    },
  });
}

async function readOne(
  boundary: CollectionBoundary,
  operation: string,
  { parameters, options, rewrite }: Call,
): Promise<unknown> {
  const { command, result } = await boundary.run(operation, (fresh) =>
    readable(rewrite(parameters, fresh), fresh.query(options)),
  );
  if (isExplained(options)) return result;
  const metadata = withMetadata(options) ? (result as { value: unknown }) : undefined;
  const [value] = await opened([metadata === undefined ? result : metadata.value], {
    command,
    node: boundary.root,
    options,
  });
  return metadata === undefined ? value : { ...metadata, value };
}

async function distinctValues(
  boundary: CollectionBoundary,
  path: unknown,
  [filter, options]: Parameters,
): Promise<unknown> {
  let node: PlanNode | undefined;
  const { command, result } = await boundary.run('distinct', (fresh) => {
    const scope = fresh.query(options);
    node = nodeOfDistinct(String(path), scope);
    return readable([path, ...rewriteFilterCommand([filter, options], fresh)], scope);
  });
  if (isExplained(options)) return result;
  return await opened(result as unknown[], { command, node, options });
}

/** Copies of `values`, decrypted: the driver's and Mongoose's events still hold what the database sent. */
async function opened(
  values: readonly unknown[],
  { command, node, options }: { command: Command; node: PlanNode | undefined; options: unknown },
): Promise<unknown[]> {
  const copies = node === undefined ? [...values] : values.map((value) => copyAlong(value, node));
  await command.open(copies, node, options);
  return copies;
}

/**
 * The arguments of a reading method, the last of them its options, with `promoteBuffers` off, also where the client has it on: a
 * ciphertext promoted to a Buffer could not be told from other bytes.
 *
 * @throws {UnsupportedOperationError} where the reply is asked for as raw BSON.
 */
function readable(parameters: readonly unknown[], scope: RewriteScope): unknown[] {
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
  return [
    ...parameters.slice(0, -1),
    { ...options, promoteBuffers: false, raw: false, fieldsAsRaw: {} },
  ];
}

function isExplained(options: unknown): boolean {
  const { explain } = (options ?? {}) as { explain?: unknown };
  return explain !== undefined && explain !== false;
}

function withMetadata(options: unknown): boolean {
  return (
    (options as { includeResultMetadata?: boolean } | undefined)?.includeResultMetadata === true
  );
}
