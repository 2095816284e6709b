import type { ProviderKind } from './provider-kind';
import { endpoint, optional, readFields, text } from './fields';

/** The credentials of an application that is registered with Azure. */
export interface AzureCredentials {
  readonly tenantId: string | undefined;
  readonly clientId: string | undefined;
  readonly clientSecret: string | undefined;
  /** `host` or `host:port`; by default `login.microsoftonline.com`. */
  readonly identityPlatformEndpoint?: string | undefined;
}

/** A token for `https://vault.azure.net` that the application has got itself. */
export interface AzureAccessToken {
  readonly accessToken: string | undefined;
}

/** A master key in Azure Key Vault. */
export interface AzureMasterKey {
  /** `host` or `host:port`, such as `clinic.vault.azure.net`. */
  readonly keyVaultEndpoint: string | undefined;
  readonly keyName: string | undefined;
  /** By default the newest. */
  readonly keyVersion?: string | undefined;
}

const CREDENTIALS = {
  tenantId: text('the tenant ID'),
  clientId: text('the client ID'),
  clientSecret: text('the client secret'),
  identityPlatformEndpoint: optional(endpoint('the endpoint of the identity platform')),
};
const TOKEN = { accessToken: text('the access token') };

/** Azure Key Vault. Source: the client-side encryption specification, "Azure". */
export const AZURE: ProviderKind = {
  example: '{ tenantId, clientId, clientSecret }',
  onDemand: true,
  readCredentials: (given, where) =>
    readFields(given, 'accessToken' in given ? TOKEN : CREDENTIALS, where),
  masterKey: {
    keyVaultEndpoint: endpoint('the endpoint of the key vault'),
    keyName: text('the name of the key'),
    keyVersion: optional(text('the version of the key')),
  },
  needsMasterKey: true,
};
