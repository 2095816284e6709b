import { UnsupportedOperationError } from '../errors';
import { rewriteFilter } from '../rewrite/filter';
import { rewriteReadOptions } from '../rewrite/read-options';
import { rewriteReplacement, rewriteUpdate } from '../rewrite/update';
import type { Command } from './command';
import { type OperationScopes, scopesOf, withArrayFilters } from './rewrite-command';
import { savedSubject } from './saved-keys';

type Operation = Readonly<Record<string, unknown>>;
type RewriteOperation = (operation: Operation, command: Command) => Operation;

/** How each operation of a bulk write is rewritten; any other is refused. */
const OPERATIONS: Readonly<Record<string, RewriteOperation>> = {
  insertOne: (operation, command) => {
    const scope = command.write(operation);
    return 'document' in operation
      ? { ...operation, document: rewriteReplacement(operation['document'], scope) }
      : rewriteReplacement(operation, scope);
  },
  updateOne: rewriteUpdateOperation,
  updateMany: rewriteUpdateOperation,
  replaceOne: (operation, command) => ({
    ...rewriteFilterOperation(operation, command),
    replacement: rewriteReplacement(operation['replacement'], command.write(operation)),
  }),
  deleteOne: rewriteFilterOperation,
  deleteMany: rewriteFilterOperation,
};

/**
 * The operations of a `bulkWrite`, rewritten.
 *
 * @throws {UnsupportedOperationError} where one of them is of a kind that is not known.
 */
export function rewriteBulk(operations: unknown, command: Command): unknown {
  if (!Array.isArray(operations)) return operations;
  return operations.map((operation: Readonly<Record<string, Operation>>) => {
    const rewritten: Record<string, Operation> = {};
    for (const [kind, body] of Object.entries(operation)) {
      rewritten[kind] = handlingOf(kind, command)(body, command);
    }
    return rewritten;
  });
}

function handlingOf(kind: string, command: Command): RewriteOperation {
  const handling = Object.hasOwn(OPERATIONS, kind) ? OPERATIONS[kind] : undefined;
  if (handling !== undefined) return handling;
  throw new UnsupportedOperationError({
    model: command.query({}).plan.name,
    operation: 'bulkWrite',
    wrong: `a bulk operation "${kind}" is not known, so it cannot be encrypted.`,
    remedy: `Use one of ${Object.keys(OPERATIONS).join(', ')}.`,
  });
}

function rewriteFilterOperation(operation: Operation, command: Command): Operation {
  return rewriteAsked(operation, scopesOfOperation(operation, command));
}

function rewriteAsked(
  operation: Operation,
  { query, filter }: OperationScopes,
): Operation & { readonly filter: Record<string, unknown> } {
  const checked = rewriteReadOptions(operation, query); // `sort` is among them
  return { ...checked, filter: rewriteFilter(operation['filter'], filter.plan.root, filter) };
}

function rewriteUpdateOperation(operation: Operation, command: Command): Operation {
  const { update } = operation;
  const scopes = scopesOfOperation(operation, command);
  const asked = rewriteAsked(operation, scopes);
  const rewritten = rewriteUpdate(update, scopes.write, scopes.query);
  const filter = savedSubject(operation)?.guarding(asked.filter) ?? asked.filter;
  return withArrayFilters({ ...asked, filter, update: rewritten }, update, scopes.query);
}

function scopesOfOperation(operation: Operation, command: Command): OperationScopes {
  const { filter } = operation;
  return scopesOf({ filter, options: operation, subject: savedSubject(operation) }, command);
}
