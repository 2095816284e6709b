import { rewriteReplacement } from '../rewrite/update';
import { rewriteBulk } from './bulk-operations';
import type { CollectionBoundary } from './collection-boundary';
import type { Command } from './command';
import type { CollectionMethod } from './native-collection';
import {
  rewriteFilterCommand,
  rewriteReplaceCommand,
  rewriteUpdateCommand,
} from './rewrite-command';

/** The methods of a collection that write, by name. */
export function writeMethods(boundary: CollectionBoundary): Record<string, CollectionMethod> {
  const run = async (
    operation: string,
    rewrite: (command: Command) => readonly unknown[],
  ): Promise<unknown> => (await boundary.run(operation, rewrite)).result;
  return {
    insertOne: async (document, options) => {
      const copies: unknown[] = [];
      try {
        return await run('insertOne', (command) => {
          copies.push(rewriteReplacement(document, command.write(options)));
          return [copies[0], options];
        });
      } finally {
        returnGeneratedIds([document], copies);
      }
    },
    insertMany: async (documents, options) => {
      if (!Array.isArray(documents)) return await run('insertMany', () => [documents, options]);
      const copies: unknown[] = [];
      try {
        return await run('insertMany', (command) => {
          const scope = command.write(options);
          for (const document of documents) copies.push(rewriteReplacement(document, scope));
          return [copies, options];
        });
      } finally {
        returnGeneratedIds(documents, copies);
      }
    },
    updateOne: async (...parameters) =>
      await run('updateOne', (command) => rewriteUpdateCommand(parameters, command)),
    updateMany: async (...parameters) =>
      await run('updateMany', (command) => rewriteUpdateCommand(parameters, command)),
    replaceOne: async (...parameters) =>
      await run('replaceOne', (command) => rewriteReplaceCommand(parameters, command)),
    deleteOne: async (...parameters) =>
      await run('deleteOne', (command) => rewriteFilterCommand(parameters, command)),
    deleteMany: async (...parameters) =>
      await run('deleteMany', (command) => rewriteFilterCommand(parameters, command)),
    bulkWrite: async (operations, options) =>
      await run('bulkWrite', (command) => [rewriteBulk(operations, command), options]),
  };
}

/** The driver gives a document without `_id` one, in place; ours was a copy, so the caller's document gets it here. */
function returnGeneratedIds(originals: readonly unknown[], copies: readonly unknown[]): void {
  copies.forEach((copy, index) => {
    const original = originals[index] as { _id?: unknown };
    const { _id } = copy as { _id?: unknown };
    if (_id !== undefined && original._id === undefined) original._id = _id;
  });
}
