import { createSecureContext } from 'node:tls';
import { inspect } from 'node:util';
import { InvalidKmsConfigError, InvalidOptionsError } from '../../../src/errors';
import { readKmsNetwork } from '../../../src/keys/kms-network';

const CONFIGURED = { providers: ['aws', 'kmip', 'kmip:b'], onDemand: ['aws'] } as const;

function refusal(
  given: object,
  configured: Parameters<typeof readKmsNetwork>[1] = CONFIGURED,
): unknown {
  try {
    readKmsNetwork(given, configured);
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('readKmsNetwork', () => {
  it('fills in the defaults', () => {
    const network = readKmsNetwork({}, CONFIGURED);

    expect(network).toMatchObject({ timeoutMS: 10_000, retries: 3, connect: undefined });
    expect(network.tlsOptionsOf('aws')).toEqual({});
    expect(network.readProxy()).toBeUndefined();
  });

  it('reads every option, and shows no secret of it', () => {
    const kmip = {
      tlsCAFile: 'ca.pem',
      tlsCertificateKeyFile: 'client.pem',
      tlsCertificateKeyFilePassword: 'sentinel',
    };
    const secureContext = createSecureContext();
    const proxyOptions = {
      proxyHost: '127.0.0.1',
      proxyPort: 1081,
      proxyUsername: 'u',
      proxyPassword: 'sentinel',
    };
    const aws = (): never => {
      throw new Error();
    };
    const network = readKmsNetwork(
      {
        tlsOptions: { kmip, 'kmip:b': { secureContext } },
        proxyOptions,
        credentialProviders: { aws },
        kmsTimeoutMS: 5,
        kmsRetries: 0,
      },
      CONFIGURED,
    );

    expect(network).toMatchObject({ timeoutMS: 5, retries: 0, awsCredentials: aws });
    expect(network.tlsOptionsOf('kmip')).toEqual(kmip);
    expect(network.tlsOptionsOf('kmip:b').secureContext).toBe(secureContext);
    expect(network.readProxy()).toEqual(proxyOptions);
    expect(inspect(network, { depth: 20, showHidden: true })).not.toContain('sentinel');
  });

  it.each([
    'tlsInsecure',
    'tlsAllowInvalidCertificates',
    'tlsAllowInvalidHostnames',
    'rejectUnauthorized',
    'checkServerIdentity',
  ])('refuses %s at once', (option) => {
    const error = refusal({ tlsOptions: { aws: { [option]: true } } });

    expect(error).toBeInstanceOf(InvalidKmsConfigError);
    expect(error).toMatchObject({
      message: `tlsOptions.aws.${option}: a KMS whose certificate is not checked may be anybody. Leave it out; name the certificates that are to be trusted in tlsCAFile.`,
    });
  });

  it.each<[object, string]>([
    [
      { tlsOptions: { gcp: {} } },
      'tlsOptions.gcp: kmsProviders configures no such provider. Give one of aws, kmip, kmip:b.',
    ],
    [{ tlsOptions: { aws: { ca: 'x' } } }, 'tlsOptions.aws.ca: there is no such field.'],
    [
      { tlsOptions: { aws: { tlsCAFile: 1 } } },
      'tlsOptions.aws.tlsCAFile: the value is a number, not text.',
    ],
    [
      { tlsOptions: { aws: { secureContext: {} } } },
      'tlsOptions.aws.secureContext: the value is an object, not a secure context.',
    ],
    [
      { tlsOptions: { aws: { secureContext: { context: {} } } } },
      'tlsOptions.aws.secureContext: the value is an object, not a secure context.',
    ],
    [
      { tlsOptions: { aws: { tlsCAFile: 'ca.pem', secureContext: createSecureContext() } } },
      'tlsOptions.aws.tlsCAFile: a secureContext stands beside it, which would be used in its place.',
    ],
    [{ tlsOptions: new Map() }, 'tlsOptions: the value is a Map, not an object.'],
    [{ tlsOptions: 'ca.pem' }, 'tlsOptions: the value is text, not an object.'],
    [{ proxyOptions: {} }, 'proxyOptions.proxyHost: the field is missing.'],
    [
      { proxyOptions: { proxyHost: 'h', proxyPort: 0 } },
      'proxyOptions.proxyPort: the value is not a whole number between 1 and 65535.',
    ],
    [
      { proxyOptions: { proxyHost: 'h:1' } },
      'proxyOptions.proxyHost: the port has a field of its own.',
    ],
    [{ kmsConnectCallback: 1 }, 'kmsConnectCallback: the value is a number, not a function.'],
    [
      { kmsConnectCallback: () => undefined, proxyOptions: { proxyHost: 'h' } },
      'kmsConnectCallback: proxyOptions and kmsConnectCallback both say how to connect. Leave one of them out.',
    ],
    [
      { credentialProviders: { gcp: () => undefined } },
      'credentialProviders.gcp: there is no such field. The only field is "aws".',
    ],
    [
      { credentialProviders: { aws: 1 } },
      'credentialProviders.aws: the value is a number, not a function.',
    ],
  ])('refuses what is wrong (%#)', (given, message) => {
    const error = refusal(given);

    expect(error).toBeInstanceOf(InvalidKmsConfigError);
    expect((error as Error).message.slice(0, message.length)).toBe(message);
  });

  it('refuses a credential provider for a provider that has credentials', () => {
    expect(
      refusal(
        { credentialProviders: { aws: () => undefined } },
        { providers: ['aws'], onDemand: [] },
      ),
    ).toMatchObject({
      message:
        'credentialProviders.aws: the provider "aws" is not configured for credentials on demand. Give kmsProviders.aws as {}.',
    });
  });

  it.each([
    { kmsTimeoutMS: 0 },
    { kmsTimeoutMS: 1.5 },
    { kmsTimeoutMS: 2 ** 31 },
    { kmsRetries: -1 },
    { kmsRetries: '3' },
  ])('refuses a number that is none: %j', (given) => {
    expect(refusal(given)).toBeInstanceOf(InvalidOptionsError);
  });
});
