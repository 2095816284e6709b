import { once } from 'node:events';
import type { Model } from 'mongoose';
import { isFleError } from '../../../src/index';
import { databaseFeatures } from '../../support/database';
import type { Patient } from '../../support/patient-model';
import { connectionMode } from '../../support/connection-mode';
import { openRig, type Rig, storedAs } from '../../support/rig';
import { expectSame, secret, SENTINEL, type Twins } from './compare-twins';
import { ada, idOf, patientTwins, seed } from './seed-patients';
import {
  type Change,
  nextChanges,
  opened,
  shared,
  watch,
  type WatchOptions,
  type Watching,
} from './watch-twins';

const ifWatching = databaseFeatures().changeStreams ? describe : describe.skip;

let rig: Rig;
let twins: Twins<Patient>;
let watching: Watching | undefined;

beforeAll(async () => {
  rig = await openRig('watch');
  twins = patientTwins(rig);
});

beforeEach(async () => {
  await seed(twins);
  rig.wire.clear();
});

afterEach(async () => {
  await watching?.close();
  watching = undefined;
  expect(rig.wire.text()).not.toContain(SENTINEL);
});

afterAll(async () => {
  await rig.close();
});

type Write = (model: Model<Patient>) => Promise<unknown>;

interface Story {
  readonly write: Write;
  /** How many changes the write makes. */
  readonly count: number;
  readonly pipeline?: readonly object[];
  readonly options?: WatchOptions;
}

/** What a stream tells of a story, on both models alike. */
async function expectSameChanges({ write, count, pipeline, options }: Story): Promise<Change[]> {
  const outcome = await expectSame(twins, async (model) => {
    const stream = await opened(model, pipeline, options);
    try {
      await write(model);
      return await nextChanges(stream, count);
    } finally {
      await stream.close();
    }
  });
  expect(outcome).toHaveProperty('result');
  return (outcome as unknown as { result: Change[] }).result;
}

const ADA = { _id: idOf(1) };
const WRITES: Readonly<Record<string, Omit<Story, 'options'>>> = {
  'an insert': { count: 1, write: (model) => model.create({ ...ada(), _id: idOf(9) }) },
  'many inserts': {
    count: 2,
    write: (model) => model.insertMany([{ ssn: secret('a') }, { ssn: null }].map(withId)),
  },
  'a deletion': { count: 1, write: (model) => model.deleteOne(ADA) },
  'a replacement': {
    count: 1,
    write: (model) => model.replaceOne(ADA, { name: 'New', ssn: secret('new'), notes: ['n'] }),
  },
  'an assignment': {
    count: 1,
    write: (model) => model.updateOne(ADA, { ssn: secret('new'), visits: 4, name: 'New' }),
  },
  'assignments inside': {
    count: 1,
    write: (model) =>
      model.updateOne(ADA, {
        'doctor.phone': secret('new'),
        'insurance.number': secret('newer'),
        'labels.ward': secret('ward two'),
        'contacts.1.phone': secret('second'),
        'allergies.0': secret('first'),
      }),
  },
  'whole arrays and subdocuments': {
    count: 1,
    write: (model) =>
      model.updateOne(ADA, {
        notes: [secret('only')],
        doctor: { _id: idOf(7), name: 'Fay', phone: secret('fay') },
        address: { street: secret('moved') },
        details: [secret('mixed')],
      }),
  },
  'appended elements': {
    count: 1,
    write: (model) =>
      model.updateOne(ADA, {
        $push: {
          notes: secret('third'),
          allergies: { $each: [secret('c'), secret('d')] },
          contacts: { _id: idOf(8), phone: secret('new'), remark: secret('remark') },
        },
      }),
  },
  'removed fields': {
    count: 1,
    write: (model) => model.updateOne(ADA, { $unset: { ssn: 1, 'doctor.phone': 1 } }),
  },
  'a null': { count: 1, write: (model) => model.updateOne(ADA, { ssn: null }) },
  'a save': {
    count: 1,
    write: async (model) => {
      const document = await model.findById(idOf(1)).orFail();
      document.set({ ssn: secret('saved'), 'contacts.0.phone': secret('saved too') });
      await document.save();
    },
  },
};

