import { connect } from 'node:net';
import { createSecureContext } from 'node:tls';
import { inspect } from 'node:util';
import type { KmsRequestError, KmsTlsOptions } from '../../../src/index';
import { freshDatabaseName } from '../../support/database';
import { type Authority, createAuthority } from '../../support/kms/certificates';
import { HOSTS, type KmsRig, openKmsRig } from '../../support/kms/kms-rig';
import { type KmsServer, startKmsServer } from '../../support/kms/kms-server';
import { type SocksProxy, startSocksProxy } from '../../support/kms/socks-proxy';
import { type Clinic, type ClinicOptions, chosen, closeClinics, openClinicOf } from './clinic';

let rig: KmsRig;
let strangers: Authority;

beforeAll(async () => {
  rig = await openKmsRig();
  strangers = createAuthority('strangers');
});

afterAll(async () => {
  strangers.remove();
  await rig.close();
});

afterEach(closeClinics);

type Provider = 'aws' | 'azure' | 'gcp' | 'kmip';

const openClinic = (provider: Provider, options: ClinicOptions = {}): Promise<Clinic> =>
  openClinicOf(rig, freshDatabaseName(provider), { ...chosen(provider), ...options });

async function refusalOf(clinic: Clinic): Promise<KmsRequestError> {
  const outcome: unknown = await clinic.Patients.create({ ssn: '1' }).then(
    () => new Error('it was not refused'),
    (reason: unknown) => reason,
  );
  expect(outcome).toMatchObject({ code: 'FLE_KMS_REQUEST_FAILED' });
  expect(inspect(outcome, { depth: 10, showHidden: true })).not.toContain('sentinel');
  expect(await clinic.keys()).toEqual([]);
  return outcome as KmsRequestError;
}

const trusting = (provider: Provider, options: KmsTlsOptions): ClinicOptions => ({
  tlsOptions: { ...rig.tlsOptions, [provider]: options },
});

describe.each(['aws', 'azure', 'gcp', 'kmip'] as const)('the certificate of %s', (provider) => {
  it('is refused where nobody known has issued it', async () => {
    const options = { ...rig.tlsOptions[provider], tlsCAFile: strangers.caFile };
    const error = await refusalOf(await openClinic(provider, trusting(provider, options)));

    expect(error).toMatchObject({ provider, attempts: 1, transient: false });
    expect(error.message).toContain('no TLS connection could be made');
  });

  it('is refused where no certificate is named, and Node knows no such issuer', async () => {
    await refusalOf(await openClinic(provider, trusting(provider, {})));
  });

  it('is trusted by a secure context', async () => {
    const { cert, key } = rig.client;
    const secureContext = createSecureContext({ ca: rig.authority.ca, cert, key });
    const clinic = await openClinic(provider, trusting(provider, { secureContext }));
    await clinic.Patients.create({ ssn: '1' });

    expect((await clinic.Patients.findOne({ ssn: '1' }))?.ssn).toBe('1');
  });
});

describe('the certificate of a KMS', () => {
  it.each([
    ['is that of another host', { hosts: ['kms.example.com'] }, 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['has expired', { hosts: HOSTS, expired: true }, 'CERT_HAS_EXPIRED'],
  ])('is refused where it %s', async (_, subject, code) => {
    const server: KmsServer = await startKmsServer([], rig.authority.issue(subject));
    try {
      const clinic = await openClinic('aws', {
        kmsConnectCallback: () => connect(server.port, '127.0.0.1'),
      });
      const error = await refusalOf(clinic);

      expect(error.message).toContain(`no TLS connection could be made (${code}).`);
      expect(server.log).toEqual([]);
    } finally {
      await server.close();
    }
  });
});

describe('the certificate of the application', () => {
  it('is needed by KMIP', async () => {
    const asked = rig.kmip.log.length;
    const options = trusting('kmip', { tlsCAFile: rig.authority.caFile });
    await refusalOf(await openClinic('kmip', options));

    expect(rig.kmip.log).toHaveLength(asked);
  });

  it('is refused by KMIP where it comes from a stranger', async () => {
    const tlsCertificateKeyFile = strangers.issue({ hosts: ['application'] }).file;
    const options = { tlsCAFile: rig.authority.caFile, tlsCertificateKeyFile };
    await refusalOf(await openClinic('kmip', trusting('kmip', options)));
  });

  it('may have an encrypted key', async () => {
    const { file } = rig.authority.issue({ hosts: ['application'], password: 'sentinel' });
    const options = { tlsCAFile: rig.authority.caFile, tlsCertificateKeyFile: file };
    const password = { tlsCertificateKeyFilePassword: 'sentinel' };
    const clinic = await openClinic('kmip', trusting('kmip', { ...options, ...password }));
    await clinic.Patients.create({ ssn: '1' });
    const wrong = { tlsCertificateKeyFilePassword: 'sentinel-wrong' };

    expect(await clinic.keys()).toHaveLength(1);
    await refusalOf(await openClinic('kmip', trusting('kmip', { ...options, ...wrong })));
  });

  it('has to be in a file that can be read', async () => {
    const clinic = await openClinic(
      'kmip',
      trusting('kmip', { tlsCertificateKeyFile: '/no/file' }),
    );

    await expect(clinic.Patients.create({ ssn: '1' })).rejects.toMatchObject({
      code: 'FLE_INVALID_KMS_CONFIG',
      message:
        'tlsOptions.kmip.tlsCertificateKeyFile: the file cannot be read. Give the path of a file that this process may read.',
    });
  });
});

describe('a proxy', () => {
  let proxy: SocksProxy;

  beforeAll(async () => {
    proxy = await startSocksProxy({ name: 'clinic', password: 'sentinel-proxy' }, rig.kms.port);
  });

  afterAll(() => proxy.close());

  const through = (proxyPassword: string): ClinicOptions => ({
    proxyOptions: {
      proxyHost: '127.0.0.1',
      proxyPort: proxy.port,
      proxyUsername: 'clinic',
      proxyPassword,
    },
  });

  it('leads to the KMS', async () => {
    const clinic = await openClinic('azure', through('sentinel-proxy'));
    await clinic.Patients.create({ ssn: '1' });

    expect((await clinic.Patients.findOne({ ssn: '1' }))?.ssn).toBe('1');
    expect(new Set(proxy.log)).toEqual(
      new Set(['login.microsoftonline.com:443', 'clinic.vault.azure.net:443']),
    );
  });

  it('that refuses is told, without its password', async () => {
    const error = await refusalOf(await openClinic('aws', through('sentinel-wrong')));

    expect(error.message).toContain('the proxy did not connect.');
  });
});
