import { freshDatabaseName } from '../../support/database';
import { type KmsRig, openKmsRig } from '../../support/kms/kms-rig';
import { type Clinic, closeClinics, openClinicOf } from './clinic';

const HANDLES = 5;

let rig: KmsRig;

beforeAll(async () => {
  rig = await openKmsRig();
});

afterAll(() => rig.close());

beforeEach(() => {
  rig.kmip.log.length = 0;
});

afterEach(closeClinics);

/** Handles with a client each, on one vault. */
async function openRacers(masterKey: object): Promise<Clinic[]> {
  const name = freshDatabaseName('objects');
  const dataKeys = { '*': { provider: 'kmip', masterKey } } as const;
  return await Promise.all(
    Array.from({ length: HANDLES }, () => openClinicOf(rig, name, { dataKeys })),
  );
}

/** How many objects the server was told to make. */
const made = (): number =>
  rig.kmip.log.filter((operation) => operation === 'Register' || operation === 'Create').length;

describe.each([
  ['that keeps the master keys', {}],
  ['that wraps by itself', { delegated: true }],
])('a KMIP server %s', (_, masterKey) => {
  it('makes one object for a data key that many handles of a process create at once', async () => {
    const racers = await openRacers(masterKey);
    await Promise.all(
      racers.flatMap((racer) => [
        racer.fle.bootstrapKeys(racer.connection),
        racer.Patients.create({ name: 'Ada', ssn: '1' }),
      ]),
    );

    expect(made()).toBe(1);
    expect(await racers[0]?.keys()).toHaveLength(1);
    expect(await racers[1]?.Patients.countDocuments({ ssn: '1' })).toBe(HANDLES);
  });

  it('makes none for a data key that somebody else was sooner to create', async () => {
    const racers = await openRacers(masterKey);
    const outcomes = await Promise.allSettled(
      racers.map(async ({ fle, connection }) =>
        (await fle.keyVault(connection)).create('invoices'),
      ),
    );

    expect(made()).toBe(1);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === 'fulfilled') continue;
      expect(outcome.reason).toMatchObject({ code: 'FLE_KEY_NAME_TAKEN' });
    }
  });
});

describe('an object that was made for a data key', () => {
  /** How often each object wraps a data key. */
  const uses = async (clinic: Clinic): Promise<number[]> => {
    const stored = (await clinic.keys()).map(({ masterKey }): unknown => masterKey['keyId']);
    return [...rig.kmip.objects.keys()]
      .slice(before)
      .map((id) => stored.filter((keyId) => keyId === id).length);
  };
  let before = 0;

  beforeEach(() => {
    before = rig.kmip.objects.size;
  });

  it.each([{}, { delegated: true }])(
    'that another process was sooner to create, wraps the next one: %j',
    async (masterKey) => {
      const name = freshDatabaseName('objects');
      const winner = await openClinicOf(rig, name, { dataKeys: { '*': { provider: 'local' } } });
      await winner.fle.bootstrapKeys(winner.connection, { dryRun: true });
      let isRaced = false;
      const loser = await openClinicOf(rig, name, {
        dataKeys: { '*': { provider: 'kmip', masterKey } },
        kmsConnectCallback: async (target) => {
          if (!isRaced) {
            isRaced = true;
            const encryption = await winner.fle.clientEncryption(winner.connection);
            await encryption.createDataKey('local', { keyAltNames: ['patients'] });
          }
          return await rig.kmsConnectCallback(target);
        },
      });
      await loser.Patients.create({ ssn: '1' });
      expect(await winner.Patients.countDocuments({ ssn: '1' })).toBe(1);
      expect(await uses(loser)).toEqual([0]);

      const vault = await loser.fle.keyVault(loser.connection);
      for (const key of ['invoices', 'letters']) await vault.create(key);
      expect(await uses(loser)).toEqual([1, 1]);
      const encryption = await loser.fle.clientEncryption(loser.connection);
      const ciphertext = await encryption.encrypt('x', {
        keyAltName: 'invoices',
        algorithm: 'AEAD_AES_256_CBC_HMAC_SHA_512-Random',
      });
      const reader = await openClinicOf(rig, name, { dataKeys: { '*': { provider: 'local' } } });
      const reading = await reader.fle.clientEncryption(reader.connection);
      expect(await reading.decrypt(ciphertext)).toBe('x');
    },
  );

  it.each([
    [13, [1]],
    [undefined, [0, 0, 1]],
  ])(
    'that the vault does not take wraps the next one, where that is certain (code %j)',
    async (code, used) => {
      const [clinic] = await openRacers({});
      if (clinic === undefined) throw new Error('there is no handle');
      const { Collection, MongoServerError } = clinic.connection.base.mongo;
      await clinic.fle.bootstrapKeys(clinic.connection, { dryRun: true });
      await (await clinic.fle.keyVault(clinic.connection)).create('first');
      before = rig.kmip.objects.size;
      const refusing = jest.spyOn(Collection.prototype, 'insertOne');
      refusing.mockImplementation(() =>
        Promise.reject(new MongoServerError({ message: 'refused', ...(code && { code }) })),
      );
      for (let attempt = 0; attempt < 2; attempt += 1) {
        await expect(clinic.Patients.create({ ssn: '1' })).rejects.toMatchObject({
          code: 'FLE_KEY_VAULT_UNAVAILABLE',
        });
      }
      refusing.mockRestore();
      await clinic.Patients.create({ ssn: '1' });

      expect(await uses(clinic)).toEqual(used);
    },
  );
});

it('a KMIP server makes no object where the master key is named', async () => {
  const [first] = await openRacers({});
  if (first === undefined) throw new Error('there is no handle');
  await first.Patients.create({ ssn: '1' });
  const keyId = (await first.keys())[0]?.masterKey['keyId'] as string;
  rig.kmip.log.length = 0;
  const racers = await openRacers({ keyId });
  await Promise.all(racers.map(({ Patients }) => Patients.create({ ssn: '1' })));

  expect(made()).toBe(0);
  expect(await racers[0]?.keys()).toHaveLength(1);
});