function withId<T extends object>(document: T, place: number): T & { _id: unknown } {
  return { _id: idOf(900 + place), ...document };
}

ifWatching('Model.watch', () => {
  const cases = Object.entries(WRITES).flatMap(([name, story]) =>
    [
      {},
      { fullDocument: 'updateLookup' },
      { fullDocument: 'whenAvailable', fullDocumentBeforeChange: 'whenAvailable' },
    ].map((options) => [name, options, story] as const),
  );

  it.each(
    cases.filter(
      ([, options]) => databaseFeatures().gateway || !('fullDocumentBeforeChange' in options),
    ),
  )('tells of %s what it tells of the twin, under %j', async (_, options, story) => {
    const changes = await expectSameChanges({ ...story, options });
    expect(changes).toHaveLength(story.count);
  });

  it.each([
    { promoteLongs: false, useBigInt64: false },
    { useBigInt64: true, promoteLongs: true },
    { promoteBuffers: true },
  ])('reads values as %j says', async (options) => {
    await expectSameChanges({
      ...(WRITES['an assignment'] as Story),
      options: { ...options, fullDocument: 'updateLookup' },
    });
  });

  it.each<readonly [string, readonly object[], number]>([
    ['a Deterministic path of the document', [{ $match: { 'fullDocument.ssn': secret('b') } }], 1],
    [
      'a path inside an array',
      [{ $match: { 'fullDocument.contacts.phone': { $in: [secret('x'), secret('p')] } } }],
      1,
    ],
    [
      'a path of what was updated',
      [{ $match: { 'updateDescription.updatedFields.ssn': secret('updated') } }],
      1,
    ],
    [
      'what exists',
      [{ $match: { 'updateDescription.updatedFields.birthDate': { $exists: true } } }],
      1,
    ],
    ['the kind of change', [{ $match: { operationType: 'update' } }], 2],
    ['fields that are selected', [{ $project: { 'fullDocument.ssn': 1, operationType: 1 } }], 4],
    [
      'fields that are deselected',
      [{ $project: { 'updateDescription.updatedFields.ssn': 0, 'fullDocument.notes': 0 } }],
      4,
    ],
    ['fields that are renamed', [{ $addFields: { number: '$fullDocument.ssn' } }], 4],
    ['updates that are renamed', [{ $set: { what: '$updateDescription.updatedFields' } }], 4],
    ['fields that are unset', [{ $unset: ['fullDocument', 'updateDescription.removedFields'] }], 4],
    ['a plain path', [{ $match: { 'fullDocument.name': 'B' } }], 1],
  ])('follows a pipeline on %s', async (_, pipeline, count) => {
    await expectSameChanges({
      pipeline,
      count,
      write: async (model) => {
        await model.create({ _id: idOf(11), ssn: secret('a'), name: 'A', notes: ['x'] });
        await model.create({
          _id: idOf(12),
          ssn: secret('b'),
          name: 'B',
          contacts: [{ _id: idOf(112), phone: secret('p') }],
        });
        await model.updateOne(ADA, { ssn: secret('updated'), 'doctor.phone': secret('inner') });
        await model.updateOne(ADA, {
          birthDate: new Date(5),
          'contacts.0.remark': secret('new kind'),
        });
      },
    });
  });

  it('gives documents where it is to hydrate', async () => {
    const [change] = await expectSameChanges({
      write: (model) => model.updateOne(ADA, { ssn: secret('new') }),
      count: 1,
      options: { hydrate: true, fullDocument: 'updateLookup' },
    });
    expect(change?.['fullDocument']).toMatchObject({ ssn: secret('new'), name: 'Ada' });
    watching = await opened(twins.encrypted, [], { hydrate: true, fullDocument: 'updateLookup' });
    await twins.encrypted.updateOne(ADA, { ssn: secret('newer') });
    const { fullDocument } = await watching.next();
    expect(fullDocument).toBeInstanceOf(twins.encrypted);
    const document = fullDocument as InstanceType<typeof twins.encrypted>;
    document.set('ssn', secret('saved'));
    await document.save();
    expect(storedAs((await rig.rawOne('patients', ADA))['ssn'])).toBe('Deterministic');
  });

  it('emits what has changed', async () => {
    await expectSame(twins, async (model) => {
      const stream = watch(model, [], { fullDocument: 'updateLookup' });
      const told: unknown[] = [];
      const twoCame = new Promise<void>((resolve) => {
        stream.on('change', (change) => {
          if (told.push(shared(change)) === 2) resolve();
        });
      });
      await once(stream as never, 'ready');
      await new Promise((resolve) => setTimeout(resolve, 200)); // 'ready' comes before the stream is
      await model.updateOne(ADA, { ssn: secret('new') });
      await model.deleteOne(ADA);
      await twoCame;
      const closing = once(stream as never, 'close');
      await stream.close();
      await closing;
      return [told, stream.closed];
    });
  });

  it('iterates, and ends early', async () => {
    await expectSame(twins, async (model) => {
      const stream = await opened(model);
      await model.updateMany({ _id: { $in: [idOf(1), idOf(2)] } }, { visits: 9 });
      const told: Change[] = [];
      for await (const change of stream.driverChangeStream as unknown as AsyncIterable<Change>) {
        told.push(shared(change));
        if (told.length === 2) break;
      }
      return [
        told.map(({ updateDescription }) => updateDescription),
        stream.driverChangeStream.closed,
      ];
    });
  });

  it('flows as a stream', async () => {
    await expectSame(twins, async (model) => {
      const { driverChangeStream } = await opened(model);
      await model.updateOne(ADA, { ssn: secret('streamed') });
      const told: Change[] = [];
      for await (const change of driverChangeStream.stream()) {
        told.push(shared(change as unknown as Change));
        break;
      }
      return told;
    });
  });

  it('knows whether there is a next change, and resumes behind one', async () => {
    await expectSame(twins, async (model) => {
      const stream = await opened(model);
      const none = await stream.driverChangeStream.tryNext();
      await model.updateOne(ADA, { ssn: secret('one') });
      await model.updateOne(ADA, { ssn: secret('two') });
      const has = await stream.hasNext();
      const first = shared(await stream.next());
      const { resumeToken } = stream.driverChangeStream;
      await stream.close();
      const resumed = watch(model, [], { resumeAfter: resumeToken });
      const second = shared(await resumed.next());
      await resumed.close();
      return [none, has, first, second];
    });
  });

  it('cannot be both iterated and listened to', async () => {
    await expectSame(twins, async (model) => {
      const stream = await opened(model);
      const outcome = await Promise.resolve()
        .then(() => stream.driverChangeStream.on('change', () => undefined))
        .catch((error: unknown) => String(error));
      await stream.close();
      return outcome;
    });
  });

  it('ends while it waits, as the twin does', async () => {
    await expectSame(twins, async (model) => {
      const stream = watch(model, [], { maxAwaitTimeMS: 60_000 });
      const waiting = stream.next().catch((error: unknown) => String(error));
      await new Promise((resolve) => setTimeout(resolve, 150));
      await stream.close();
      return await waiting;
    });
  });

  it('ends with its collection', async () => {
    await expectSame(twins, async (model) => {
      const stream = watch(model);
      const told: unknown[] = [];
      stream.on('change', ({ operationType }) => told.push(operationType));
      stream.on('error', (error) => told.push(error));
      await new Promise((resolve) => setTimeout(resolve, 200));
      await model.db.collection('patients').drop();
      await new Promise((resolve) => setTimeout(resolve, 300));
      return [told, stream.driverChangeStream.closed];
    });
  });
});

