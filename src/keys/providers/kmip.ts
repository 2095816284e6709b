import type { ProviderKind } from './provider-kind';
import { FLAG, endpoint, endpointFault, optional, readFields, text } from './fields';

/** Where a KMIP server is. What it knows the application by is the client certificate of `tlsOptions`. */
export interface KmipCredentials {
  /** `host` or `host:port`; the port is 5696 by default. */
  readonly endpoint: string | undefined;
}

/** A master key on a KMIP server. */
export interface KmipMasterKey {
  /** The identifier of a Secret Data object of 96 bytes (where `delegated`, of a symmetric key); by default a new one is made. */
  readonly keyId?: string | undefined;
  /** `host` or `host:port`; by default that of the provider. */
  readonly endpoint?: string | undefined;
  /** Whether the server itself encrypts, so that the master key never leaves it. */
  readonly delegated?: boolean | undefined;
}

const CREDENTIALS = { endpoint: endpoint('the endpoint of the KMIP server', endpointFault) };

/** A KMIP server. Source: the client-side encryption specification, "KMIP". */
export const KMIP: ProviderKind = {
  example: '{ endpoint }',
  onDemand: false,
  readCredentials: (given, where) => readFields(given, CREDENTIALS, where),
  masterKey: {
    keyId: optional(text('the identifier of the key')),
    endpoint: optional(endpoint('the endpoint of the KMIP server', endpointFault)),
    delegated: FLAG,
  },
  needsMasterKey: false,
};
