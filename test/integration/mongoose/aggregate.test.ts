import { type Model, type PipelineStage, Schema } from 'mongoose';
import type { Patient } from '../../support/patient-model';
import { openRig, type Rig } from '../../support/rig';
import { expectSame, refusalOf, secret, SENTINEL, type Twins } from './compare-twins';
import { idOf, patientTwins, seed } from './seed-patients';

interface Visit {
  patient?: string;
  ward?: string;
}

let rig: Rig;
let twins: Twins<Patient>;
let visits: Twins<Visit>;

beforeAll(async () => {
  rig = await openRig('aggregates');
  twins = patientTwins(rig);
  const schema = (encrypted: object): Schema<Visit> =>
    new Schema({ patient: { type: String, ...encrypted }, ward: String }) as never;
  const declared = { encrypted: { algorithm: 'Deterministic', keyAltName: 'patients' } };
  visits = {
    encrypted: rig.connection.model('Visit', schema(declared).plugin(rig.fle)) as Model<Visit>,
    plain: rig.twinConnection.model('Visit', schema({})) as Model<Visit>,
  };
  rig.connection.model('Plain', new Schema({ name: String }).plugin(rig.fle));
  await seed(twins);
  for (const model of [visits.encrypted, visits.plain]) {
    await model.insertMany([
      { _id: idOf(60), patient: secret('ssn'), ward: 'A' },
      { _id: idOf(61), patient: secret('bea'), ward: 'B' },
      { _id: idOf(62), patient: secret('ssn'), ward: 'B' },
    ]);
  }
});

afterEach(() => {
  expect(rig.wire.text()).not.toContain(SENTINEL);
  rig.wire.clear();
});

afterAll(async () => {
  await rig.close();
});

const SORT: PipelineStage = { $sort: { _id: 1 } };
const JOIN = { from: 'visits', localField: 'ssn', foreignField: 'patient', as: 'stays' };

const PIPELINES: readonly object[][] = [
  [SORT],
  [{ $match: { ssn: secret('ssn') } }],
  [{ $match: { $or: [{ visits: 0 }, { 'contacts.phone': secret('cid') }] } }, SORT],
  [{ $match: { name: 'Ada' } }, { $match: { allergies: { $all: [secret('dust')] } } }],
  [SORT, { $skip: 1 }, { $limit: 1 }],
  [SORT, { $project: { ssn: 1, 'contacts.phone': 1 } }],
  [SORT, { $project: { ssn: 0, address: 0 } }],
  [SORT, { $project: { number: '$insurance.number', birth: '$birthDate', _id: 0 } }],
  [SORT, { $addFields: { copy: '$ssn', shout: { $toUpper: '$name' } } }],
  [SORT, { $set: { copy: '$notes' } }, { $match: { copy: { $size: 2 } } }],
  [SORT, { $set: { copy: '$ssn' } }, { $match: { copy: secret('bea') } }],
  [SORT, { $unset: ['details', 'notes'] }],
  [{ $unwind: '$allergies' }, { $match: { allergies: secret('nuts') } }],
  [{ $unwind: { path: '$contacts', includeArrayIndex: 'n' } }, { $sort: { _id: 1, n: 1 } }],
  [{ $unwind: '$contacts' }, { $match: { 'contacts.phone': secret('cid') } }],
  [{ $match: { name: 'Ada' } }, { $replaceRoot: { newRoot: '$doctor' } }],
  [{ $match: { name: 'Ada' } }, { $replaceWith: { a: '$ssn', b: '$name' } }],
  [{ $group: { _id: '$visits', count: { $sum: 1 } } }, { $sort: { count: 1 } }],
  [SORT, { $group: { _id: null, all: { $push: '$ssn' }, first: { $first: '$address' } } }],
  [{ $group: { _id: '$name', last: { $last: '$birthDate' } } }, SORT],
  [SORT, { $facet: { a: [{ $match: { visits: 0 } }], b: [{ $count: 'n' }] } }],
  [{ $match: { visits: 3 } }, { $count: 'n' }],
  [{ $match: { visits: 0 } }, { $lookup: JOIN }],
  [{ $lookup: JOIN }, { $unwind: '$stays' }, { $sort: { 'stays._id': 1 } }],
  [
    { $lookup: { from: 'visits', as: 'all', pipeline: [{ $match: { patient: secret('bea') } }] } },
    SORT,
  ],
];

