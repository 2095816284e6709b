import { patientModels } from '../../support/patient-model';
import { openRig, type Rig } from '../../support/rig';

const SENTINEL = 'sentinel-5b1e';

let rig: Rig;

beforeAll(async () => {
  rig = await openRig('aggregates');
  await patientModels(rig).Patients.create({ ssn: SENTINEL });
});

afterAll(async () => {
  await rig.close();
});

describe('Connection#aggregate', () => {
  const reaching = [
    { $documents: [{ a: 1 }] },
    { $lookup: { from: 'patients', as: 'found', pipeline: [{ $match: { ssn: SENTINEL } }] } },
  ];

  it.each([
    ['exec', async () => await rig.connection.aggregate(reaching as never).exec()],
    [
      'a pipeline that grows',
      async () =>
        await rig.connection.aggregate(reaching.slice(0, 1) as never).append(reaching[1] as never),
    ],
    [
      'a cursor',
      async () => {
        const cursor = rig.connection.aggregate(reaching as never).cursor();
        return (await cursor.next()) as unknown;
      },
    ],
  ])('refuses to reach into a collection with encrypted fields, by %s', async (_, attempt) => {
    rig.wire.clear();
    await expect(attempt()).rejects.toMatchObject({
      code: 'FLE_UNSUPPORTED_STAGE',
      message:
        'Connection: $lookup names a collection with encrypted fields. Aggregate from the model that declares them.',
    });
    expect(rig.wire.text()).not.toContain(SENTINEL);
  });

  it('passes what touches no such collection', async () => {
    const documents = [{ $documents: [{ a: 1 }] }] as never;
    expect(await rig.connection.aggregate(documents)).toEqual([{ a: 1 }]);
  });
});
