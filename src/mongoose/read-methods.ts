import { copyAlong } from '../codec/copy-along';
import type { PlanNode } from '../plan/encryption-plan';
import { nodeOfDistinct } from '../rewrite/distinct';
import { scopeOfFilter } from '../rewrite/key-scope';
import { rewritePipeline } from '../rewrite/pipeline';
import { rewriteReadOptions } from '../rewrite/read-options';
import type { CollectionBoundary } from './collection-boundary';
import type { Command } from './command';
import { DecryptingCursor } from './decrypting-cursor';
import { callMethod, type CollectionMethod } from './native-collection';
import { isExplained, readable, withMetadata } from './reading-options';
import {
  rewriteFilterCommand,
  rewriteReplaceCommand,
  rewriteUpdateCommand,
} from './rewrite-command';
import { watchChanges } from './watch-changes';

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
    watch: (pipeline, options) => watchChanges(boundary, pipeline, options),
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
    openCursor: boundary.bound.runtime.inContext(async () => {
      const prepared = await boundary.prepare('find', (fresh) =>
        readable(rewriteFilterCommand([filter, options], fresh), fresh.query(options)),
      );
      ({ command } = prepared);
      return callMethod(boundary.base, 'find', prepared.parameters);
    }),
    decrypt: async (documents) => {
      await command?.open(documents, boundary.root, options);
    },
    explain: async (explained) => await command?.explain(explained, options),
    misuse: (message) => misuse(boundary, message),
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
    openCursor: boundary.bound.runtime.inContext(async () => {
      const prepared = await boundary.prepare('aggregate', (fresh) => {
        const scope = fresh.query(options);
        const rewritten = rewritePipeline(pipeline, scope);
        ({ shape } = rewritten);
        return readable([rewritten.pipeline, rewriteReadOptions(options, scope)], scope);
      });
      ({ command } = prepared);
      return callMethod(boundary.base, 'aggregate', prepared.parameters);
    }),
    decrypt: async (documents) => {
      await command?.open(documents, shape, options);
    },
    explain: async (explained) => await command?.explain(explained, options),
    misuse: (message) => misuse(boundary, message),
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
function refusedCursor(boundary: CollectionBoundary, error: unknown): DecryptingCursor {
  return new DecryptingCursor({
    model: boundary.bound.model.modelName,
    operation: 'aggregate',
    openCursor: async () => {
      await Promise.resolve();
      throw error;
    },
    decrypt: async () => {
      await Promise.resolve();
    },
    explain: async () => {
      await Promise.resolve();
    },
    misuse: (message) => misuse(boundary, message),
  });
}

/** The driver's error for what it cannot do. */
function misuse({ base }: CollectionBoundary, message: string): Error {
  return new base.conn.base.mongo.MongoAPIError(message);
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
    node = nodeOfDistinct(String(path), scopeOfFilter(filter, scope.plan.root, scope));
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
