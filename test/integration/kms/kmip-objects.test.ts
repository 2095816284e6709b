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
