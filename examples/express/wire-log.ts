import { mongo } from 'mongoose';

import { describeCiphertext, isCiphertext } from './ciphertext';

/** A command that was sent to the database. */
export interface WireEntry {
  readonly id: number;
  readonly command: string;
  readonly collection: string;
  /** The command as Extended JSON, its ciphertexts abbreviated, everything else as it was sent. */
  readonly text: string;
}

/** What the driver adds to every command, of no interest here. */
const ENVELOPE = ['lsid', '$db', '$clusterTime', '$readPreference', 'txnNumber'];

const HOUSEKEEPING = ['hello', 'ping', 'endSessions', 'createIndexes', 'create', 'listIndexes'];

/** Records the commands a client sends; the client needs the option `monitorCommands: true`. */
export class WireLog {
  readonly #entries: WireEntry[] = [];
  readonly #limit: number;

  constructor(client: mongo.MongoClient, limit = 200) {
    this.#limit = limit;
    client.on('commandStarted', (event) => {
      this.#record(event);
    });
  }

  /** The last `count` commands, newest first. */
  last(count: number): WireEntry[] {
    return this.#entries.slice(-count).reverse();
  }

  #record({ requestId, commandName, command }: mongo.CommandStartedEvent): void {
    if (HOUSEKEEPING.includes(commandName)) return;
    this.#entries.push({
      id: requestId,
      command: commandName,
      collection: collectionOf(command, commandName),
      text: layOut(mongo.BSON.EJSON.serialize(abbreviate(withoutEnvelope(command)))),
    });
    if (this.#entries.length > this.#limit) this.#entries.shift();
  }
}

function collectionOf(command: mongo.Document, commandName: string): string {
  const target: unknown = commandName === 'getMore' ? command['collection'] : command[commandName];
  return typeof target === 'string' ? target : '';
}

function withoutEnvelope(command: mongo.Document): mongo.Document {
  return Object.fromEntries(Object.entries(command).filter(([key]) => !ENVELOPE.includes(key)));
}

/** Copies `value` with each binary told in a few words: `‹ciphertext · Deterministic · 82 bytes›`. */
function abbreviate(value: unknown): unknown {
  if (isCiphertext(value)) {
    const { algorithm, bytes } = describeCiphertext(value);
    return `‹ciphertext · ${algorithm} · ${bytes} bytes›`;
  }
  if (value instanceof mongo.Binary && value.sub_type === mongo.Binary.SUBTYPE_DEFAULT) {
    return `‹binary · ${value.length()} bytes›`;
  }
  if (Array.isArray(value)) return value.map(abbreviate);
  if (value instanceof Map) return abbreviate(Object.fromEntries(value));
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, abbreviate(item)]));
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** JSON, with what fits on one line there; `column` is where its first line starts. */
function layOut(value: unknown, indent = '', column = 0): string {
  const line = JSON.stringify(value);
  const fits = column + line.length <= 48;
  if (fits || typeof value !== 'object' || value === null) return line;

  const deeper = `${indent}  `;
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  const items = Object.entries(value).map(([key, item]) => {
    const start = Array.isArray(value) ? deeper : `${deeper}${JSON.stringify(key)}: `;
    return start + layOut(item, deeper, start.length);
  });
  return `${open}\n${items.join(',\n')}\n${indent}${close}`;
}
