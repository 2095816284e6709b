import { inspect } from 'node:util';
import { connect } from 'node:net';
import type { KmsRequestError } from '../../../src/index';
import { freshDatabaseName } from '../../support/database';
import { type KmsRig, openKmsRig } from '../../support/kms/kms-rig';
import type { Fault } from '../../support/kms/kms-server';
import { type Clinic, type ClinicOptions, chosen, closeClinics, openClinicOf } from './clinic';

const HTTP = ['aws', 'azure', 'gcp'] as const;
type HttpProvider = (typeof HTTP)[number];

/** How many requests, for a token, go before one that wraps or unwraps. */
const BEFORE = { aws: 0, azure: 1, gcp: 1 } as const;
const TIMEOUT_MS = 400;

let rig: KmsRig;

beforeAll(async () => {
  rig = await openKmsRig();
});

afterAll(() => rig.close());

beforeEach(() => {
  rig.kms.always = undefined;
  rig.kms.faults.length = 0;
  rig.kms.log.length = 0;
  rig.kmip.faults.length = 0;
  rig.kmip.log.length = 0;
});

afterEach(closeClinics);

const openClinic = (
  provider: HttpProvider | 'kmip',
  options: ClinicOptions = {},
): Promise<Clinic> =>
  openClinicOf(rig, freshDatabaseName(provider), {
    ...chosen(provider),
    kmsTimeoutMS: TIMEOUT_MS,
    kmsRetries: 2,
    ...options,
  });

async function refusalOf(act: Promise<unknown>): Promise<KmsRequestError> {
  const outcome: unknown = await act.then(
    () => new Error('it was not refused'),
    (reason: unknown) => reason,
  );
  expect(outcome).toMatchObject({ code: 'FLE_KMS_REQUEST_FAILED', name: 'KmsRequestError' });
  expect(inspect(outcome, { depth: 10, showHidden: true })).not.toContain('sentinel');
  return outcome as KmsRequestError;
}

/** The text of all bytes that hang on an error and its causes. */
function bytesIn(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const buffers = Object.values(error).filter((value) => Buffer.isBuffer(value));
  return Buffer.concat(buffers).toString() + bytesIn(error.cause);
}

describe.each(HTTP)('a request to %s', (provider) => {
  it.each<Fault>([{ status: 429 }, { status: 408 }, { status: 503 }, 'drop', 'drop mid-reply'])(
    'is sent again after %j',
    async (fault) => {
      const clinic = await openClinic(provider);
      rig.kms.faults.push(fault, fault);
      await clinic.Patients.create({ ssn: '1' });

      expect(await clinic.keys()).toHaveLength(1);
      // It is wrapped, with two faults, and unwrapped by the memory of the cipher.
      expect(rig.kms.log).toHaveLength(2 + 2 * (1 + BEFORE[provider]));
      expect((await clinic.Patients.findOne({ ssn: '1' }))?.ssn).toBe('1');
    },
  );

  it('is given up where the KMS answers 500 for ever', async () => {
    const clinic = await openClinic(provider);
    rig.kms.always = { status: 500 };
    const error = await refusalOf(clinic.Patients.create({ ssn: '1' }));

    expect(error).toMatchObject({ provider, status: 500, attempts: 3, transient: true });
    expect(error.message).toContain('the KMS answered with the status 500, after 3 attempts.');
    expect(error.host).toMatch(/:443$/);
    expect(await clinic.keys()).toEqual([]);
  });

  it('is given up where the KMS is silent, within the time limit', async () => {
    const clinic = await openClinic(provider);
    await clinic.connection.asPromise();
    rig.kms.always = 'silence';
    const started = performance.now();
    const error = await refusalOf(clinic.Patients.create({ ssn: '1' }));

    expect(error).toMatchObject({ provider, status: undefined, attempts: 1, transient: true });
    expect(error.message).toContain(`the KMS did not answer within ${TIMEOUT_MS} ms.`);
    expect(performance.now() - started).toBeLessThan(10 * TIMEOUT_MS);
    expect(await clinic.keys()).toEqual([]);
  });

  it.each<Fault>(['malformed JSON', 'empty body'])('is refused after %s', async (fault) => {
    const clinic = await openClinic(provider);
    rig.kms.always = fault;
    const error = await refusalOf(clinic.Patients.create({ ssn: '1' }));

    expect(error).toMatchObject({ provider, status: 200, attempts: 1, transient: false });
    expect(error.message).toContain('the answer is not that of a KMS.');
    expect(await clinic.keys()).toEqual([]);
  });

  it.each<[Fault, string]>([
    ['no HTTP', 'the answer is not that of a KMS.'],
    ['more behind the answer', 'the answer is not that of a KMS.'],
    ['spoilt chunk', 'the connection failed (ECONNRESET), after 3 attempts.'],
  ])('is refused after %s, which ends no process and is not shown', async (fault, wrong) => {
    const clinic = await openClinic(provider);
    const uncaught: unknown[] = [];
    const note = (error: unknown): void => void uncaught.push(error);
    process.on('uncaughtException', note);
    rig.kms.always = fault;
    const error = await refusalOf(clinic.Patients.create({ ssn: '1' }));
    process.off('uncaughtException', note);

    expect(uncaught).toEqual([]);
    expect(error.message).toContain(wrong);
    expect(bytesIn(error)).not.toContain('sentinel');
    expect(await clinic.keys()).toEqual([]);
  });

  it.each<[Fault, string, string]>([
    ['wrong length', 'FLE_KMS_REQUEST_FAILED', 'libmongocrypt cannot use the answer of the KMS.'],
    ['wrong key material', 'FLE_DECRYPTION_FAILED', 'the stored value cannot be decrypted.'],
  ])('that unwraps with %s fails the read', async (fault, code, wrong) => {
    const clinic = await openClinic(provider);
    await clinic.Patients.create({ ssn: '1' });
    const before = await clinic.keys();
    const reader = await openClinicOf(rig, clinic.connection.name, chosen(provider));
    rig.kms.always = { on: /unwrapkey|Decrypt|:decrypt/, fault };
    const error: unknown = await reader.Patients.findOne().catch((reason: unknown) => reason);

    expect(error).toMatchObject({ code });
    expect((error as Error).message).toContain(wrong);
    expect(await clinic.keys()).toEqual(before);
  });
});

