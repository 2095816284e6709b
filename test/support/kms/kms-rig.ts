import { generateKeyPairSync } from 'node:crypto';
import { connect } from 'node:net';
import type { KmsConnectCallback, KmsProviders, KmsTlsOptions } from '../../../src/index';
import { type AwsAccount, awsService } from './aws';
import { type AzureApplication, azureService } from './azure';
import { type Authority, type Certificate, createAuthority } from './certificates';
import { gcpService } from './gcp';
import { type KmipServer, startKmipServer } from './kmip-server';
import { type KmsServer, startKmsServer } from './kms-server';

/** The KMS of all kinds, on the loopback under the names of the real ones. */
export interface KmsRig {
  readonly authority: Authority;
  readonly kms: KmsServer;
  readonly kmip: KmipServer;
  readonly client: Certificate;
  /** Good credentials. */
  readonly kmsProviders: KmsProviders;
  /** TLS options by which every provider is trusted, and KMIP trusts us. */
  readonly tlsOptions: Readonly<Record<string, KmsTlsOptions>>;
  /** Leads every host to the loopback. */
  readonly kmsConnectCallback: KmsConnectCallback;
  close(): Promise<void>;
}

export const HOSTS: readonly string[] = [
  'kms.us-east-1.amazonaws.com',
  'kms.eu-central-1.amazonaws.com',
  'login.microsoftonline.com',
  'clinic.vault.azure.net',
  'oauth2.googleapis.com',
  'cloudkms.googleapis.com',
  'kmip.example.com',
  '127.0.0.1',
];

/** A master key of each kind. */
export const MASTER_KEYS = {
  aws: { region: 'us-east-1', key: 'arn:aws:kms:us-east-1:1:key/1' },
  azure: { keyVaultEndpoint: 'clinic.vault.azure.net', keyName: 'clinic' },
  gcp: { projectId: 'p', location: 'global', keyRing: 'r', keyName: 'k' },
  kmip: {},
} as const;

const AWS: AwsAccount = { accessKeyId: 'AKIA1', secretAccessKey: 'sentinel-secret' };
const AZURE: AzureApplication = {
  tenantId: 'tenant',
  clientId: 'application',
  clientSecret: 'sentinel-client',
  accessToken: 'sentinel-token',
};

const KMIP_PORT = 5696;

/** Starts the servers, with certificates of an authority of their own. */
export async function openKmsRig(): Promise<KmsRig> {
  const authority = createAuthority('mongoose-fle tests');
  const certificate = authority.issue({ hosts: HOSTS });
  const client = authority.issue({ hosts: ['application'] });
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const gcp = {
    email: 'clinic@p.iam.gserviceaccount.com',
    publicKey,
    accessToken: 'sentinel-google',
  };
  const services = [awsService(AWS), azureService(AZURE), gcpService(gcp)];
  const kms = await startKmsServer(services, certificate);
  const kmip = await startKmipServer(authority, certificate);
  const { tenantId, clientId, clientSecret } = AZURE;
  const trust = { tlsCAFile: authority.caFile };
  return {
    authority,
    kms,
    kmip,
    client,
    kmsProviders: {
      aws: AWS,
      azure: { tenantId, clientId, clientSecret },
      gcp: {
        email: gcp.email,
        privateKey: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
      },
      kmip: { endpoint: 'kmip.example.com' },
      local: { key: Buffer.alloc(96, 1) },
    },
    tlsOptions: {
      aws: trust,
      azure: trust,
      gcp: trust,
      kmip: { ...trust, tlsCertificateKeyFile: client.file },
    },
    kmsConnectCallback: ({ port }) =>
      connect(port === KMIP_PORT ? kmip.port : kms.port, '127.0.0.1'),
    close: async () => {
      await kms.close();
      await kmip.close();
      authority.remove();
    },
  };
}
