import { inspect } from 'node:util';
import type { mongo } from 'mongoose';
import { freshDatabaseName } from '../../support/database';
import { type KmsRig, MASTER_KEYS, openKmsRig } from '../../support/kms/kms-rig';
import { startMetadataService } from '../../support/kms/metadata-service';
import { type Clinic, type ClinicOptions, chosen, closeClinics, openClinicOf } from './clinic';

const PROVIDERS = ['aws', 'azure', 'gcp', 'kmip'] as const;
type Provider = (typeof PROVIDERS)[number];

let rig: KmsRig;

beforeAll(async () => {
  rig = await openKmsRig();
});

afterAll(() => rig.close());

afterEach(closeClinics);

const openClinic = (name: string, options: ClinicOptions): Promise<Clinic> =>
  openClinicOf(rig, name, options);

describe.each(PROVIDERS)('a data key of %s', (provider) => {
  it('is created, encrypts, decrypts for a fresh client, and is wrapped anew', async () => {
    const name = freshDatabaseName(provider);
    const first = await openClinic(name, chosen(provider));
    await first.Patients.create({ name: 'Ada', ssn: '123' });

    const [key] = await first.keys();
    expect(key).toMatchObject({ keyAltNames: ['patients'], masterKey: { provider } });
    const raw = await first.connection.collection('patients').findOne();
    expect((raw?.['ssn'] as mongo.Binary).sub_type).toBe(6);

    const second = await openClinic(name, chosen(provider));
    expect((await second.Patients.findOne({ ssn: '123' }))?.ssn).toBe('123');

    const encryption = await second.fle.clientEncryption(second.connection);
    await encryption.rewrapManyDataKey({}, { provider: 'local' } as never);
    expect((await second.keys())[0]?.masterKey).toEqual({ provider: 'local' });
    await encryption.rewrapManyDataKey({}, { provider, masterKey: MASTER_KEYS[provider] });
    expect((await second.keys())[0]?.masterKey).toMatchObject({ provider });

    const third = await openClinic(name, chosen(provider));
    expect((await third.Patients.findOne())?.ssn).toBe('123');
  });

  it('is unwrapped once for many who ask at once', async () => {
    const name = freshDatabaseName(provider);
    const first = await openClinic(name, chosen(provider));
    await first.Patients.create({ name: 'Ada', ssn: '123' });
    const second = await openClinic(name, chosen(provider));
    rig.kms.log.length = 0;
    rig.kmip.log.length = 0;
    await Promise.all(Array.from({ length: 20 }, () => second.Patients.findOne({ ssn: '123' })));

    const asked = [...rig.kms.log, ...rig.kmip.log].filter((line) => !line.includes('token'));
    expect(asked).toHaveLength(1);
  });

  it('is unwrapped once for many explicit calls at once', async () => {
    const name = freshDatabaseName(provider);
    const first = await openClinic(name, chosen(provider));
    const encryption = await first.fle.clientEncryption(first.connection);
    await first.fle.bootstrapKeys(first.connection);
    const by = {
      keyAltName: 'patients',
      algorithm: 'AEAD_AES_256_CBC_HMAC_SHA_512-Random',
    } as const;
    const ciphertext = await encryption.encrypt('x', by);
    const second = await openClinic(name, chosen(provider));
    const third = await openClinic(name, chosen(provider));
    rig.kms.log.length = 0;
    rig.kmip.log.length = 0;
    const reader = await second.fle.clientEncryption(second.connection);
    const writer = await third.fle.clientEncryption(third.connection);
    const decrypted = await Promise.all(
      Array.from({ length: 20 }, () => reader.decrypt(ciphertext)),
    );
    await Promise.all(Array.from({ length: 20 }, () => writer.encrypt('x', by)));

    expect(new Set(decrypted)).toEqual(new Set(['x']));
    const asked = [...rig.kms.log, ...rig.kmip.log].filter((line) => !line.includes('token'));
    expect(asked).toHaveLength(2); // each of the two memories once
  });
});