describe('a request to KMIP', () => {
  it('that makes an object is not sent twice', async () => {
    const clinic = await openClinic('kmip');
    rig.kmip.faults.push('drop');
    const objects = rig.kmip.objects.size;
    const error = await refusalOf(clinic.Patients.create({ ssn: '1' }));

    expect(error).toMatchObject({ provider: 'kmip', host: 'kmip.example.com:5696', attempts: 1 });
    expect(rig.kmip.log).toEqual(['Register']);
    expect(rig.kmip.objects.size).toBe(objects);
    expect(await clinic.keys()).toEqual([]);
  });

  it.each<Fault>(['drop', 'drop mid-reply'])(
    'that reads one is sent again after a %s',
    async (fault) => {
      const clinic = await openClinic('kmip');
      await clinic.Patients.create({ ssn: '1' });
      const reader = await openClinicOf(rig, clinic.connection.name, chosen('kmip'));
      rig.kmip.log.length = 0;
      rig.kmip.faults.push(fault);

      expect((await reader.Patients.findOne({ ssn: '1' }))?.ssn).toBe('1');
      expect(rig.kmip.log).toEqual(['Get', 'Get']);
    },
  );

  it('is given up where the server is silent', async () => {
    const clinic = await openClinic('kmip');
    rig.kmip.faults.push('silence');

    expect(await refusalOf(clinic.Patients.create({ ssn: '1' }))).toMatchObject({
      provider: 'kmip',
      transient: true,
    });
    expect(await clinic.keys()).toEqual([]);
  });

  it('for an object that is not there is refused', async () => {
    const clinic = await openClinic('kmip', {
      dataKeys: { '*': { provider: 'kmip', masterKey: { keyId: '4711' } } },
    });
    const error = await refusalOf(clinic.Patients.create({ ssn: '1' }));

    expect(error.message).toContain('libmongocrypt cannot use the answer of the KMS.');
    expect(await clinic.keys()).toEqual([]);
  });
});

describe('the connection', () => {
  it.each(['aws', 'kmip'] as const)(
    'to %s that is refused is tried again, then given up',
    async (provider) => {
      let tries = 0;
      const clinic = await openClinic(provider, {
        kmsConnectCallback: () => {
          tries += 1;
          return connect(9, '127.0.0.1');
        },
      });
      const error = await refusalOf(clinic.Patients.create({ ssn: '1' }));

      expect(error).toMatchObject({ provider, attempts: 3, transient: true });
      expect(error.message).toContain('the connection failed (ECONNREFUSED), after 3 attempts.');
      expect(tries).toBe(3);
      expect(await clinic.keys()).toEqual([]);
    },
  );

  it('that never comes is given up within the time limit', async () => {
    const clinic = await openClinic('aws', {
      kmsConnectCallback: () => new Promise(() => undefined),
    });

    expect(await refusalOf(clinic.Patients.create({ ssn: '1' }))).toMatchObject({ attempts: 1 });
  });
});

describe('a KMS that is down', () => {
  it('fails a read that marks what cannot be decrypted, too', async () => {
    const clinic = await openClinic('aws');
    await clinic.Patients.create({ ssn: '1' });
    const reader = await openClinicOf(rig, clinic.connection.name, {
      ...chosen('aws'),
      undecryptable: 'mark',
      kmsRetries: 0,
    });
    rig.kms.always = { status: 503 };
    await refusalOf(reader.Patients.find().lean().exec());

    rig.kms.always = undefined;
    expect(await reader.Patients.findOne().lean()).toMatchObject({ ssn: '1' });
  });

  it('fails the explicit work of fle.clientEncryption alike', async () => {
    const clinic = await openClinic('aws', { kmsRetries: 1 });
    await clinic.Patients.create({ ssn: '1' });
    const encryption = await clinic.fle.clientEncryption(clinic.connection);
    const before = await clinic.keys();
    rig.kms.always = { status: 500 };
    const master = { provider: 'aws', masterKey: { region: 'us-east-1', key: 'arn:2' } } as const;
    const facts = { provider: 'aws', status: 500, attempts: 2 };
    const algorithm = 'AEAD_AES_256_CBC_HMAC_SHA_512-Random';

    expect(await refusalOf(encryption.createDataKey('aws', master))).toMatchObject(facts);
    expect(await refusalOf(encryption.rewrapManyDataKey({}, master))).toMatchObject(facts);
    expect(
      await refusalOf(encryption.encrypt('x', { keyAltName: 'patients', algorithm })),
    ).toMatchObject(facts);
    expect(await clinic.keys()).toEqual(before);
  });
});
