import { type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Certificate } from './certificates';
import type { HttpService, ServiceAnswer } from './http-service';

/** What a server does in place of answering. */
export type Fault =
  | 'silence'
  | 'drop'
  | 'drop mid-reply'
  | 'malformed JSON'
  | 'empty body'
  | 'wrong length'
  | 'wrong key material'
  | keyof typeof RAW
  | { readonly status: number };

/** What is sent in place of an answer, byte for byte. */
const RAW = {
  'no HTTP': 'HTTX/9 sentinel-of-the-answer\r\n\r\n',
  'spoilt chunk':
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\nsentinel-of-the-answer\r\n',
  'more behind the answer':
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}sentinel-of-the-answer\r\n\r\n',
} as const;

/** A TLS server on the loopback that speaks the protocols of its services. */
export interface KmsServer {
  readonly port: number;
  /** What was asked, as `host path`, in order. */
  readonly log: string[];
  /** What happens to the next requests, one after the other, in place of their answers. */
  readonly faults: Fault[];
  /** What happens to all requests, or to those whose line of the log is `on`, when there is nothing in `faults`. */
  always: Fault | { readonly on: RegExp; readonly fault: Fault } | undefined;
  close(): Promise<void>;
}

/** Starts a server for `services`; it shows `certificate`. */
export async function startKmsServer(
  services: readonly HttpService[],
  certificate: Pick<Certificate, 'cert' | 'key'>,
): Promise<KmsServer> {
  const log: string[] = [];
  const faults: Fault[] = [];
  const sockets = new Set<Duplex>();
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url: path = '' } = request;
    const headers = request.headers as Record<string, string>;
    const body = await textOf(request);
    const line = `${headers['host'] ?? ''} ${headers['x-amz-target'] ?? path}`;
    log.push(line);
    const fault = faults.shift() ?? faultOf(line, running.always);
    if (fault === 'silence') return;
    if (fault === 'drop') {
      request.socket.destroy();
      return;
    }
    if (typeof fault === 'string' && fault in RAW) {
      request.socket.end(RAW[fault as keyof typeof RAW]);
      return;
    }
    const asked = { method, path, headers, body };
    const answer = services.map((service) => service(asked)).find(Boolean);
    send(response, answer ?? { status: 404, json: {} }, fault);
  };
  const server = createServer({ cert: certificate.cert, key: certificate.key }, (one, other) => {
    void handle(one, other);
  });
  server.on('connection', (socket: Duplex) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const running: KmsServer = {
    port: (server.address() as AddressInfo).port,
    log,
    faults,
    always: undefined,
    close: async () => {
      sockets.forEach((socket) => socket.destroy());
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return running;
}

function faultOf(line: string, always: KmsServer['always']): Fault | undefined {
  if (typeof always !== 'object' || !('on' in always)) return always;
  return always.on.test(line) ? always.fault : undefined;
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function send(response: ServerResponse, { status, json }: ServiceAnswer, fault?: Fault): void {
  const text = bodyFor(json, fault);
  response.statusCode = typeof fault === 'object' ? fault.status : status;
  response.setHeader('Content-Type', 'application/json');
  if (fault === 'drop mid-reply') {
    response.setHeader('Content-Length', text.length);
    response.write(text.slice(0, 10), () => response.socket?.destroy());
    return;
  }
  response.end(text);
}

function bodyFor(json: object, fault: Fault | undefined): string {
  if (fault === 'empty body') return '';
  if (fault === 'malformed JSON') return '{"Plaintext": "sentinel-of-the-answer';
  if (fault === 'wrong length') return JSON.stringify(withMaterial(json, 7));
  if (fault === 'wrong key material') return JSON.stringify(withMaterial(json, 96));
  return JSON.stringify(json);
}

/** The answer with other bytes in place of an unwrapped key. */
function withMaterial(json: object, length: number): object {
  const material = Buffer.alloc(length, 7);
  const changed = { Plaintext: 'base64', plaintext: 'base64', value: 'base64url' } as const;
  return Object.fromEntries(
    Object.entries(json).map(([name, value]: [string, unknown]) => {
      const encoding = (changed as Record<string, BufferEncoding | undefined>)[name];
      return [name, encoding === undefined ? value : material.toString(encoding)];
    }),
  );
}
