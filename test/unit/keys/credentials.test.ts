import { inspect } from 'node:util';
import mongoose from 'mongoose';
import { readKeyConfig } from '../../../src/keys/key-config';
import { type CredentialSource, currentCredentials } from '../../../src/keys/kms/credentials';

const driver = mongoose.mongo;

/** A driver that has credentials on demand for azure, which it asks for by `ask`. */
function asking(ask: () => unknown): CredentialSource {
  const config = readKeyConfig({
    kmsProviders: { azure: {} },
    dataKeys: {
      '*': {
        provider: 'azure',
        masterKey: { keyVaultEndpoint: 'clinic.vault.azure.net', keyName: 'master' },
      },
    },
  });
  const encryption = {
    askForKMSCredentials: () => Promise.resolve().then(ask),
  } as unknown as CredentialSource['encryption'];
  return { driver, config, encryption };
}

const SHOW_ALL = { depth: null, showHidden: true };

async function failureOf(error: unknown): Promise<unknown> {
  const failing = asking(() => {
    throw error;
  });
  return await currentCredentials(failing).catch((failure: unknown) => failure);
}

describe('credentials on demand that cannot be had', () => {
  const { MongoCryptAzureKMSRequestError, MongoCryptError } = driver;
  const inside = Object.assign(new Error('inside'), { response: { data: 'sentinel-token' } });

  it.each([
    [
      new MongoCryptAzureKMSRequestError('Unable to complete request.', {
        access_token: 'sentinel-token',
      }),
      'MongoCryptAzureKMSRequestError: Unable to complete request.',
    ],
    [new MongoCryptError('no answer', { cause: inside }), 'MongoCryptError: no answer'],
    [
      new SyntaxError('Unexpected token \'s\', "sentinel-token" is not valid JSON'),
      'SyntaxError: the answer is not JSON',
    ],
  ])('are told by the name and the message of the error alone (%#)', async (error, told) => {
    const failure: unknown = await failureOf(error);

    expect(failure).toMatchObject({ code: 'FLE_KMS_REQUEST_FAILED', provider: 'azure' });
    expect(String((failure as Error).cause)).toBe(told);
    expect(inspect(failure, SHOW_ALL)).not.toContain('sentinel-token');
  });

  it('are told without a cause where none is an error', async () => {
    const failure: unknown = await failureOf('sentinel-token');

    expect(failure).toMatchObject({ code: 'FLE_KMS_REQUEST_FAILED', provider: 'azure' });
    expect((failure as Error).cause).toBeUndefined();
    expect(inspect(failure, SHOW_ALL)).not.toContain('sentinel-token');
  });

  it.each([{ accessToken: undefined }, { accessKeyId: '', secretAccessKey: '' }])(
    'are told where the driver has none: %j',
    async (azure) => {
      await expect(currentCredentials(asking(() => ({ azure })))).rejects.toMatchObject({
        code: 'FLE_KMS_REQUEST_FAILED',
        message: expect.stringContaining('no credentials could be had') as string,
        cause: new Error('the answer holds no credentials'),
      });
    },
  );
});
