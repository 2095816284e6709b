import { rewriteArrayFilters } from '../rewrite/array-filters';
import { rewriteFilter } from '../rewrite/filter';
import { rewriteReadOptions } from '../rewrite/read-options';
import { rewriteReplacement, rewriteUpdate } from '../rewrite/update';
import type { RewriteScope } from '../rewrite/rewrite-scope';
import type { Command } from './command';

interface WriteOptions {
  readonly upsert?: boolean;
  readonly arrayFilters?: unknown;
}

/** An upsert stores what its filter asks for. */
export function filterScope(command: Command, options: unknown): RewriteScope {
  const { upsert } = (options ?? {}) as WriteOptions;
  return upsert === true ? command.write(options) : command.query(options);
}

/** The filter, update and options of an update command, rewritten. */
export function rewriteUpdateCommand(
  [filter, update, options]: readonly unknown[],
  command: Command,
): unknown[] {
  const scope = filterScope(command, options);
  return [
    rewriteFilter(filter, scope.plan.root, scope),
    rewriteUpdate(update, command.write(options)),
    withArrayFilters(rewriteReadOptions(options, command.query(options)), update, command),
  ];
}

/** `holder` with its array filters, where it has any, rewritten. */
export function withArrayFilters<T>(holder: T, update: unknown, command: Command): T {
  const { arrayFilters } = (holder ?? {}) as WriteOptions;
  if (arrayFilters === undefined || arrayFilters === null) return holder;
  const rewritten = rewriteArrayFilters(arrayFilters, update, command.query(holder));
  return { ...holder, arrayFilters: rewritten };
}

/** The filter, replacement and options of a replacement command, rewritten. */
export function rewriteReplaceCommand(
  [filter, replacement, options]: readonly unknown[],
  command: Command,
): unknown[] {
  const scope = filterScope(command, options);
  return [
    rewriteFilter(filter, scope.plan.root, scope),
    rewriteReplacement(replacement, command.write(options)),
    rewriteReadOptions(options, command.query(options)),
  ];
}

/** The filter and options of a command that only asks, rewritten. */
export function rewriteFilterCommand(
  [filter, options]: readonly unknown[],
  command: Command,
): unknown[] {
  const scope = command.query(options);
  return [rewriteFilter(filter, scope.plan.root, scope), rewriteReadOptions(options, scope)];
}
