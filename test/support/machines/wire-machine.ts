import { inspect } from 'node:util';
import mongoose, { type Connection, mongo } from 'mongoose';
import { FleError } from '../../../src/errors';
import { connectionMode } from '../connection-mode';
import { valuesInCommand } from './command-values';
import { valuesOffPaths } from './encrypted-values';
import { rememberKeys } from './known-keys';
import { isSealed } from './plain-value';
import { Secrets, shownBy, visibleTexts } from './secrets';
import { encryptedPathsAt, TWIN } from './watched-models';

/** Something that was said where others may listen. */
interface Heard {
  readonly by: string;
  /** Whether the server said it, or somebody who repeats what it answered. */
  readonly isAnswer: boolean;
  readonly texts: readonly string[];
}

/**
 * Errors that Mongoose makes before the plugin is asked, and that carry the values they complain of, or the documents. The guide says
 * so.
 */
const CARRYING_VALUES: readonly RegExp[] = [
  /^(?:CastError|ValidationError|ValidatorError): /,
  /^(?:DocumentNotFound|ObjectExpected|ObjectParameter)Error: /,
  /^Mongoose(?:BulkSaveIncomplete|BulkWrite)Error: /,
  /^MongooseError: Invalid op passed to `bulkWrite\(\)`: /,
  // The driver has decrypted the answer of the server when it makes the error, which the plugin gets to see only then.
  ...(connectionMode === 'driverDecrypts' ? [/^Mongo(?:Server|BulkWrite)Error: E11000 /] : []),
];

/** So much is kept before it is looked through. */
const MOST_HEARD = 1_000;

const secrets = new Secrets();
const leaks = new Set<string>();
const heard: Heard[] = [];
let expectedBecause: string | undefined;
let arePlantedAnswers = false;

/** Keeps the plaintext of encrypted fields: from now on nothing may say it. */
export function keepSecret(value: unknown): void {
  secrets.add(value);
}

/** Says that the test under way lets plaintext be sent or shown on purpose. */
export function expectLeaks(reason: string): void {
  expectedBecause = reason;
}

/** Says that the test under way stores plaintext around the plugin, so that the server answers with it. */
export function expectPlantedAnswers(): void {
  arePlantedAnswers = true;
}

/**
 * Fails where something that was sent, answered, thrown, logged or emitted since the last call held the plaintext of an encrypted
 * field.
 */
export function checkWire(): void {
  lookThrough();
  const found = [...leaks].join('\n');
  const reason = expectedBecause;
  leaks.clear();
  expectedBecause = undefined;
  arePlantedAnswers = false;
  if (reason === undefined && found !== '') {
    throw new Error(`Plaintext of encrypted fields leaked:\n${found}`);
  }
  if (reason !== undefined && found === '') {
    throw new Error(`No plaintext leaked, though it was expected: ${reason}`);
  }
}

function lookThrough(): void {
  for (const { by, texts, isAnswer } of heard.splice(0)) {
    if (isAnswer && arePlantedAnswers) continue;
    const secret = secrets.findIn(texts);
    if (secret !== undefined) leaks.add(`"${secret}" by ${by}`);
  }
}

function hear(by: string, said: unknown, isAnswer = false): void {
  heard.push({ by, isAnswer, texts: visibleTexts(said) });
  if (heard.length > MOST_HEARD) lookThrough();
}

/** What the driver is to be told, that all it says may be heard. */
export const LISTENING: mongo.MongoClientOptions = {
  monitorCommands: true,
  mongodbLogComponentSeverities: { command: 'debug' },
  mongodbLogMaxDocumentLength: 100_000,
  mongodbLogPath: {
    write: (log) => {
      const message = String(log.message);
      hear(`the driver's log of ${message}`, log, message === 'Command succeeded');
    },
  },
};

/** Listens to all that `connection` and its client say. */
export function listenTo(connection: Connection, client: mongo.MongoClient): void {
  client.on('commandStarted', (event) => {
    hearCommand(event);
  });
  client.on('commandSucceeded', ({ commandName, reply }) => {
    hear(`the reply to ${commandName}`, reply, true);
  });
  client.on('commandFailed', ({ commandName, failure }) => {
    hear(`the failure of ${commandName}`, shownBy(failure));
  });
  for (const event of ['buffer', 'buffer-end', 'operation-start']) {
    connection.on(event, ({ method, args, params, error }: OperationEvent) => {
      hear(`the event ${event} of ${method}`, [args, params, error?.message]);
    });
  }
  const { autoEncryption } = client.options as { readonly autoEncryption?: unknown };
  if (autoEncryption !== undefined) return; // what it answers, it has decrypted
  connection.on('operation-end', ({ method, result, error }: OperationEvent) => {
    hear(`the event operation-end of ${method}`, [result, error?.message], true);
  });
}

/** What Mongoose says of an operation of a collection. */
interface OperationEvent {
  readonly method: string;
  readonly args?: unknown;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: Error;
}

function hearCommand({ command, commandName, databaseName }: mongo.CommandStartedEvent): void {
  const collection = String(command[commandName]);
  const by = `the command ${commandName} to ${collection}`;
  hear(by, command);
  if (commandName === 'insert') rememberKeys(command['documents'] as mongo.Document[]);
  const paths = encryptedPathsAt({ database: databaseName, collection });
  for (const { path, value } of valuesInCommand(commandName, command, paths)) {
    if (!isSealed(value)) leaks.add(`${inspect(value)}, a value of ${path.path}, by ${by}`);
  }
}

/** What the model without encryption is given for a path that its twin encrypts is a secret, unless it stores the same elsewhere. */
export function learnFrom(twins: mongo.MongoClient): void {
  twins.on('commandStarted', ({ command, commandName, databaseName }) => {
    const collection = String(command[commandName]);
    const database = databaseName.slice(0, -TWIN.length);
    const paths = encryptedPathsAt({ database, collection });
    for (const { value } of valuesInCommand(commandName, command, paths)) keepSecret(value);
    if (commandName === 'insert') secrets.addClear(valuesOffPaths(command['documents'], paths));
  });
}

/** What Mongoose prints of an operation under its option `debug`. */
export function hearDebug(
  this: { readonly conn: Connection },
  collection: string,
  method: string,
  ...parameters: unknown[]
): void {
  if (this.conn.name.endsWith(TWIN)) return;
  hear(`the debug line of ${collection}.${method}`, parameters);
}

/** Listens to the warnings of this process. */
export function listenToWarnings(): void {
  process.on('warning', (warning) => {
    hear(`the warning ${warning.name}`, shownBy(warning));
  });
}

/** Listens to every error of this package, the driver, BSON and Mongoose, whoever catches it. */
export function listenToErrors(): void {
  for (const base of [FleError, mongo.MongoError, mongo.BSON.BSONError, mongoose.Error]) {
    Object.setPrototypeOf(base, HeardError);
  }
}

/** Stands between the base class of an error and `Error`; its instances are what they are without it. */
class HeardError extends Error {
  constructor(message?: string, options?: ErrorOptions) {
    super(message, options);
    queueMicrotask(() => {
      hearError(this);
    });
  }
}

function hearError(error: Error): void {
  const title = `${error.constructor.name}: ${error.message}`;
  if (CARRYING_VALUES.some((pattern) => pattern.test(title))) return;
  const shown = shownBy(error);
  const isOfTwin = shown.includes(`${TWIN}.`); // the database says of which collection it speaks
  if (!isOfTwin) hear(`the error ${title}`, shown);
}