ifWatching('a change stream that ciphertext cannot serve', () => {
  const refused = async (pipeline: readonly object[], options = {}): Promise<unknown> => {
    watching = watch(twins.encrypted, pipeline, options);
    const error: unknown = await watching.next().catch((reason: unknown) => reason);
    expect(rig.wire.names()).toEqual([]);
    if (!isFleError(error)) throw error as Error;
    return `${error.code} ${error.message}`;
  };

  it.each<readonly [object, string]>([
    [
      { $match: { 'fullDocument.birthDate': new Date(0) } },
      "FLE_UNSUPPORTED_FILTER Patient.birthDate: a Random field can only be asked with $exists, or compared with null. Declare it as 'Deterministic' to filter by equality, or filter on a plain field.",
    ],
    [
      { $match: { 'updateDescription.updatedFields.visits': { $gt: 3 } } },
      'FLE_UNSUPPORTED_FILTER Patient.visits: $gt cannot be answered on an encrypted field. Filter on a plain field, or compare after reading.',
    ],
    [
      { $match: { 'fullDocumentBeforeChange.ssn': /^1/ } },
      'FLE_UNSUPPORTED_FILTER Patient.ssn: a regular expression cannot be answered on an encrypted field. Filter on a plain field, or compare after reading.',
    ],
    [
      { $match: { $expr: { $eq: ['$fullDocument.ssn', secret('x')] } } },
      'FLE_UNSUPPORTED_FILTER Patient: $expr reads an encrypted field, or something that may hold one. Compare encrypted fields outside of $expr, by their paths.',
    ],
    [
      { $addFields: { upper: { $toUpper: '$fullDocument.ssn' } } },
      'FLE_UNSUPPORTED_STAGE Patient: $addFields computes "upper" from an encrypted field, or something that may hold one. Compute with it after reading, or use a plain field.',
    ],
    [
      { $set: { 'fullDocument.ssn': secret('x') } },
      'FLE_UNSUPPORTED_STAGE Patient.fullDocument.ssn: $set would write a plain value onto an encrypted path. Give it a new name at the top of the document.',
    ],
    [
      { $redact: '$$DESCEND' },
      'FLE_UNSUPPORTED_STAGE Patient: $redact would descend into encrypted values. Keep or prune whole documents, with $$KEEP and $$PRUNE.',
    ],
  ])('is refused when it is first asked: %j', async (stage, message) => {
    expect(await refused([stage])).toBe(message);
  });

  it('is refused where raw BSON is asked for', async () => {
    expect(await refused([], { raw: true })).toContain('FLE_UNSUPPORTED_OPERATION');
  });

  it('tells those who listen', async () => {
    const stream = watch(twins.encrypted, [{ $match: { 'fullDocument.visits': { $gt: 3 } } }]);
    const told = once(stream as never, 'error');
    stream.on('change', () => undefined);
    expect(await told).toMatchObject([{ code: 'FLE_UNSUPPORTED_FILTER' }]);
    await stream.close();
  });

  it('ends at an event that holds plaintext, and can be resumed behind it', async () => {
    watching = await opened(twins.encrypted);
    await rig.tamper('patients', ADA, { $set: { ssn: 'not encrypted' } });
    await twins.encrypted.updateOne(ADA, { ssn: secret('encrypted') });
    if (connectionMode === 'driverDecrypts') {
      // What such a client decrypts looks like plaintext, so that all of it passes.
      expect(await watching.next()).toMatchObject({
        updateDescription: { updatedFields: { ssn: 'not encrypted' } },
      });
      return;
    }
    await expect(watching.next()).rejects.toMatchObject({
      code: 'FLE_PLAINTEXT_FOUND',
      path: 'ssn',
      operation: 'watch',
    });
    const { closed, resumeToken } = watching.driverChangeStream;
    expect(closed).toBe(true);
    watching = watch(twins.encrypted, [], { resumeAfter: resumeToken });
    expect((await watching.next())['updateDescription']).toMatchObject({
      updatedFields: { ssn: secret('encrypted') },
    });
  });
});
