import { rewriteReplacement } from '../rewrite/update';
import { rewriteBulk } from './bulk-operations';
import type { CollectionBoundary, Rewriting } from './collection-boundary';
import type { Command } from './command';
import type { CollectionMethod } from './native-collection';
import {
  rewriteFilterCommand,
  rewriteReplaceCommand,
  rewriteUpdateCommand,
} from './rewrite-command';

/** The methods of a collection that write, by name. */
export function writeMethods(boundary: CollectionBoundary): Record<string, CollectionMethod> {
  const run = async (operation: string, rewrite: Rewriting): Promise<unknown> =>
    (await boundary.run(operation, rewrite)).result;
  return {
    insertOne: async (document, options) =>
      await inserting(
        [document],
        options,
        async (copy) => await run('insertOne', (command) => [...copy(command), options]),
      ),
    insertMany: async (documents, options) =>
      await inserting(
        documents as readonly unknown[],
        options,
        async (copy) => await run('insertMany', (command) => [copy(command), options]),
      ),
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

type CopyDocuments = (command: Command) => unknown[];

/**
 * Inserts copies of `documents`. The driver gives a document without `_id` one, in place, whether or not the insert succeeds; there it
 * is the copy that gets it, so it is handed on to the caller's document.
 */
async function inserting(
  documents: readonly unknown[],
  options: unknown,
  insert: (copy: CopyDocuments) => Promise<unknown>,
): Promise<unknown> {
  let copies: unknown[] = [];
  try {
    return await insert((command) => {
      const scope = command.write(options);
      copies = documents.map((document) => rewriteReplacement(document, scope));
      return copies;
    });
  } finally {
    copies.forEach((copy, index) => {
      const original = documents[index] as { _id?: unknown };
      const { _id } = copy as { _id?: unknown };
      if (_id !== undefined && original._id === undefined) original._id = _id;
    });
  }
}
