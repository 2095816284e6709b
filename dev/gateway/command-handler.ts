import type { Document } from 'bson';

import type { ChangeStreams } from './change-streams';
import type { Command } from './command';
import type { Cursors } from './cursors';
import type { Sql } from './sql';
import type { Transactions } from './transactions';

/** What a command answers: a document, or one that is already bytes. */
export type Reply = Buffer | Document;

export interface CommandContext {
  /** Runs statements in the command's transaction, or by themselves. */
  readonly sql: Sql;
  /** Looks up names outside of any transaction, so also after one has failed. */
  readonly catalog: Sql;
  readonly cursors: Cursors;
  readonly transactions: Transactions;
  readonly changes: ChangeStreams;
}

export type CommandHandler = (command: Command, context: CommandContext) => Promise<Reply> | Reply;

/** Command names with their handlers. */
export type CommandTable = Readonly<Record<string, CommandHandler>>;
