import type { ProviderKind } from './provider-kind';
import { endpoint, optional, readFields, text } from './fields';

/** The credentials of AWS. An undefined one is refused: an environment variable may be unset. */
export interface AwsCredentials {
  readonly accessKeyId: string | undefined;
  readonly secretAccessKey: string | undefined;
  /** Belongs to temporary credentials. */
  readonly sessionToken?: string | undefined;
}

/** A master key in AWS KMS. */
export interface AwsMasterKey {
  /** Such as `eu-central-1`. */
  readonly region: string | undefined;
  /** The ARN of the key. */
  readonly key: string | undefined;
  /** `host` or `host:port`; by default `kms.<region>.amazonaws.com`. */
  readonly endpoint?: string | undefined;
}

const CREDENTIALS = {
  accessKeyId: text('the access key ID'),
  secretAccessKey: text('the secret access key'),
  sessionToken: optional(text('the session token')),
};

/** AWS KMS. Source: the client-side encryption specification, "AWS". */
export const AWS: ProviderKind = {
  example: '{ accessKeyId, secretAccessKey }',
  onDemand: true,
  readCredentials: (given, where) => readFields(given, CREDENTIALS, where),
  masterKey: {
    region: text('the region, such as "eu-central-1",'),
    key: text('the ARN of the master key'),
    endpoint: optional(endpoint('the endpoint of KMS')),
  },
  needsMasterKey: true,
};
