import { setTimeout as pause } from 'node:timers/promises';
import { FleError } from '../../errors';
import type { KmsNetwork } from '../kms-network';
import { isAnswer, plainHttp } from './answer';
import { exchangeHttp, exchangeKmip } from './exchange';
import { UnusableAnswer, isPassing, requestFailed } from './failure';
import { type KmsTarget, openSocket } from './open-socket';
import { withinLimit } from './time-limit';

/** A request that libmongocrypt has written. Source: MongoCryptKMSRequest of mongodb-client-encryption 7.2, src/bindings.ts. */
export interface NativeKmsRequest {
  readonly kmsProvider: string;
  /** `host` or `host:port`. */
  readonly endpoint: string;
  readonly message: Uint8Array;
  readonly bytesNeeded: number;
  addResponse(response: Uint8Array): void;
}

const HTTPS_PORT = 443;
const KMIP_PORT = 5696;
const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 5_000;

/**
 * Sends a request of libmongocrypt to its KMS, again where that may help, and hands the answer to libmongocrypt.
 *
 * @throws {KmsRequestError} where there is no answer that can be used.
 * @throws {InvalidKmsConfigError} where a file of `tlsOptions` cannot be read.
 */
export async function fulfilRequest(request: NativeKmsRequest, network: KmsNetwork): Promise<void> {
  const target = targetOf(request);
  const answer = await askPatiently(request, target, network);
  for (let at = 0; request.bytesNeeded > 0 && at < answer.length;) {
    const end = at + request.bytesNeeded;
    request.addResponse(answer.subarray(at, end));
    at = end;
  }
}

/** Whom a request of libmongocrypt goes to. */
export function targetOf({ kmsProvider, endpoint }: NativeKmsRequest): KmsTarget {
  const [host = '', port] = endpoint.split(':');
  const usual = isKmip(kmsProvider) ? KMIP_PORT : HTTPS_PORT;
  return { provider: kmsProvider, host, port: port === undefined ? usual : Number(port) };
}

async function askPatiently(
  request: NativeKmsRequest,
  target: KmsTarget,
  network: KmsNetwork,
): Promise<Buffer> {
  const { retries, timeoutMS } = network;
  const message = Buffer.from(request.message);
  for (let attempts = 1; ; attempts += 1) {
    const progress = { isSent: false };
    try {
      return await withinLimit(timeoutMS, (signal) =>
        ask({ target, message, progress }, network, signal),
      );
    } catch (error) {
      if (error instanceof FleError) throw error;
      const repeatable = !(progress.isSent && makesObject(target.provider, message));
      if (!repeatable || attempts > retries || !isPassing(error)) {
        throw requestFailed(error, { target, attempts, timeoutMS });
      }
    }
    const longest = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempts - 1));
    await pause(longest * (0.5 + Math.random() / 2));
  }
}

interface Question {
  readonly target: KmsTarget;
  readonly message: Buffer;
  readonly progress: { isSent: boolean };
}

async function ask(
  { target, message, progress }: Question,
  network: KmsNetwork,
  signal: AbortSignal,
): Promise<Buffer> {
  const socket = await openSocket(target, network, signal);
  progress.isSent = true;
  if (isKmip(target.provider)) return await exchangeKmip(socket, message);
  const answer = await exchangeHttp(socket, message);
  if (answer.status !== 200 || !isAnswer(answer)) throw new UnusableAnswer(answer);
  return plainHttp(answer);
}

function isKmip(provider: string): boolean {
  return provider.split(':')[0] === 'kmip';
}

/** The operations Create and Register of KMIP, as an enumeration under the tag Operation. Source: KMIP 1.0, section 9.1.3.2.26. */
const MAKING = ['42005c0500000004000000010000', '42005c0500000004000000030000'].map((hex) =>
  Buffer.from(hex, 'hex'),
);

/** Whether a KMIP server that has got `message` makes an object: sent twice, it would make two. */
function makesObject(provider: string, message: Buffer): boolean {
  return isKmip(provider) && MAKING.some((operation) => message.includes(operation));
}
