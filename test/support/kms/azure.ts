import { randomBytes } from 'node:crypto';
import type { HttpService } from './http-service';
import { createMasterKeys } from './seal';

/** The application that the service knows. */
export interface AzureApplication {
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** A token that is good without being asked for. */
  readonly accessToken?: string;
}

/** The identity platform of Azure and a key vault, which checks the tokens of the former. */
export function azureService(application: AzureApplication): HttpService {
  const masterKeyOf = createMasterKeys();
  const tokens = new Set([application.accessToken]);
  return ({ path, headers, body }) => {
    if (path.endsWith('/oauth2/v2.0/token')) {
      const form = new URLSearchParams(body);
      const isKnown =
        path === `/${application.tenantId}/oauth2/v2.0/token` &&
        form.get('client_id') === application.clientId &&
        form.get('client_secret') === application.clientSecret &&
        form.get('grant_type') === 'client_credentials' &&
        form.get('scope') === 'https://vault.azure.net/.default';
      if (!isKnown) return { status: 401, json: { error: 'invalid_client' } };
      const token = randomBytes(16).toString('hex');
      tokens.add(token);
      return { status: 200, json: { access_token: token, expires_in: 3599, token_type: 'Bearer' } };
    }
    const [, name = '', operation] =
      /^\/keys\/([^/]+)\/.*?(unwrapkey|wrapkey)\?api-version=/.exec(path) ?? [];
    if (operation === undefined) return undefined;
    if (!tokens.has(headers['authorization']?.replace('Bearer ', ''))) {
      return { status: 401, json: { error: { code: 'Unauthorized', message: 'sentinel' } } };
    }
    const { alg, value } = JSON.parse(body) as { alg: string; value: string };
    if (alg !== 'RSA-OAEP-256') return { status: 400, json: { error: { code: 'BadParameter' } } };
    const given = Buffer.from(value, 'base64url');
    const key = masterKeyOf(name);
    const made = operation === 'wrapkey' ? key.wrap(given) : key.unwrap(given);
    return { status: 200, json: { kid: name, value: made.toString('base64url') } };
  };
}
