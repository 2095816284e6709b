import { copyAlong } from '../codec/copy-along';
import { isBytes } from '../codec/record-of';
import type { PlanNode } from '../plan/encryption-plan';
import { nodeOfDistinct } from '../rewrite/distinct';
import { scopeOfFilter } from '../rewrite/key-scope';
import { CLEAR } from '../rewrite/node-traits';
import { rewritePipeline } from '../rewrite/pipeline';
import { rewriteReadOptions } from '../rewrite/read-options';
import type { RewriteScope } from '../rewrite/rewrite-scope';
import type { CollectionBoundary } from './collection-boundary';
import type { Command } from './command';
import type { CursorPurpose } from './cursor-source';
import { DecryptingCursor } from './decrypting-cursor';
import { askForStored } from './driver-cursor';
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
  return cursorOver(boundary, 'find', {
    options,
    rewrite: (command) => {
      const rewritten = rewriteFilterCommand([filter, options], command);
      return { parameters: rewritten, scope: command.query(options), node: boundary.root };
    },
  });
}

function aggregationCursor(
  boundary: CollectionBoundary,
  pipeline: unknown,
  options: unknown,
): DecryptingCursor {
  return cursorOver(boundary, 'aggregate', {
    options,
    rewrite: (command) => {
      const scope = command.query(options);
      const { pipeline: stages, shape } = rewritePipeline(pipeline, scope);
      return { parameters: [stages, rewriteReadOptions(options, scope)], scope, node: shape };
    },
  });
}

/** A command that gives a cursor. */
interface CursorCall {
  readonly options: unknown;
  readonly rewrite: (command: Command) => RewrittenCall;
}

interface RewrittenCall {
  readonly parameters: Parameters;
  readonly scope: RewriteScope;
  /** What the documents of the cursor are, undefined where nothing in them is encrypted. */
  readonly node: PlanNode | undefined;
}

function cursorOver(
  boundary: CollectionBoundary,
  operation: 'find' | 'aggregate',
  { options, rewrite }: CursorCall,
): DecryptingCursor {
  let command: Command | undefined;
  let node: PlanNode | undefined;
  return new DecryptingCursor({
    model: boundary.bound.model.modelName,
    operation,
    openCursor: boundary.bound.runtime.inContext(async (purpose: CursorPurpose) => {
      const prepared = await boundary.prepare(operation, (fresh) => {
        const { parameters, scope, node: shape } = rewrite(fresh);
        node = shape;
        return readable(parameters, scope);
      });
      ({ command } = prepared);
      const cursor = callMethod(boundary.base, operation, prepared.parameters);
      if (purpose === 'read' && command.wantsStored(node, options)) askForStored(cursor);
      return cursor;
    }),
    decrypt: async (batch) => {
      if (areStored(batch)) return (await command?.read(batch, node ?? CLEAR, options)) ?? [];
      await command?.open(batch, node, options);
      return batch;
    },
    explain: async (explained) => await command?.explain(explained, options),
    misuse: (message) => misuse(boundary, message),
  });
}

/** Whether documents came as the database sent them. */
function areStored(batch: readonly unknown[]): batch is readonly Uint8Array[] {
  return isBytes(batch[0]);
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
    decrypt: (batch) => Promise.resolve(batch),
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
