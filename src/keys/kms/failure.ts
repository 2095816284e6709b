import { KmsRequestError } from '../../errors';
import { ConnectionClosedError, type HttpAnswer, UnreadableAnswerError } from './exchange';
import { isPutOff, refusalOf } from './answer';
import { type KmsTarget, ProxyError } from './open-socket';
import { TimeLimitError } from './time-limit';

/** What went wrong with a request at last. */
export interface KmsFailure {
  readonly target: KmsTarget;
  readonly attempts: number;
  readonly timeoutMS: number;
}

/** What is thrown for an answer that is not the one that was asked for. */
export class UnusableAnswer extends Error {
  readonly answer: HttpAnswer;

  constructor(answer: HttpAnswer) {
    super('the answer cannot be used');
    this.answer = answer;
  }
}

/** What may be gone when a connection is tried again. */
const PASSING: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'ETIMEDOUT',
]);

const REACH =
  'Check that the KMS can be reached from here, and its endpoint; kmsTimeoutMS and kmsRetries say how patient to be.';

/** Whether a request that failed so may be sent again. */
export function isPassing(error: unknown): boolean {
  if (error instanceof UnusableAnswer) return isPutOff(error.answer.status);
  if (error instanceof ConnectionClosedError) return true;
  return PASSING.has(codeOf(error));
}

/** The error of a request that failed because of `cause`. It shows nothing of the request, and of the answer but its status. */
export function requestFailed(cause: unknown, failure: KmsFailure): KmsRequestError {
  const { target, attempts } = failure;
  const host = `${target.host}:${target.port}`;
  const [wrong, remedy] = textsFor(cause, failure);
  const shown = cause instanceof UnusableAnswer || cause instanceof TimeLimitError;
  return new KmsRequestError({
    where: `${target.provider} at ${target.host}`,
    wrong: attempts === 1 ? wrong : `${wrong.slice(0, -1)}, after ${attempts} attempts.`,
    remedy,
    provider: target.provider,
    host,
    status: cause instanceof UnusableAnswer ? cause.answer.status : undefined,
    attempts,
    transient: cause instanceof TimeLimitError || isPassing(cause),
    cause: shown ? undefined : cause,
  });
}

function textsFor(cause: unknown, { timeoutMS }: KmsFailure): readonly [string, string] {
  if (cause instanceof TimeLimitError) {
    return [`the KMS did not answer within ${timeoutMS} ms.`, REACH];
  }
  if (cause instanceof UnusableAnswer) return textsForAnswer(cause.answer);
  if (cause instanceof UnreadableAnswerError) return UNUSABLE;
  if (cause instanceof ProxyError) {
    return ['the proxy did not connect.', 'Check proxyOptions; the cause says more.'];
  }
  const code = codeOf(cause);
  const shown = typeof code === 'string' && /^\w+$/.test(code) ? ` (${code})` : '';
  if (PASSING.has(code) || cause instanceof ConnectionClosedError) {
    return [`the connection failed${shown}.`, REACH];
  }
  if (code === 'ENOTFOUND') return [`the host is not known${shown}.`, REACH];
  return [
    `no TLS connection could be made${shown}.`,
    'Check the endpoint, and the certificates of tlsOptions; the cause says more.',
  ];
}

const UNUSABLE = [
  'the answer is not that of a KMS.',
  'Check the endpoint, and what stands between this application and the KMS.',
] as const;

function textsForAnswer(answer: HttpAnswer): readonly [string, string] {
  const { status } = answer;
  if (status === 200) return UNUSABLE;
  if (isPutOff(status)) return [`the KMS answered with the status ${status}.`, REACH];
  const word = refusalOf(answer);
  return [
    `the KMS refused the request with the status ${status}${word === undefined ? '' : ` (${word})`}.`,
    'Check the credentials, the master key, and what they may do with it.',
  ];
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | null | undefined)?.code;
}
