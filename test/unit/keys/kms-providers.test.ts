import { generateKeyPairSync } from 'node:crypto';
import { inspect } from 'node:util';
import { InvalidKmsConfigError } from '../../../src/errors';
import { readKmsProviders } from '../../../src/keys/kms-providers';

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const DER = privateKey.export({ type: 'pkcs8', format: 'der' });
const PEM = String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
const EC = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const EC_PEM = String(EC.export({ type: 'pkcs8', format: 'pem' }));

const AWS = {
  accessKeyId: 'AKIA',
  secretAccessKey: 'sentinel-aws',
  sessionToken: 'sentinel-token',
};
const AZURE = {
  tenantId: 'tenant',
  clientId: 'client',
  clientSecret: 'sentinel-azure',
  identityPlatformEndpoint: 'login.example.com:8443',
};
const GCP = { email: 'a@b.iam', privateKey: DER, endpoint: 'oauth2.example.com' };

function refusal(providers: unknown): unknown {
  try {
    readKmsProviders(providers);
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('readKmsProviders', () => {
  it('reads every field of every provider, and several at once', () => {
    const given = {
      aws: AWS,
      'aws:eu_1': { accessKeyId: 'AKIB', secretAccessKey: 's' },
      azure: AZURE,
      'azure:a': { accessToken: 't' },
      gcp: GCP,
      'gcp:b': { accessToken: 't' },
      kmip: { endpoint: 'localhost:5696' },
      'local:c': { key: Buffer.alloc(96) },
    };
    const { readCredentials, providers, onDemand } = readKmsProviders(given);

    expect(readCredentials()).toEqual(given);
    expect(providers).toEqual(Object.keys(given));
    expect(onDemand).toEqual([]);
  });

  it('takes nothing else without fields for it', () => {
    class Credentials {
      readonly #words = ['AKIA', 'sentinel'];
      get accessKeyId(): string | undefined {
        return this.#words[0];
      }
      get secretAccessKey(): string | undefined {
        return this.#words[1];
      }
    }
    const { onDemand, readCredentials } = readKmsProviders({ aws: new Credentials() });

    expect(onDemand).toEqual([]);
    expect(readCredentials()).toEqual({
      aws: { accessKeyId: 'AKIA', secretAccessKey: 'sentinel' },
    });
    for (const aws of [Promise.resolve(AWS), new Map(Object.entries(AWS)), new Date()]) {
      expect(refusal({ aws })).toMatchObject({
        message: expect.stringMatching(
          /^kmsProviders\.aws\.accessKeyId: the field is missing\./,
        ) as unknown,
      });
    }
  });

  it('takes {} for credentials on demand', () => {
    const { readCredentials, onDemand } = readKmsProviders({
      aws: {},
      azure: {},
      gcp: {},
      kmip: undefined,
    });

    expect(readCredentials()).toEqual({ aws: {}, azure: {}, gcp: {} });
    expect(onDemand).toEqual(['aws', 'azure', 'gcp']);
  });

  it.each([
    ['bytes', DER],
    ['a Uint8Array', new Uint8Array(DER)],
    ['base64', DER.toString('base64')],
    ['PEM', PEM],
    ['the bytes of PEM', Buffer.from(PEM)],
    ['PEM as an environment variable has it', PEM.replaceAll('\n', String.raw`\n`)],
    ['PEM with the line ends of Windows', PEM.replaceAll('\n', '\r\n')],
    ['PKCS#1 in PEM', privateKey.export({ type: 'pkcs1', format: 'pem' })],
  ])('takes the private key of gcp as %s', (_, key) => {
    const { readCredentials } = readKmsProviders({ gcp: { ...GCP, privateKey: key } });

    expect(readCredentials()).toEqual({ gcp: GCP });
  });

  it("takes the file of a service account's key, parsed", () => {
    const file = { type: 'service_account', client_email: GCP.email, private_key: PEM, x: 1 };
    const { readCredentials } = readKmsProviders({ gcp: file });

    expect(readCredentials()).toEqual({ gcp: { email: GCP.email, privateKey: DER } });
  });

  it.each<[unknown, string]>([
    [
      { 'aws:': AWS },
      'kmsProviders.aws:: there is no such KMS provider. The providers are aws, azure, gcp, kmip and local, each also with a name of letters, digits and _, as in "aws:eu".',
    ],
    [{ 'aws:a-b': AWS }, 'kmsProviders.aws:a-b: there is no such KMS provider.'],
    [{ vault: {} }, 'kmsProviders.vault: there is no such KMS provider.'],
    [{ toString: {} }, 'kmsProviders.toString: there is no such KMS provider.'],
    [
      { 'aws:eu': {} },
      'kmsProviders.aws:eu: a provider with a name has no credentials on demand. Give them as in { "aws:eu": { accessKeyId, secretAccessKey } }.',
    ],
    [
      { 'aws:eu': 'sentinel' },
      'kmsProviders.aws:eu: the configuration is text, not an object. Give it as in { "aws:eu": { accessKeyId, secretAccessKey } }.',
    ],
    [
      { aws: { accessKeyId: 'a' } },
      'kmsProviders.aws.secretAccessKey: the field is missing. Give the secret access key as text.',
    ],
    [
      { aws: { ...AWS, secretAccessKey: undefined } },
      'kmsProviders.aws.secretAccessKey: the value is undefined, as that of an unset environment variable is. Give the secret access key as text.',
    ],
    [
      { aws: { ...AWS, secretAccessKey: 'sentinel\n' } },
      'kmsProviders.aws.secretAccessKey: the text begins or ends with white space, or holds a NUL. Give the secret access key as text.',
    ],
    [
      { aws: { ...AWS, secret: 'sentinel' } },
      'kmsProviders.aws.secret: there is no such field. The fields are accessKeyId, secretAccessKey, sessionToken.',
    ],
    [
      { aws: { ...AWS, sessionToken: 7 } },
      'kmsProviders.aws.sessionToken: the value is a number, not text.',
    ],
    [{ azure: { ...AZURE, tenantId: '' } }, 'kmsProviders.azure.tenantId: the text is empty.'],
    [
      { azure: { accessToken: 't', clientSecret: 'sentinel' } },
      'kmsProviders.azure.clientSecret: there is no such field. The only field is "accessToken".',
    ],
    [
      { azure: { ...AZURE, identityPlatformEndpoint: 'https://login.example.com' } },
      'kmsProviders.azure.identityPlatformEndpoint: the value is neither "host" nor "host:port". Give the endpoint of the identity platform as "host" or "host:port".',
    ],
    [
      { gcp: { ...GCP, endpoint: 'localhost' } },
      'kmsProviders.gcp.endpoint: the host has no dot in it.',
    ],
    [
      { gcp: { ...GCP, privateKey: 'sentinel' } },
      'kmsProviders.gcp.privateKey: the private key cannot be read. Give the RSA key in PKCS#8: its bytes, their base64, or PEM.',
    ],
    [
      { gcp: { ...GCP, privateKey: EC_PEM } },
      'kmsProviders.gcp.privateKey: the private key is not one of RSA.',
    ],
    [
      { gcp: { ...GCP, privateKey: 7 } },
      'kmsProviders.gcp.privateKey: the private key is a number, neither bytes nor text.',
    ],
    [
      { gcp: { client_email: 'a', private_key: PEM.slice(0, 200) } },
      'kmsProviders.gcp.private_key: the private key cannot be read.',
    ],
    [{ kmip: {} }, 'kmsProviders.kmip.endpoint: the field is missing.'],
    [
      { kmip: { endpoint: 'h:99999' } },
      'kmsProviders.kmip.endpoint: the port is not between 1 and 65535.',
    ],
  ])('refuses what is wrong, without showing it (%#)', (providers, message) => {
    const error = refusal(providers);

    expect(error).toBeInstanceOf(InvalidKmsConfigError);
    expect((error as Error).message.slice(0, message.length)).toBe(message);
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('sentinel');
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(PEM.slice(40, 90));
  });

  it('shows no credential in what it reads', () => {
    const config = readKmsProviders({ aws: AWS, azure: AZURE, gcp: GCP });
    const shown = inspect(config, { depth: 20, showHidden: true, getters: true });

    expect(shown + JSON.stringify(config)).not.toMatch(/sentinel/);
  });
});
