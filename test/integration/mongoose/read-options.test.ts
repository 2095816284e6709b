import type { Model } from 'mongoose';
import type { Patient } from '../../support/patient-model';
import { openRig, type Rig } from '../../support/rig';
import { expectSame, secret, SENTINEL, type Twins } from './compare-twins';
import { idOf, patientTwins, seed } from './seed-patients';

let rig: Rig;
let twins: Twins<Patient>;

beforeAll(async () => {
  rig = await openRig('read_options');
  twins = patientTwins(rig);
  await seed(twins);
});

afterEach(() => {
  expect(rig.wire.text()).not.toContain(SENTINEL);
  rig.wire.clear();
});

afterAll(async () => {
  await rig.close();
});

describe('an operation with options', () => {
  it.each<readonly [string, (model: Model<Patient>) => unknown]>([
    ['promoteBuffers', (model) => model.findById(idOf(1), null, { promoteBuffers: true }).lean()],
    [
      'promoteLongs: false',
      (model) => model.findById(idOf(1), null, { promoteLongs: false }).lean(),
    ],
    [
      'promoteValues: false',
      (model) => model.findById(idOf(1), null, { promoteValues: false }).lean(),
    ],
    ['useBigInt64', (model) => model.findById(idOf(1), null, { useBigInt64: true }).lean()],
    ['lean with defaults', (model) => model.findById(idOf(1)).lean({ defaults: true })],
    [
      'includeResultMetadata',
      async (model) => {
        const { value, lastErrorObject, ok } = await model.findOneAndUpdate(
          { ssn: secret('bea') },
          { $set: { ssn: secret('bea') } },
          { includeResultMetadata: true, returnDocument: 'after' },
        );
        return [value?.toObject(), lastErrorObject?.updatedExisting, ok];
      },
    ],
    [
      'comment and hint',
      (model) =>
        model
          .find({ ssn: secret('ssn') })
          .comment('c')
          .hint({ _id: 1 })
          .lean(),
    ],
    ['orFail', (model) => model.findOne({ visits: 99 }).orFail(new Error('none'))],
  ])('%s gives what it gives the twin', async (_, read) => {
    await expectSame(twins, read);
  });
});

describe('a condition of a projection that cannot be cast', () => {
  it('fails as a filter does, and is not sent', async () => {
    const select = { contacts: { $elemMatch: { phone: { [SENTINEL]: SENTINEL } } } };
    const reading = twins.encrypted.find({}, select as object).lean();
    await expect(reading).rejects.toMatchObject({ name: 'CastError', path: 'phone' });
    expect(rig.wire.names()).toEqual([]);
  });
});
