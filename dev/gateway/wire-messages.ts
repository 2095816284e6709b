import { type BsonElement, documentsIn, elementsOf } from './bson-bytes';

/** Something that is not the wire protocol: the connection it came on is closed. */
export class WireError extends Error {
  override readonly name = 'WireError';
}

/** A request, with its BSON still as bytes. */
export interface Request {
  readonly requestId: number;
  /** OP_QUERY is only ever the first greeting of a driver. */
  readonly form: 'message' | 'query';
  readonly body: Buffer;
  readonly elements: readonly BsonElement[];
  /** The document sequences by name, each as documents standing one after another. */
  readonly sequences: ReadonlyMap<string, Buffer>;
  /** False when the client asked not to be answered (write concern 0). */
  readonly wantsReply: boolean;
}

export const MAX_MESSAGE_BYTES = 48_000_000;
export const HEADER_BYTES = 16;

const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_MSG = 2013;

const CHECKSUM_PRESENT = 1;
const MORE_TO_COME = 2;
/** The lower sixteen flags must be understood by the receiver; the upper ones may be ignored. */
const REQUIRED_FLAGS = 0xffff;

/** @throws {WireError} for anything but a well-formed OP_MSG or OP_QUERY. */
export function parseRequest(frame: Buffer): Request {
  try {
    const opCode = frame.readInt32LE(12);
    if (opCode === OP_MSG) return parseMessage(frame);
    if (opCode === OP_QUERY) return parseQuery(frame);
    throw new WireError(`Unknown operation code ${opCode}`);
  } catch (error) {
    if (error instanceof WireError) throw error;
    throw new WireError('Malformed message', { cause: error });
  }
}

/** A reply in the form of the request. */
export function replyTo(request: Request, body: Uint8Array): Buffer {
  const prefix = request.form === 'query' ? replyPrefix() : Buffer.alloc(5);
  const header = Buffer.alloc(HEADER_BYTES);
  const size = HEADER_BYTES + prefix.length + body.length;
  header.writeInt32LE(size, 0);
  header.writeInt32LE(request.requestId, 8);
  header.writeInt32LE(request.form === 'query' ? OP_REPLY : OP_MSG, 12);
  return Buffer.concat([header, prefix, body], size);
}

/** OP_REPLY: flags, cursor, starting point, and that one document follows. */
function replyPrefix(): Buffer {
  const prefix = Buffer.alloc(20);
  prefix.writeInt32LE(8, 0);
  prefix.writeInt32LE(1, 16);
  return prefix;
}

function parseMessage(frame: Buffer): Request {
  const flags = frame.readUInt32LE(HEADER_BYTES);
  const unknown = flags & REQUIRED_FLAGS & ~(CHECKSUM_PRESENT | MORE_TO_COME);
  if (unknown !== 0) throw new WireError(`Unknown required flags ${unknown}`);

  const end = frame.length - (flags & CHECKSUM_PRESENT ? 4 : 0);
  const { body, sequences } = parseSections(frame.subarray(HEADER_BYTES + 4, end));
  return {
    requestId: frame.readInt32LE(4),
    form: 'message',
    body,
    elements: elementsOf(body),
    sequences,
    wantsReply: (flags & MORE_TO_COME) === 0,
  };
}

function parseSections(bytes: Buffer): Pick<Request, 'body' | 'sequences'> {
  const sequences = new Map<string, Buffer>();
  let body: Buffer | undefined;
  let start = 0;
  while (start < bytes.length) {
    const kind = bytes.readUInt8(start);
    const section = sized(bytes, start + 1);
    if (kind === 0) {
      if (body !== undefined) throw new WireError('A message has two bodies');
      body = section;
    } else if (kind === 1) {
      addSequence(sequences, section);
    } else {
      throw new WireError(`Unknown section kind ${kind}`);
    }
    start += 1 + section.length;
  }
  if (body === undefined) throw new WireError('A message has no body');
  return { body, sequences };
}

/** The bytes from `start` on, as many as the length that stands there says. */
function sized(bytes: Buffer, start: number): Buffer {
  const size = bytes.readInt32LE(start);
  if (size < 5 || start + size > bytes.length) throw new WireError('A section is cut off');
  return bytes.subarray(start, start + size);
}

function addSequence(sequences: Map<string, Buffer>, section: Buffer): void {
  const nameEnd = section.indexOf(0, 4);
  if (nameEnd === -1) throw new WireError('A document sequence has no name');
  const name = section.toString('utf8', 4, nameEnd);
  if (sequences.has(name)) throw new WireError(`Two document sequences are called "${name}"`);

  const documents = section.subarray(nameEnd + 1);
  documentsIn(documents);
  sequences.set(name, documents);
}

function parseQuery(frame: Buffer): Request {
  const nameEnd = frame.indexOf(0, HEADER_BYTES + 4);
  if (nameEnd === -1) throw new WireError('A query has no collection');
  const body = sized(frame, nameEnd + 1 + 8);
  const elements = elementsOf(body);
  if (!/^(hello|ismaster)$/i.test(elements[0]?.name ?? '')) {
    throw new WireError('OP_QUERY is understood for the first greeting only');
  }
  return {
    requestId: frame.readInt32LE(4),
    form: 'query',
    body,
    elements,
    sequences: new Map(),
    wantsReply: true,
  };
}
