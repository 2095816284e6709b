import { deserialize } from 'bson';

import { BSON_TYPE, type BsonElement, documentOf, documentsIn, elementsOf } from './bson-bytes';
import { CommandError } from './error-codes';
import type { Request } from './wire-messages';

/** Which transaction a command belongs to. */
export interface TransactionId {
  /** The logical session, in hexadecimal. */
  readonly session: string;
  readonly number: string;
  /** Whether the command is the first of its transaction. */
  readonly starts: boolean;
}

/** A database command; its values stay the bytes that arrived until a handler reads one. */
export interface Command {
  readonly name: string;
  readonly database: string;
  readonly body: Buffer;
  readonly elements: readonly BsonElement[];
  readonly sequences: ReadonlyMap<string, Buffer>;
  readonly transaction: TransactionId | undefined;
}

/** @throws {CommandError} when the request names no command or no database. */
export function parseCommand(request: Request): Command {
  const name = request.elements[0]?.name;
  if (name === undefined) throw new CommandError('CommandNotFound', 'The command is empty');

  const parts = { body: request.body, elements: request.elements };
  const database = request.form === 'query' ? 'admin' : readField(parts, '$db');
  if (typeof database !== 'string') {
    throw new CommandError('BadValue', 'OP_MSG requests require a $db argument');
  }
  const { sequences } = request;
  return { ...parts, name, database, sequences, transaction: transactionOf(parts) };
}

/** The value of a field, as plain JavaScript. */
export function readField(command: Pick<Command, 'elements'>, name: string): unknown {
  const element = findElement(command, name);
  return element && deserialize(documentOf([element]))[name];
}

/** The field that names the collection, which is the first one. */
export function collectionOf(command: Command): string {
  const collection = readField(command, command.name);
  if (typeof collection === 'string' && collection !== '') return collection;
  throw new CommandError('InvalidNamespace', `${command.name} does not name a collection`);
}

/** A list of documents, whether it came in the body or as a document sequence. */
export function readDocuments(command: Command, name: string): Buffer[] {
  const sequence = command.sequences.get(name);
  if (sequence !== undefined) return documentsIn(sequence);

  const element = findElement(command, name);
  if (element === undefined) return [];
  return elementsOfArray(element.value, name);
}

export function findElement(
  command: Pick<Command, 'elements'>,
  name: string,
): BsonElement | undefined {
  return command.elements.find((element) => element.name === name);
}

function elementsOfArray(array: Buffer, name: string): Buffer[] {
  return elementsOf(array).map(({ type, value }) => {
    if (type === BSON_TYPE.document) return value;
    throw new CommandError('TypeMismatch', `Every item of ${name} must be a document`);
  });
}

function transactionOf(command: Pick<Command, 'elements'>): TransactionId | undefined {
  // Retryable writes have a number as well; only a transaction says `autocommit: false`.
  if (readField(command, 'autocommit') !== false) return undefined;
  const session = findElement(command, 'lsid');
  const number = findElement(command, 'txnNumber');
  if (session === undefined || number === undefined) {
    throw new CommandError('InvalidOptions', 'A transaction needs lsid and txnNumber');
  }
  return {
    session: session.value.toString('hex'),
    number: number.value.toString('hex'),
    starts: readField(command, 'startTransaction') === true,
  };
}
