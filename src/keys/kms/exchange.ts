import { once } from 'node:events';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import type { TLSSocket } from 'node:tls';

/** The answer to a request over HTTP. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: Buffer;
}

/** More than any KMS answers. */
const MAX_ANSWER_BYTES = 1024 * 1024;
/** A KMIP message begins with its tag, its type and its length. Source: KMIP 1.0, section 9.1. */
const KMIP_HEAD_BYTES = 8;

/** Is thrown where an answer is not HTTP or KMIP as it should be, or longer than any is. Its message shows nothing of the answer. */
export class UnreadableAnswerError extends Error {}

/** Is thrown where the other side closed the connection before it had answered. */
export class ConnectionClosedError extends Error {}

/** Sends a request that libmongocrypt wrote out as HTTP/1.1, and reads the answer. */
export async function exchangeHttp(socket: TLSSocket, message: Buffer): Promise<HttpAnswer> {
  const text = message.toString('latin1');
  const bodyAt = text.indexOf('\r\n\r\n') + 4;
  const [first = '', ...lines] = text.slice(0, bodyAt - 4).split('\r\n');
  const [method, path] = first.split(' ');
  // In their order and spelling: they are signed.
  const headers = lines.flatMap((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  const request = httpRequest({
    ...(method !== undefined && { method }),
    ...(path !== undefined && { path }),
    headers,
    setHost: false,
    createConnection: () => socket,
  });
  // What stands behind the answer, or spoils the rest of it, is an error of the request, for which nobody waits any more.
  request.on('error', () => undefined);
  request.end(message.subarray(bodyAt));
  try {
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return { status: response.statusCode ?? 0, body: await readAll(response) };
  } catch (error) {
    throw isOfParser(error) ? new UnreadableAnswerError('the answer is not HTTP') : error;
  }
}

/** Node's parser of HTTP adds to its errors the bytes that it could not read: those of an answer that may hold a key. */
function isOfParser(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && code.startsWith('HPE_');
}

/** Sends a KMIP message, and reads the answer. */
export async function exchangeKmip(socket: TLSSocket, message: Buffer): Promise<Buffer> {
  socket.write(message);
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length < KMIP_HEAD_BYTES) continue;
    const answer = Buffer.concat(chunks);
    const whole = KMIP_HEAD_BYTES + answer.readUInt32BE(4);
    if (whole > MAX_ANSWER_BYTES) throw new UnreadableAnswerError('the KMIP answer is too long');
    if (length >= whole) return answer.subarray(0, whole);
  }
  throw new ConnectionClosedError('the connection was closed before the answer');
}

async function readAll(response: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > MAX_ANSWER_BYTES) throw new UnreadableAnswerError('the answer is too long');
  }
  return Buffer.concat(chunks);
}
