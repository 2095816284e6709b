import { type KeyObject, createPublicKey, randomBytes, verify } from 'node:crypto';
import type { HttpService, ServiceAnswer, ServiceRequest } from './http-service';
import { createMasterKeys } from './seal';

/** The service account that the service knows. */
export interface GcpAccount {
  readonly email: string;
  readonly publicKey: KeyObject;
  /** A token that is good without being asked for. */
  readonly accessToken?: string;
}

/** The token service of Google and Cloud KMS, which checks the tokens of the former. */
export function gcpService(account: GcpAccount): HttpService {
  const masterKeyOf = createMasterKeys();
  const tokens = new Set([account.accessToken]);
  return (request) => {
    const { path, headers, body } = request;
    if (path === '/token') return issueToken(request, account, tokens);
    const [, name = '', operation] =
      /^\/v1\/(projects\/.+?\/cryptoKeys\/[^/:]+).*:(encrypt|decrypt)$/.exec(path) ?? [];
    if (operation === undefined) return undefined;
    if (!tokens.has(headers['authorization']?.replace('Bearer ', ''))) {
      return { status: 401, json: { error: { code: 401, status: 'UNAUTHENTICATED' } } };
    }
    const { plaintext, ciphertext } = JSON.parse(body) as Record<string, string>;
    const key = masterKeyOf(name);
    const json =
      operation === 'encrypt'
        ? { name, ciphertext: key.wrap(Buffer.from(plaintext ?? '', 'base64')).toString('base64') }
        : { plaintext: key.unwrap(Buffer.from(ciphertext ?? '', 'base64')).toString('base64') };
    return { status: 200, json };
  };
}

/** Source: RFC 7523, and "Using OAuth 2.0 for Server to Server Applications" of Google. */
function issueToken(
  { headers, body }: ServiceRequest,
  { email, publicKey }: GcpAccount,
  tokens: Set<string | undefined>,
): ServiceAnswer {
  const assertion = new URLSearchParams(body).get('assertion') ?? '';
  const [head = '', claims = '', signature = ''] = assertion.split('.');
  const isSigned = verify(
    'sha256',
    Buffer.from(`${head}.${claims}`),
    createPublicKey(publicKey.export({ type: 'spki', format: 'pem' })),
    Buffer.from(signature, 'base64url'),
  );
  const { iss, aud, scope, iat, exp } = JSON.parse(
    Buffer.from(claims, 'base64url').toString(),
  ) as Record<string, unknown>;
  const now = Date.now() / 1000;
  const isGood =
    isSigned &&
    iss === email &&
    scope === 'https://www.googleapis.com/auth/cloudkms' &&
    aud === `https://${headers['host'] ?? ''}/token` &&
    Number(iat) <= now + 60 &&
    Number(exp) > now;
  if (!isGood)
    return { status: 400, json: { error: 'invalid_grant', error_description: 'sentinel' } };
  const token = randomBytes(16).toString('hex');
  tokens.add(token);
  return { status: 200, json: { access_token: token, expires_in: 3599, token_type: 'Bearer' } };
}
