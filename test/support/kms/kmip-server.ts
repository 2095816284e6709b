import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { type TLSSocket, createServer } from 'node:tls';
import type { Authority, Certificate } from './certificates';
import type { Fault } from './kms-server';
import {
  type Field,
  bytes,
  enumeration,
  fieldAt,
  integer,
  parseFields,
  structure,
  text,
} from './ttlv';

/** A KMIP server on the loopback that asks for a client certificate. */
export interface KmipServer {
  readonly port: number;
  /** The operations that were asked for, in order. */
  readonly log: string[];
  readonly faults: Fault[];
  /** The objects that it keeps, by their identifiers. */
  readonly objects: ReadonlyMap<string, Buffer>;
  close(): Promise<void>;
}

/** Source: KMIP 1.0, sections 9.1.3.1 (tags) and 9.1.3.2 (enumerations). */
const TAG = {
  responseMessage: 0x42007b,
  responseHeader: 0x42007a,
  requestMessage: 0x420078,
  protocolVersion: 0x420069,
  major: 0x42006a,
  minor: 0x42006b,
  batchCount: 0x42000d,
  batchItem: 0x42000f,
  operation: 0x42005c,
  requestPayload: 0x420079,
  responsePayload: 0x42007c,
  resultStatus: 0x42007f,
  resultReason: 0x42007e,
  identifier: 0x420094,
  objectType: 0x420057,
  secretData: 0x420085,
  secretDataType: 0x420086,
  keyBlock: 0x420040,
  keyFormatType: 0x420042,
  keyValue: 0x420045,
  keyMaterial: 0x420043,
  data: 0x4200c2,
  nonce: 0x42003d,
} as const;

const OPERATIONS: Readonly<Record<number, string>> = {
  0x01: 'Create',
  0x03: 'Register',
  0x0a: 'Get',
  0x12: 'Activate',
  0x1f: 'Encrypt',
  0x20: 'Decrypt',
};

/** Starts a server that shows `certificate`, and lets in whom `authority` knows. */
export async function startKmipServer(
  authority: Authority,
  certificate: Certificate,
): Promise<KmipServer> {
  const log: string[] = [];
  const faults: Fault[] = [];
  const objects = new Map<string, Buffer>();
  const sockets = new Set<TLSSocket>();
  const answer = (socket: TLSSocket, message: Buffer): void => {
    const request = parseFields(message);
    const item = fieldAt(request, TAG.requestMessage, TAG.batchItem)?.fields ?? [];
    const operation = fieldAt(item, TAG.operation)?.bytes.readUInt32BE(0) ?? 0;
    const name = OPERATIONS[operation] ?? 'unknown';
    log.push(name);
    const fault = faults.shift();
    if (fault === 'silence') return;
    if (fault === 'drop') {
      socket.destroy();
      return;
    }
    const payload = perform(name, fieldAt(item, TAG.requestPayload)?.fields ?? [], objects);
    const reply = response(operation, payload);
    socket.end(fault === 'drop mid-reply' ? reply.subarray(0, 20) : reply);
  };
  const server = createServer(
    {
      cert: certificate.cert,
      key: certificate.key,
      ca: authority.ca,
      requestCert: true,
      rejectUnauthorized: true,
    },
    (socket) => {
      let received = Buffer.alloc(0);
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      socket.on('error', () => undefined);
      socket.on('data', (chunk: Buffer) => {
        received = Buffer.concat([received, chunk]);
        if (received.length >= 8 && received.length >= 8 + received.readUInt32BE(4)) {
          answer(socket, received);
          received = Buffer.alloc(0);
        }
      });
    },
  );
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    log,
    faults,
    objects,
    close: async () => {
      sockets.forEach((socket) => socket.destroy());
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The payload of the answer; undefined where the object is not there. */
function perform(
  operation: string,
  payload: readonly Field[],
  objects: Map<string, Buffer>,
): Buffer[] | undefined {
  const given = fieldAt(payload, TAG.identifier)?.bytes.toString() ?? '';
  if (operation === 'Register' || operation === 'Create') {
    const id = String(objects.size + 1);
    const { secretData, keyBlock, keyValue, keyMaterial } = TAG;
    const material = fieldAt(payload, secretData, keyBlock, keyValue, keyMaterial)?.bytes;
    objects.set(id, Buffer.from(material ?? randomBytes(32)));
    return [text(TAG.identifier, id)];
  }
  const key = objects.get(given);
  if (key === undefined) return undefined;
  const identifier = text(TAG.identifier, given);
  if (operation === 'Get') return [enumeration(TAG.objectType, 7), identifier, secret(key)];
  const data = fieldAt(payload, TAG.data)?.bytes ?? Buffer.alloc(0);
  if (operation === 'Encrypt') {
    const iv = randomBytes(16);
    const cipher = createCipheriv('aes-256-cbc', key, iv);
    const sealed = Buffer.concat([cipher.update(data), cipher.final()]);
    return [identifier, bytes(TAG.data, sealed), bytes(TAG.nonce, iv)];
  }
  if (operation === 'Decrypt') {
    const decipher = createDecipheriv('aes-256-cbc', key, fieldAt(payload, TAG.nonce)?.bytes ?? '');
    return [identifier, bytes(TAG.data, Buffer.concat([decipher.update(data), decipher.final()]))];
  }
  return [identifier];
}

function secret(material: Buffer): Buffer {
  const value = structure(TAG.keyValue, bytes(TAG.keyMaterial, material));
  return structure(
    TAG.secretData,
    enumeration(TAG.secretDataType, 2),
    structure(TAG.keyBlock, enumeration(TAG.keyFormatType, 2), value),
  );
}

function response(operation: number, payload: readonly Buffer[] | undefined): Buffer {
  const version = structure(TAG.protocolVersion, integer(TAG.major, 1), integer(TAG.minor, 0));
  const outcome =
    payload === undefined
      ? [enumeration(TAG.resultStatus, 1), enumeration(TAG.resultReason, 1)]
      : [enumeration(TAG.resultStatus, 0), structure(TAG.responsePayload, ...payload)];
  return structure(
    TAG.responseMessage,
    structure(TAG.responseHeader, version, integer(TAG.batchCount, 1)),
    structure(TAG.batchItem, enumeration(TAG.operation, operation), ...outcome),
  );
}
