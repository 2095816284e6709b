import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Connection, Mongoose } from 'mongoose';
import { CliConfigError } from '../errors';
import {
  type FieldEncryption,
  type FieldEncryptionOptions,
  fieldEncryption,
} from '../mongoose/field-encryption';
import { importModule } from './config-file';

/** What fle.config.json may hold. */
interface JsonConfig {
  /** A module, relative to the file, that exports the handle and a connection. Then nothing else is given. */
  readonly module?: string;
  /** Where the database is. */
  readonly uri?: unknown;
  /** The options of `fieldEncryption`. */
  readonly options?: unknown;
}

const FIELDS = ['module', 'uri', 'options'];
/** A missing server should be told of soon. */
const SERVER_SELECTION_MS = 5000;

/**
 * What `file` configures: what its `module` exports, or a handle of its `options` and a connection to its `uri`, without models. In
 * place of any text, `{ "env": "NAME" }` takes it from the environment, so that no secret has to stand in the file.
 *
 * @throws {CliConfigError} where it cannot be read, holds something else, or has options that are refused.
 */
export async function readJsonConfig(file: string): Promise<Readonly<Record<string, unknown>>> {
  const config = parse(file);
  if (typeof config.module === 'string') {
    return await importModule(resolve(dirname(file), config.module));
  }
  const uri = fromEnvironment(config.uri, file);
  if (typeof uri !== 'string' || config.options === undefined) {
    throw wrongConfig(file, 'it has neither "module" nor both "uri" and "options".');
  }
  const fle = handleOf(fromEnvironment(config.options, file), file);
  const mongoose = await loadMongoose(dirname(file));
  const connection = async (): Promise<Connection> =>
    await mongoose
      .createConnection(uri, { serverSelectionTimeoutMS: SERVER_SELECTION_MS })
      .asPromise();
  return { fle, connection };
}

function handleOf(options: unknown, file: string): FieldEncryption {
  try {
    return fieldEncryption(options as FieldEncryptionOptions);
  } catch (cause) {
    throw new CliConfigError({
      where: basename(file),
      wrong: 'its options are refused.',
      remedy: 'The cause says why.',
      cause,
    });
  }
}

function parse(file: string): JsonConfig {
  let config: unknown;
  try {
    config = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    throw wrongConfig(file, 'it is not JSON.'); // the parser's own error quotes from the file
  }
  if (typeof config !== 'object' || config === null) throw wrongConfig(file, 'it is no object.');
  const stray = Object.keys(config).find((name) => !FIELDS.includes(name));
  if (stray !== undefined) throw wrongConfig(file, `it has the unknown field "${stray}".`);
  return config;
}

/** `value`, with what `{ "env": "NAME" }` stands for. */
function fromEnvironment(value: unknown, file: string): unknown {
  if (Array.isArray(value)) return value.map((item) => fromEnvironment(item, file));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [first] = entries;
  if (entries.length !== 1 || first?.[0] !== 'env' || typeof first[1] !== 'string') {
    return Object.fromEntries(entries.map(([name, item]) => [name, fromEnvironment(item, file)]));
  }
  const text = process.env[first[1]];
  if (text !== undefined && text !== '') return text;
  throw wrongConfig(file, `the environment variable ${first[1]} is not set.`);
}

/** The Mongoose of the project that `folder` belongs to. */
async function loadMongoose(folder: string): Promise<Mongoose> {
  const path = createRequire(join(folder, 'package.json')).resolve('mongoose');
  const { default: mongoose } = (await import(pathToFileURL(path).href)) as { default: Mongoose };
  return mongoose;
}

function wrongConfig(file: string, wrong: string): CliConfigError {
  return new CliConfigError({
    where: basename(file),
    wrong,
    remedy:
      'Write { "module": "./database.js" }, or { "uri": …, "options": … } with { "env": "NAME" } for what is secret.',
  });
}
