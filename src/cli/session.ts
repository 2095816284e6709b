import { basename, dirname, extname } from 'node:path';
import type { Command } from 'commander';
import type { Connection } from 'mongoose';
import { CliConfigError } from '../errors';
import type { FieldEncryption } from '../mongoose/field-encryption';
import { findConfig, importModule } from './config-file';
import { readJsonConfig } from './json-config';
import { type Output, type Streams, openOutput } from './output';

/** What a command works with. */
export interface Session {
  readonly fle: FieldEncryption;
  readonly connection: Connection;
  readonly output: Output;
  /** The folder of the configuration. */
  readonly folder: string;
}

/** The options that every command has. */
interface CommonOptions {
  readonly config?: string;
  readonly json?: boolean;
}

/**
 * Runs `work` with what the configuration of `command` exports, and closes it after: the process then ends by itself.
 *
 * @throws {CliConfigError} where the configuration cannot be found or loaded, or exports something else.
 */
export async function inSession(
  command: Command,
  streams: Streams,
  work: (session: Session) => Promise<void>,
): Promise<void> {
  const { config, json = false } = command.optsWithGlobals<CommonOptions>();
  const file = findConfig(process.cwd(), config);
  const { fle, connection } = await openConfig(file);
  try {
    await work({ fle, connection, output: openOutput(streams, json), folder: dirname(file) });
  } finally {
    await fle.close(connection);
    await connection.base.disconnect();
  }
}

async function openConfig(file: string): Promise<{ fle: FieldEncryption; connection: Connection }> {
  const name = basename(file);
  const exported =
    extname(file) === '.json' ? await readJsonConfig(file) : await importModule(file);
  const { fle } = exported;
  if (!isHandle(fle)) throw exportMissing(name, '"fle", what fieldEncryption returned');
  const connection = await connectionOf(exported['connection'], name);
  return { fle, connection };
}

async function connectionOf(exported: unknown, name: string): Promise<Connection> {
  try {
    const given: unknown = await (typeof exported === 'function'
      ? (exported as () => unknown)()
      : exported);
    if (isConnection(given)) return await given.asPromise();
  } catch (cause) {
    throw new CliConfigError({
      where: name,
      wrong: 'the database cannot be reached.',
      remedy: 'Check that the server runs, and that the connection string is right.',
      cause,
    });
  }
  throw exportMissing(
    name,
    '"connection", an open connection of Mongoose or a function that opens one',
  );
}

/** Known by what it can do, since the project may have a copy of this package of its own. */
function isHandle(value: unknown): value is FieldEncryption {
  return typeof value === 'function' && 'bootstrapKeys' in value && 'keyVault' in value;
}

function isConnection(value: unknown): value is Connection {
  return typeof value === 'object' && value !== null && 'asPromise' in value && 'base' in value;
}

function exportMissing(name: string, what: string): CliConfigError {
  return new CliConfigError({
    where: name,
    wrong: `it does not export ${what}.`,
    remedy: 'Export both, and import the models, so that their keys are known.',
  });
}
