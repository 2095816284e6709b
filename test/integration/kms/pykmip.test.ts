import { connect } from 'node:net';
import { freshDatabaseName } from '../../support/database';
import { type KmsRig, openKmsRig } from '../../support/kms/kms-rig';
import { type PyKmipServer, findPyKmip, startPyKmip } from '../../support/kms/pykmip';
import { type Clinic, closeClinics, openClinicOf } from './clinic';

const pykmip = findPyKmip();

// Where it cannot be had, the set-up says so by name, and so do these tests.
const [describeHere, subject] =
  pykmip === undefined
    ? [describe.skip, 'a KMIP server of PyKMIP (skipped: it needs Debian and Python 3.11)']
    : [describe, 'a KMIP server of PyKMIP'];

describeHere(subject, () => {
  let rig: KmsRig;
  let server: PyKmipServer;

  beforeAll(async () => {
    rig = await openKmsRig();
    if (pykmip === undefined) throw new Error('PyKMIP is missing');
    server = await startPyKmip(
      pykmip,
      rig.authority,
      rig.authority.issue({ hosts: ['localhost'] }),
    );
  }, 60_000);

  afterAll(async () => {
    await server.stop();
    await rig.close();
  });

  afterEach(closeClinics);

  const openClinic = (name: string, delegated: boolean, isKnown = true): Promise<Clinic> =>
    openClinicOf(rig, name, {
      kmsProviders: {
        kmip: { endpoint: `localhost:${server.port}` },
        local: { key: Buffer.alloc(96) },
      },
      kmsConnectCallback: ({ port }) => connect(port, '127.0.0.1'),
      tlsOptions: { kmip: isKnown ? rig.tlsOptions['kmip'] : rig.tlsOptions['aws'] },
      dataKeys: { '*': { provider: 'kmip', masterKey: { delegated } } },
    });

  it.each([
    ['keeps master keys', false],
    ['wraps by itself', true],
  ])('%s', async (_, delegated) => {
    const name = freshDatabaseName('pykmip');
    const first = await openClinic(name, delegated);
    await first.Patients.create({ name: 'Ada', ssn: '123' });
    expect((await first.keys())[0]?.masterKey).toMatchObject({ provider: 'kmip' });

    const second = await openClinic(name, delegated);
    expect((await second.Patients.findOne({ ssn: '123' }))?.ssn).toBe('123');

    const encryption = await second.fle.clientEncryption(second.connection);
    await encryption.rewrapManyDataKey({}, { provider: 'local' });
    await encryption.rewrapManyDataKey({}, { provider: 'kmip', masterKey: { delegated } });
    const third = await openClinic(name, delegated);
    expect((await third.Patients.findOne())?.ssn).toBe('123');
  });

  it('lets nobody in without a client certificate', async () => {
    const clinic = await openClinic(freshDatabaseName('pykmip'), false, false);

    await expect(clinic.Patients.create({ ssn: '1' })).rejects.toMatchObject({
      code: 'FLE_KMS_REQUEST_FAILED',
      provider: 'kmip',
    });
    expect(await clinic.keys()).toEqual([]);
  });
});