describe('the credentials', () => {
  it.each<[Provider, object]>([
    ['aws', { accessKeyId: 'AKIA1', secretAccessKey: 'sentinel-wrong' }],
    ['aws', { accessKeyId: 'AKIA2', secretAccessKey: 'sentinel-secret' }],
    ['azure', { tenantId: 'tenant', clientId: 'application', clientSecret: 'sentinel-wrong' }],
    ['azure', { accessToken: 'sentinel-wrong' }],
    ['gcp', { accessToken: 'sentinel-wrong' }],
  ])('of %s are refused by the KMS where they are wrong (%#)', async (provider, credentials) => {
    const kmsProviders = { ...rig.kmsProviders, [provider]: credentials };
    const clinic = await openClinic(freshDatabaseName(provider), {
      ...chosen(provider),
      kmsProviders,
    });
    const error: unknown = await clinic.Patients.create({ ssn: '1' }).catch(
      (reason: unknown) => reason,
    );

    expect(error).toMatchObject({
      code: 'FLE_KMS_REQUEST_FAILED',
      provider,
      attempts: 1,
      transient: false,
    });
    expect((error as { status: number }).status).toBeGreaterThanOrEqual(400);
    expect(String((error as Error).stack) + String((error as Error).cause)).not.toContain(
      'sentinel',
    );
    expect(await clinic.keys()).toEqual([]);
  });

  it.each<[Provider, object]>([
    ['azure', { accessToken: 'sentinel-token' }],
    ['gcp', { accessToken: 'sentinel-google' }],
  ])('of %s may be a token', async (provider, credentials) => {
    const kmsProviders = { ...rig.kmsProviders, [provider]: credentials };
    const clinic = await openClinic(freshDatabaseName(provider), {
      ...chosen(provider),
      kmsProviders,
    });
    await clinic.Patients.create({ ssn: '1' });

    expect((await clinic.Patients.findOne({ ssn: '1' }))?.ssn).toBe('1');
  });

  it('of aws may come from a function, which needs no SDK', async () => {
    let asked = 0;
    const aws = (): Promise<{ accessKeyId: string; secretAccessKey: string }> => {
      asked += 1;
      return Promise.resolve({ accessKeyId: 'AKIA1', secretAccessKey: 'sentinel-secret' });
    };
    const clinic = await openClinic(freshDatabaseName('ondemand'), {
      ...chosen('aws'),
      kmsProviders: { ...rig.kmsProviders, aws: {} },
      credentialProviders: { aws },
    });
    await clinic.Patients.create({ ssn: '1' });

    expect((await clinic.Patients.findOne({ ssn: '1' }))?.ssn).toBe('1');
    expect(asked).toBeGreaterThan(0);
  });

  it('of azure come from the service of the virtual machine', async () => {
    const clinic = await openClinic(freshDatabaseName('ondemand'), {
      ...chosen('azure'),
      kmsProviders: { ...rig.kmsProviders, azure: {} },
    });
    const answers = [
      { status: 500, text: '{ "access_token": "sentinel-token" }' },
      { status: 200, text: 'sentinel-token' },
      { status: 200, text: '{ "access_token": "sentinel-token", "expires_in": 3599 }' },
    ];
    const service = await startMetadataService((response) => {
      const { status = 404, text = '' } = answers.shift() ?? {};
      response.writeHead(status).end(text);
    });
    try {
      for (const told of ['Unable to complete request.', 'Malformed JSON body in GET request.']) {
        const refused: unknown = await clinic.Patients.create({ ssn: '1' }).catch(
          (error: unknown) => error,
        );
        expect(refused).toMatchObject({
          code: 'FLE_KMS_REQUEST_FAILED',
          provider: 'azure',
          cause: { message: told },
        });
        expect(inspect(refused, { depth: 10, showHidden: true })).not.toContain('sentinel');
      }
      await clinic.Patients.create({ ssn: '1' });

      expect((await clinic.Patients.findOne({ ssn: '1' }))?.ssn).toBe('1');
      expect(service.log).toHaveLength(3);
      expect(service.log[0]).toMatch(
        /^GET \/metadata\/identity\/oauth2\/token\?.*&resource=https%3A%2F%2Fvault\.azure\.net true$/,
      );
    } finally {
      await service.close();
    }
  });

  it.each([
    ['aws', '@aws-sdk/credential-providers'],
    ['gcp', 'gcp-metadata'],
  ] as const)('of %s on demand name the package that is missing', async (provider, missing) => {
    const kmsProviders = { ...rig.kmsProviders, [provider]: {} };
    const clinic = await openClinic(freshDatabaseName('ondemand'), {
      ...chosen(provider),
      kmsProviders,
    });

    await expect(clinic.Patients.create({ ssn: '1' })).rejects.toMatchObject({
      code: 'FLE_MISSING_DEPENDENCY',
      message: expect.stringContaining(missing) as string,
    });
  });
});

describe('several providers', () => {
  it('serve one application under names of their own', async () => {
    const clinic = await openClinic(freshDatabaseName('named'), {
      kmsProviders: {
        'aws:eu': { accessKeyId: 'AKIA1', secretAccessKey: 'sentinel-secret' },
        'local:a': { key: Buffer.alloc(96, 2) },
        'kmip:b': { endpoint: 'kmip.example.com:5696' },
      },
      tlsOptions: {
        'aws:eu': rig.tlsOptions['aws'],
        'kmip:b': rig.tlsOptions['kmip'],
      },
      dataKeys: {
        '*': { provider: 'local:a' },
        'pat*': { provider: 'aws:eu', masterKey: { region: 'eu-central-1', key: 'arn' } },
        'b:*': { provider: 'kmip:b', masterKey: { delegated: true } },
      },
      createMissingKeys: 'all',
    });
    await clinic.Patients.create({ ssn: '1' });
    const encryption = await clinic.fle.clientEncryption(clinic.connection);
    await encryption.createDataKey('kmip:b', {
      masterKey: { delegated: true },
      keyAltNames: ['d'],
    });
    const algorithm = 'AEAD_AES_256_CBC_HMAC_SHA_512-Random';
    const ciphertext = await encryption.encrypt('x', { keyAltName: 'd', algorithm });

    const other = await clinic.fle.clientEncryption(clinic.connection);
    await expect(other.decrypt(ciphertext)).resolves.toBe('x');
    expect(rig.kms.log.at(-1)).toContain('kms.eu-central-1.amazonaws.com');
    expect(
      (await clinic.keys()).map(({ masterKey }) => masterKey['provider'] as string).sort(),
    ).toEqual(['aws:eu', 'kmip:b']);
  });
});