describe('an aggregate', () => {
  it.each(PIPELINES.map((pipeline) => [pipeline]))(
    '%j gives what the twin gives',
    async (pipeline) => {
      const run = (model: Model<Patient>): unknown =>
        model.aggregate(structuredClone(pipeline) as PipelineStage[]);
      expect(await expectSame(twins, run)).not.toHaveProperty('error');
    },
  );

  it('of a cursor gives what the twin gives', async () => {
    await expectSame(twins, async (model) => {
      const read: unknown[] = [];
      const cursor = model.aggregate([{ $match: { visits: 3 } }, SORT]).cursor({ batchSize: 1 });
      for await (const each of cursor) read.push(each);
      return read;
    });
  });

  it('from the other side of a join gives what the twin gives', async () => {
    const $lookup = { from: 'patients', localField: 'patient', foreignField: 'ssn', as: 'who' };
    await expectSame(visits, (model) =>
      model.aggregate([{ $match: { ward: 'B' } }, { $lookup }, SORT]),
    );
  });

  it('does not change the pipeline it was given', async () => {
    const pipeline = [{ $match: { ssn: secret('ssn') } }, { $project: { ssn: 1 } }];
    const before = structuredClone(pipeline);
    await twins.encrypted.aggregate(pipeline);
    expect(pipeline).toEqual(before);
  });
});

const AFTER = 'Compute with it after reading, or use a plain field.';
const stage = (message: string): object => ({
  name: 'UnsupportedStageError',
  code: 'FLE_UNSUPPORTED_STAGE',
  message: `Patient${message}`,
});
const computes = (name: string, path: string): object =>
  stage(
    `: ${name} computes "${path}" from an encrypted field, or something that may hold one. ${AFTER}`,
  );

describe('a stage that ciphertext cannot serve', () => {
  it.each<readonly [object, object]>([
    [
      { $sort: { ssn: 1 } },
      stage(
        '.ssn: $sort cannot order documents by an encrypted field. Sort by a plain field, or sort after reading.',
      ),
    ],
    [{ $project: { upper: { $toUpper: '$ssn' } } }, computes('$project', 'upper')],
    [{ $addFields: { more: { $add: ['$visits', 1] } } }, computes('$addFields', 'more')],
    [{ $set: { all: '$$ROOT.x', some: { $objectToArray: '$$ROOT' } } }, computes('$set', 'some')],
    [{ $set: { is: { $eq: ['$ssn', secret('ssn')] } } }, computes('$set', 'is')],
    [{ $group: { _id: '$name', sum: { $sum: '$visits' } } }, computes('$group', 'sum')],
    [{ $group: { _id: null, max: { $max: '$birthDate' } } }, computes('$group', 'max')],
    [
      { $set: { ssn: secret('literal') } },
      stage(
        '.ssn: $set would write a plain value onto an encrypted path. Give it a new name at the top of the document.',
      ),
    ],
    [
      { $group: { _id: '$birthDate' } },
      stage(`: $group cannot find equal values among Random ones. ${AFTER}`),
    ],
    [
      { $bucket: { groupBy: '$visits', boundaries: [0, 9] } },
      stage(`: $bucket cannot order encrypted values. ${AFTER}`),
    ],
    [
      { $lookup: { from: 'visits', localField: 'name', foreignField: 'patient', as: 'v' } },
      stage(
        ': $lookup joins by encrypted fields that are not Deterministic and declared alike. Read the other collection through its own model.',
      ),
    ],
    [
      { $unionWith: 'visits' },
      stage(
        ': $unionWith would mix documents whose fields are encrypted differently. Read the other collection through its own model.',
      ),
    ],
    [
      { $out: 'plains' },
      stage(
        ': $out would store documents whose fields are encrypted differently there. Write them through the model of that collection.',
      ),
    ],
    [
      { $merge: { into: 'plains' } },
      stage(
        ': $merge would store documents whose fields are encrypted differently there. Write them through the model of that collection.',
      ),
    ],
    [
      { $planCacheStats: {} },
      stage(
        ': the stage $planCacheStats is not available where documents hold encrypted fields. Deselect them before, or do after reading what the stage does.',
      ),
    ],
    [
      { $search: {} },
      stage(
        ': the stage $search is not available where documents hold encrypted fields. Deselect them before, or do after reading what the stage does.',
      ),
    ],
  ])('is refused: %j', async (refused, refusal) => {
    for (const attempt of [
      () => twins.encrypted.aggregate([refused as PipelineStage]),
      () =>
        twins.encrypted
          .aggregate([refused as PipelineStage])
          .cursor()
          .next(),
    ]) {
      expect(await refusalOf(rig, attempt)).toEqual(refusal);
    }
  });

  it('is refused in an aggregate of a plugged model without encrypted fields that reaches one with', async () => {
    const Plains = rig.connection.model('Plain');
    const $lookup = { from: 'patients', as: 'p', pipeline: [{ $match: { ssn: secret('x') } }] };
    expect(await refusalOf(rig, () => Plains.aggregate([{ $lookup }]))).toEqual({
      name: 'UnsupportedStageError',
      code: 'FLE_UNSUPPORTED_STAGE',
      message:
        'Plain: $lookup names a collection with encrypted fields. Aggregate from the model that declares them.',
    });
  });
});
