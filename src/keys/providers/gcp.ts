import type { ProviderKind } from './provider-kind';
import { endpoint, optional, readFields, text } from './fields';
import { PRIVATE_KEY } from './private-key';

/** The credentials of a service account of Google Cloud. */
export interface GcpCredentials {
  readonly email: string | undefined;
  /** The key in PKCS#8: its bytes, their base64, or PEM; `\n` written out, as in environment variables, is a line break there. */
  readonly privateKey: string | Uint8Array | undefined;
  /** Of the tokens: `host` or `host:port`; by default `oauth2.googleapis.com`. */
  readonly endpoint?: string | undefined;
}

/** The JSON file of a service account's key, parsed. */
export interface GcpKeyFile {
  readonly client_email: string;
  readonly private_key: string;
}

/** A token for `https://www.googleapis.com/auth/cloudkms` that the application has got itself. */
export interface GcpAccessToken {
  readonly accessToken: string | undefined;
}

/** A master key in Google Cloud KMS. */
export interface GcpMasterKey {
  readonly projectId: string | undefined;
  readonly location: string | undefined;
  readonly keyRing: string | undefined;
  readonly keyName: string | undefined;
  /** By default the primary one. */
  readonly keyVersion?: string | undefined;
  /** `host` or `host:port`; by default `cloudkms.googleapis.com`. */
  readonly endpoint?: string | undefined;
}

const CREDENTIALS = {
  email: text('the email of the service account'),
  privateKey: PRIVATE_KEY,
  endpoint: optional(endpoint('the endpoint of the tokens')),
};
const KEY_FILE = {
  client_email: text('the key file of the service account, parsed, with its client_email'),
  private_key: PRIVATE_KEY,
};
const TOKEN = { accessToken: text('the access token') };

/** Google Cloud KMS. Source: the client-side encryption specification, "GCP". */
export const GCP: ProviderKind = {
  example: '{ email, privateKey }',
  onDemand: true,
  readCredentials: (given, where) => {
    if ('accessToken' in given) return readFields(given, TOKEN, where);
    if (!('private_key' in given)) return readFields(given, CREDENTIALS, where);
    // A file of Google's: what else is in it is not ours to refuse.
    const file = Object.entries(given).filter(([name]) => Object.hasOwn(KEY_FILE, name));
    const read = readFields(Object.fromEntries(file), KEY_FILE, where);
    return { email: read['client_email'], privateKey: read['private_key'] };
  },
  masterKey: {
    projectId: text('the ID of the project'),
    location: text('the location of the key ring'),
    keyRing: text('the name of the key ring'),
    keyName: text('the name of the key'),
    keyVersion: optional(text('the version of the key')),
    endpoint: optional(endpoint('the endpoint of KMS')),
  },
  needsMasterKey: true,
};
