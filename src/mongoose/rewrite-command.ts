import type { KeySubject } from '../codec/document-keys';
import { rewriteArrayFilters } from '../rewrite/array-filters';
import { rewriteFilter } from '../rewrite/filter';
import { scopeAbout, scopeOfFilter } from '../rewrite/key-scope';
import { rewriteReadOptions } from '../rewrite/read-options';
import { rewriteReplacement, rewriteUpdate } from '../rewrite/update';
import type { RewriteScope } from '../rewrite/rewrite-scope';
import type { Command } from './command';
import type { SavedSubject } from './saved-subject';

interface WriteOptions {
  readonly upsert?: boolean;
  readonly arrayFilters?: unknown;
}

/** The scopes of an operation, each for values of the documents that its filter finds. */
export interface OperationScopes {
  /** For what only asks. */
  readonly query: RewriteScope;
  /** For what is stored. */
  readonly write: RewriteScope;
  /** For the filter itself: an upsert stores what it asks for. */
  readonly filter: RewriteScope;
}

/** The scopes of an operation with `filter` under `options`; `subject` is the document that it saves, where there is one. */
export function scopesOf(
  { filter, options, subject }: OperationFacts,
  command: Command,
): OperationScopes {
  const { upsert } = (options ?? {}) as WriteOptions;
  const about = subject ?? { filter };
  const query = scopeFor(filter, about, command.query(options));
  const write = scopeFor(filter, about, command.write(options));
  return { query, write, filter: upsert === true ? write : query };
}

function scopeFor(filter: unknown, subject: KeySubject, scope: RewriteScope): RewriteScope {
  return scopeOfFilter(filter, scope.plan.root, scopeAbout(scope, subject));
}

/** What the scopes of an operation depend on. */
interface OperationFacts {
  readonly filter: unknown;
  readonly options: unknown;
  readonly subject?: SavedSubject | undefined;
}

/** The filter, update and options of an update command, rewritten; `subject` is the document that it saves, where there is one. */
export function rewriteUpdateCommand(
  [filter, update, options]: readonly unknown[],
  command: Command,
  subject?: SavedSubject,
): unknown[] {
  const scopes = scopesOf({ filter, options, subject }, command);
  const asked = rewriteFilter(filter, scopes.filter.plan.root, scopes.filter);
  const rewritten = rewriteUpdate(update, scopes.write, scopes.query);
  return [
    subject?.guarding(asked) ?? asked,
    rewritten,
    withArrayFilters(rewriteReadOptions(options, scopes.query), update, scopes.query),
  ];
}

/** `holder` with its array filters, where it has any, rewritten. */
export function withArrayFilters<T>(holder: T, update: unknown, scope: RewriteScope): T {
  const { arrayFilters } = (holder ?? {}) as WriteOptions;
  if (arrayFilters === undefined || arrayFilters === null) return holder;
  return { ...holder, arrayFilters: rewriteArrayFilters(arrayFilters, update, scope) };
}

/** The filter, replacement and options of a replacement command, rewritten. */
export function rewriteReplaceCommand(
  [filter, replacement, options]: readonly unknown[],
  command: Command,
): unknown[] {
  const scopes = scopesOf({ filter, options }, command);
  return [
    rewriteFilter(filter, scopes.filter.plan.root, scopes.filter),
    rewriteReplacement(replacement, scopes.write),
    rewriteReadOptions(options, scopes.query),
  ];
}

/** The filter and options of a command that only asks, rewritten. */
export function rewriteFilterCommand(
  [filter, options]: readonly unknown[],
  command: Command,
): unknown[] {
  const query = scopeFor(filter, { filter }, command.query(options));
  return [rewriteFilter(filter, query.plan.root, query), rewriteReadOptions(options, query)];
}
