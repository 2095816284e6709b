import type { HttpAnswer } from './exchange';

/** The fields of which an answer of a KMS has one. Source: the requests of libmongocrypt's kms-message, and mongocrypt-kms-ctx.c. */
const FIELDS = ['access_token', 'CiphertextBlob', 'Plaintext', 'value', 'ciphertext', 'plaintext'];

/** Whether a request that was answered so may be sent again. Source: the client-side encryption specification, "KMS retry". */
export function isPutOff(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

/** Whether the body is one that a KMS answers with when all is well. libmongocrypt would show one that is not in its error. */
export function isAnswer({ body }: HttpAnswer): boolean {
  const fields = parse(body);
  return FIELDS.some((field) => typeof fields[field] === 'string' && fields[field] !== '');
}

/**
 * The word that a KMS gives for a refusal, such as `AccessDeniedException` or `invalid_grant`: one of letters, as no token or secret key
 * is. What else it says may show credentials: AWS shows the session token in the answer to a wrong signature.
 */
export function refusalOf({ body }: HttpAnswer): string | undefined {
  const { __type: aws, error } = parse(body);
  const { code: azure, status: google } = (error ?? {}) as Record<string, unknown>;
  const words = [aws, google, azure, error].filter((word) => typeof word === 'string');
  return words.map((word) => /^(?:.*#)?([A-Za-z_]{3,60})$/.exec(word)?.[1]).find(Boolean);
}

/** The answer as libmongocrypt takes it. */
export function plainHttp({ body }: HttpAnswer): Buffer {
  return Buffer.concat([
    Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`),
    body,
  ]);
}

function parse(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(body.toString('utf8'));
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
  } catch {
    return {};
  }
}
