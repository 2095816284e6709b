import { type Model, type PipelineStage, Schema } from 'mongoose';
import type { Patient } from '../../support/patient-model';
import { openRig, type Rig } from '../../support/rig';
import { expectSame, refusalOf, secret, SENTINEL, type Twins } from './compare-twins';
import { idOf, patientTwins, seed } from './seed-patients';

interface Visit {
  patient?: string;
  referredBy?: string | null;
  ward?: string;
  remark?: string;
}

let rig: Rig;
let twins: Twins<Patient>;
let visits: Twins<Visit>;

beforeAll(async () => {
  rig = await openRig('stages');
  twins = patientTwins(rig);
  const schema = (declared: (algorithm: string) => object): Schema<Visit> =>
    new Schema({
      patient: { type: String, ...declared('Deterministic') },
      referredBy: { type: String, ...declared('Deterministic') },
      remark: { type: String, ...declared('Random') },
      ward: String,
    }) as never;
  const encrypted = (algorithm: string): object => ({
    encrypted: { algorithm, keyAltName: 'patients' },
  });
  visits = {
    encrypted: rig.connection.model('Visit', schema(encrypted).plugin(rig.fle)) as Model<Visit>,
    plain: rig.twinConnection.model(
      'Visit',
      schema(() => ({})),
    ) as Model<Visit>,
  };
  await seed(twins);
  for (const model of [visits.encrypted, visits.plain]) {
    await model.insertMany([
      { _id: idOf(60), patient: secret('ssn'), referredBy: null, ward: 'A', remark: secret('r') },
      { _id: idOf(61), patient: secret('bea'), referredBy: secret('ssn'), ward: 'B' },
      { _id: idOf(62), patient: secret('cas'), referredBy: secret('bea'), ward: 'B' },
      { _id: idOf(63), patient: secret('cas'), ward: 'C', remark: secret('s') },
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
const BY_VISITS = { partitionBy: '$visits', sortBy: { _id: 1 } };
const WALK = {
  from: 'visits',
  startWith: '$ssn',
  connectFromField: 'patient',
  connectToField: 'referredBy',
  as: 'chain',
};
const equalTo = (variable: string): object => ({ $eq: ['$patient', `$$${variable}`] });

describe('a pipeline over patients', () => {
  it.each<readonly [string, readonly object[]]>([
    [
      'groups by several paths at once',
      [
        { $group: { _id: { v: '$visits', name: '$name' }, n: { $sum: 1 } } },
        { $sort: { '_id.name': 1 } },
      ],
    ],
    ['collects whole documents', [SORT, { $group: { _id: null, all: { $push: '$$ROOT' } } }]],
    [
      'collects parts of documents',
      [SORT, { $group: { _id: null, all: { $push: { number: '$ssn', who: '$name' } } } }],
    ],
    [
      'collects the first and last in an order',
      [
        {
          $group: {
            _id: null,
            top: { $top: { sortBy: { name: -1 }, output: '$ssn' } },
            bottom: { $bottom: { sortBy: { name: -1 }, output: '$contacts' } },
            two: { $topN: { n: 2, sortBy: { name: 1 }, output: '$birthDate' } },
            rest: { $bottomN: { n: 2, sortBy: { name: 1 }, output: '$$ROOT' } },
          },
        },
      ],
    ],
    [
      'puts documents into buckets',
      [
        {
          $bucket: {
            groupBy: '$name',
            boundaries: ['A', 'B', 'D'],
            output: { numbers: { $push: '$ssn' }, addresses: { $push: '$address' } },
          },
        },
      ],
    ],
    [
      'puts documents into automatic buckets',
      [{ $bucketAuto: { groupBy: '$name', buckets: 2, output: { first: { $first: '$ssn' } } } }],
    ],
    [
      'looks through windows of Deterministic values',
      [
        {
          $setWindowFields: {
            ...BY_VISITS,
            output: {
              first: { $first: '$ssn', window: { documents: ['unbounded', 'current'] } },
              numbers: { $push: '$ssn' },
              births: { $push: '$birthDate' },
              n: { $sum: 1 },
              rank: { $rank: {} },
              next: { $shift: { output: '$ssn', by: 1, default: null } },
              last: { $locf: '$address' },
            },
          },
        },
        SORT,
      ],
    ],
    [
      'fills by the last value',
      [
        {
          $fill: {
            partitionByFields: ['visits'],
            sortBy: { _id: 1 },
            output: { ssn: { method: 'locf' }, ward: { value: 'none' } },
          },
        },
        SORT,
      ],
    ],
    [
      'densifies partitions of Deterministic values',
      [
        { $set: { n: { $strLenCP: '$name' } } },
        { $project: { n: 1, ssn: 1, _id: 0 } },
        {
          $densify: { field: 'n', partitionByFields: ['ssn'], range: { step: 1, bounds: [3, 5] } },
        },
        { $sort: { n: 1 } },
        { $group: { _id: '$n', numbers: { $addToSet: '$ssn' } } },
        { $match: { _id: 3 } },
        { $unwind: '$numbers' },
        { $count: 'n' },
      ],
    ],
    [
      'redacts by plain fields',
      [{ $redact: { $cond: [{ $eq: ['$name', 'Ada'] }, '$$KEEP', '$$PRUNE'] } }],
    ],
    ['walks a graph of Deterministic values', [SORT, { $graphLookup: WALK }]],
    [
      'walks a graph, restricted, and follows what it finds',
      [
        {
          $graphLookup: {
            ...WALK,
            depthField: 'depth',
            maxDepth: 3,
            restrictSearchWithMatch: { patient: { $in: [secret('bea'), secret('cas')] } },
          },
        },
        { $unwind: '$chain' },
        { $match: { 'chain.patient': secret('cas') } },
        { $project: { 'chain.patient': 1, 'chain.remark': 1, depth: '$chain.depth' } },
      ],
    ],
    [
      'walks a graph from plain fields into encrypted documents',
      [
        SORT,
        {
          $graphLookup: {
            from: 'visits',
            startWith: 'B',
            connectFromField: 'ward',
            connectToField: 'ward',
            as: 'found',
          },
        },
        { $project: { name: 1, 'found.ward': 1 } },
      ],
    ],
    [
      'joins by a variable',
      [
        SORT,
        {
          $lookup: {
            from: 'visits',
            let: { number: '$ssn' },
            pipeline: [{ $match: { $expr: equalTo('number') } }, SORT],
            as: 'stays',
          },
        },
      ],
    ],
    [
      'joins by a variable among other conditions',
      [
        SORT,
        {
          $lookup: {
            from: 'visits',
            let: { number: '$ssn', who: '$name' },
            pipeline: [
              {
                $match: {
                  ward: { $ne: 'C' },
                  $expr: { $and: [{ $ne: ['$ward', '$$who'] }, { $eq: ['$$number', '$patient'] }] },
                },
              },
              { $project: { patient: 1, remark: 1 } },
            ],
            as: 'stays',
          },
        },
        { $unwind: '$stays' },
        { $match: { 'stays.patient': secret('bea') } },
      ],
    ],
    [
      'joins by a variable beside the condition of an encrypted value',
      [
        SORT,
        {
          $lookup: {
            from: 'visits',
            let: { number: '$ssn' },
            pipeline: [{ $match: { patient: secret('bea'), $expr: equalTo('number') } }],
            as: 'stays',
          },
        },
        { $unwind: '$stays' },
      ],
    ],
  ])('%s as the twin does', async (_, pipeline) => {
    const run = (model: Model<Patient>): unknown =>
      model.aggregate(structuredClone(pipeline) as PipelineStage[]);
    const outcome = await expectSame(twins, run);
    expect(outcome).not.toHaveProperty('error');
    expect(outcome).not.toHaveProperty('result', []);
  });
});

describe('a stage that ciphertext cannot serve', () => {
  const lookup = (pipeline: object[], more: object = {}): object => ({
    $lookup: { from: 'visits', let: { number: '$ssn' }, pipeline, as: 'stays', ...more },
  });
  const variable =
    '$lookup uses a variable that is bound to an encrypted field otherwise than in an $eq with a Deterministic path declared alike, in a $match at the beginning.';

  it.each<readonly [object, string]>([
    [
      { $setWindowFields: { partitionBy: '$birthDate', output: {} } },
      '$setWindowFields cannot find equal values among Random ones.',
    ],
    [
      { $setWindowFields: { partitionBy: { $toUpper: '$ssn' }, output: {} } },
      '$setWindowFields computes partitions from an encrypted field.',
    ],
    [
      { $setWindowFields: { sortBy: { visits: 1 }, output: {} } },
      '$setWindowFields cannot order documents by an encrypted field.',
    ],
    [
      { $setWindowFields: { output: { n: { $sum: '$visits' } } } },
      '$setWindowFields computes "n" from an encrypted field, or something that may hold one.',
    ],
    [
      { $setWindowFields: { output: { n: { $shift: { output: '$ssn', by: 1, default: 'x' } } } } },
      '$setWindowFields computes "n" from an encrypted field, or something that may hold one.',
    ],
    [
      { $setWindowFields: { output: { ssn: { $first: '$name' } } } },
      '$setWindowFields would write a plain value onto an encrypted path.',
    ],
    [
      { $fill: { output: { ssn: { value: secret('x') } } } },
      '$fill would fill an encrypted path, or fill another with its values.',
    ],
    [
      { $fill: { sortBy: { _id: 1 }, output: { visits: { method: 'linear' } } } },
      '$fill would fill an encrypted path, or fill another with its values.',
    ],
    [
      { $densify: { field: 'visits', range: { step: 1, bounds: 'full' } } },
      '$densify cannot order encrypted values.',
    ],
    [
      { $redact: { $cond: [{ $eq: ['$ssn', secret('x')] }, '$$KEEP', '$$PRUNE'] } },
      '$redact decides by an encrypted field, or by something that may hold one.',
    ],
    [{ $redact: '$$DESCEND' }, '$redact would descend into encrypted values.'],
    [
      { $graphLookup: { ...WALK, connectToField: 'ward' } },
      '$graphLookup joins by encrypted fields that are not Deterministic and declared alike.',
    ],
    [
      { $graphLookup: { ...WALK, startWith: secret('literal') } },
      '$graphLookup joins by encrypted fields that are not Deterministic and declared alike.',
    ],
    [
      { $graphLookup: { ...WALK, connectFromField: 'remark' } },
      '$graphLookup joins by encrypted fields that are not Deterministic and declared alike.',
    ],
    [
      { $graphLookup: { ...WALK, depthField: 'remark' } },
      '$graphLookup would write a depth onto an encrypted path.',
    ],
    [lookup([{ $match: { $expr: { $gt: ['$patient', '$$number'] } } }]), variable],
    [lookup([{ $match: { $expr: { $eq: ['$ward', '$$number'] } } }]), variable],
    [lookup([{ $match: { $expr: { $eq: ['$remark', '$$number'] } } }]), variable],
    [lookup([{ $project: { x: '$$number' } }]), variable],
    [lookup([SORT, { $match: { $expr: equalTo('number') } }]), variable],
    [
      lookup([], { let: { number: { $toUpper: '$ssn' } } }),
      '$lookup computes a variable from an encrypted field.',
    ],
    [
      { $group: { _id: { v: '$visits', b: '$birthDate' } } },
      '$group cannot find equal values among Random ones.',
    ],
    [
      { $group: { _id: null, x: { $top: { sortBy: { ssn: 1 }, output: '$name' } } } },
      '$group computes "x" from an encrypted field, or something that may hold one.',
    ],
  ])('is refused: %j', async (stage, wrong) => {
    const refused = await refusalOf(rig, () => twins.encrypted.aggregate([stage as PipelineStage]));
    expect(refused.code).toBe('FLE_UNSUPPORTED_STAGE');
    expect(refused.message).toContain(wrong);
  });

  it('is refused where a literal would stand for a variable', async () => {
    const pipeline = [{ $match: { $expr: { $eq: ['xxnumber', '$patient'] } } }];
    const refused = await refusalOf(rig, () =>
      twins.encrypted.aggregate([lookup(pipeline) as PipelineStage]),
    );
    expect(refused.code).toBe('FLE_UNSUPPORTED_FILTER');
  });
});
