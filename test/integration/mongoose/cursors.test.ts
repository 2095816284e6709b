import { setTimeout as pause } from 'node:timers/promises';
import type { Model } from 'mongoose';
import type { Patient } from '../../support/patient-model';
import { connectionMode } from '../../support/connection-mode';
import { openRig, type Rig } from '../../support/rig';
import { expectSame, refusalOf, secret, SENTINEL, type Twins } from './compare-twins';
import { ada, idOf, patientTwins, seed } from './seed-patients';

const COUNT = 23;

let rig: Rig;
let twins: Twins<Patient>;

beforeAll(async () => {
  rig = await openRig('cursors');
  twins = patientTwins(rig);
  await seed(twins);
  const many = Array.from({ length: COUNT }, (_, n) => ({
    ...ada(),
    _id: idOf(1000 + n),
    name: 'Many',
    ssn: secret(String(n)),
    visits: n,
  }));
  for (const model of [twins.encrypted, twins.plain]) {
    await (model as Model<unknown>).insertMany(many);
  }
});

afterAll(async () => {
  expect(rig.wire.text()).not.toContain(SENTINEL);
  await rig.close();
});

/** The driver's cursor, as far as tests use it; the model's collection gives one of the same methods. */
interface Cursor extends AsyncIterable<Patient> {
  readonly closed: boolean;
  readonly killed: boolean;
  next(): Promise<Patient | null>;
  tryNext(): Promise<Patient | null>;
  hasNext(): Promise<boolean>;
  toArray(): Promise<Patient[]>;
  forEach(visit: (document: Patient) => unknown): Promise<void>;
  stream(): AsyncIterable<Patient> & { destroy(): unknown };
  bufferedCount(): number;
  readBufferedDocuments(count?: number): Patient[];
  rewind(): void;
  clone(): Cursor;
  close(): Promise<void>;
  map(transform: (document: Patient) => unknown): Cursor;
  batchSize(size: number): Cursor;
  limit(count: number): Cursor;
  skip(count: number): Cursor;
  maxTimeMS(limit: number): Cursor;
  addCursorFlag(flag: string, value: boolean): Cursor;
}

type Open = (model: Model<Patient>) => Cursor;

const OPENED: readonly (readonly [string, Open])[] = [
  [
    'find',
    (model) =>
      model.collection.find(
        { name: 'Many' },
        { sort: { _id: 1 }, batchSize: 5 },
      ) as unknown as Cursor,
  ],
  [
    'aggregate',
    (model) =>
      model.collection.aggregate([{ $match: { name: 'Many' } }, { $sort: { _id: 1 } }], {
        batchSize: 5,
      }) as unknown as Cursor,
  ],
];

const READS: Readonly<Record<string, (cursor: Cursor) => Promise<unknown>>> = {
  next: async (cursor) => {
    const read: unknown[] = [];
    for (let each = await cursor.next(); each !== null; each = await cursor.next()) read.push(each);
    return [...read, await cursor.next(), cursor.closed];
  },
  hasNext: async (cursor) => {
    const read: unknown[] = [await cursor.hasNext(), await cursor.hasNext()];
    while (await cursor.hasNext()) read.push(await cursor.next());
    return [...read, await cursor.hasNext()];
  },
  tryNext: async (cursor) => [await cursor.tryNext(), await cursor.tryNext()],
  toArray: async (cursor) => await cursor.toArray(),
  'toArray after next': async (cursor) => [
    await cursor.next(),
    await cursor.next(),
    await cursor.toArray(),
    cursor.closed,
  ],
  forEach: async (cursor) => {
    const read: unknown[] = [];
    await cursor.forEach((each) => {
      read.push(each);
    });
    return [read, cursor.closed];
  },
  'forEach that ends early': async (cursor) => {
    const read: unknown[] = [];
    await cursor.forEach((each) => {
      read.push(each);
      return read.length < 7;
    });
    return read;
  },
  'for await': async (cursor) => {
    const read: unknown[] = [];
    for await (const each of cursor) read.push(each);
    return [read, cursor.closed];
  },
  'for await that ends early': async (cursor) => {
    const read: unknown[] = [];
    for await (const each of cursor) if (read.push(each) === 6) break;
    return read;
  },
  stream: async (cursor) => {
    const read: unknown[] = [];
    for await (const each of cursor.stream()) read.push(each);
    return [read, cursor.closed];
  },
  'a stream that is destroyed': async (cursor) => {
    const read: unknown[] = [];
    const stream = cursor.stream();
    for await (const each of stream) if (read.push(each) === 3) break;
    await pause(50);
    return read;
  },
  readBufferedDocuments: async (cursor) => {
    const first = await cursor.next();
    const buffered = cursor.bufferedCount();
    const some = cursor.readBufferedDocuments(2);
    const rest = cursor.readBufferedDocuments();
    return [first, buffered, some, rest, cursor.bufferedCount(), await cursor.next()];
  },
  'readBufferedDocuments before anything is read': async (cursor) =>
    await Promise.resolve([cursor.bufferedCount(), cursor.readBufferedDocuments()]),
  clone: async (cursor) => {
    const first = await cursor.next();
    return [first, await cursor.clone().toArray(), await cursor.next()];
  },
  rewind: async (cursor) => {
    const first = [await cursor.next(), await cursor.next()];
    cursor.rewind();
    return [first, await cursor.toArray()];
  },
  'rewind at the end': async (cursor) => {
    const first = await cursor.toArray();
    cursor.rewind();
    return [first, await cursor.next()];
  },
  'an early end': async (cursor) => {
    const first = await cursor.next();
    await cursor.close();
    return [
      first,
      cursor.closed,
      await cursor.next(),
      await cursor.hasNext(),
      await cursor.toArray(),
    ];
  },
  'an end before anything is read': async (cursor) => {
    await cursor.close();
    return [cursor.closed, await cursor.next(), await cursor.toArray()];
  },
  'an early end of what is fetched at once': async (cursor) => {
    const all = cursor.batchSize(100);
    const read: unknown[] = [];
    for await (const each of all) if (read.push(each) === 6) break;
    const ended = [all.closed, all.killed, all.bufferedCount(), await all.hasNext()];
    for await (const each of all) if (read.push(each) === 9) break;
    return [read, ended, await all.next(), await all.toArray(), all.closed];
  },
  'an early end of what is fetched in parts': async (cursor) => {
    const read: unknown[] = [];
    for await (const each of cursor) if (read.push(each) === 7) break;
    const ended = [cursor.closed, cursor.killed, cursor.bufferedCount(), await cursor.hasNext()];
    for await (const each of cursor) read.push(each);
    read.push(...(await cursor.toArray()));
    cursor.rewind();
    return [read, ended, cursor.closed, cursor.killed, await cursor.next()];
  },
  'being closed, one by one': async (cursor) => {
    const closed = [cursor.closed];
    while ((await cursor.next()) !== null) closed.push(cursor.closed);
    return [...closed, cursor.closed];
  },
  map: async (cursor) =>
    await cursor
      .map(({ ssn }) => ssn)
      .map((ssn) => [ssn])
      .toArray(),
  'map, one by one': async (cursor) => {
    const mapped = cursor.map(({ visits }) => visits);
    return [await mapped.next(), await mapped.hasNext(), await mapped.next()];
  },
  'map that throws': async (cursor) =>
    await cursor
      .map(() => {
        throw new Error('mapped');
      })
      .next(),
  'map to null': async (cursor) => await cursor.map(() => null).next(),
  batchSize: async (cursor) => await cursor.batchSize(4).toArray(),
  maxTimeMS: async (cursor) => await cursor.maxTimeMS(10_000).toArray(),
  addCursorFlag: async (cursor) => await cursor.addCursorFlag('noCursorTimeout', true).toArray(),
  'an unknown flag': async (cursor) =>
    await Promise.resolve().then(() => cursor.addCursorFlag('nonsense', true).toArray()),
};

describe.each(OPENED)('the cursor of %s', (_, open) => {
  it.each(Object.entries(READS))('read by %s gives what the twin gives', async (__, read) => {
    await expectSame(twins, async (model) => await read(open(model)));
  });
});

describe('the cursor of find', () => {
  it.each<readonly [string, readonly unknown[]]>([
    ['allowDiskUse', [true]],
    ['comment', ['why']],
    ['hint', [{ _id: 1 }]],
    ['maxAwaitTimeMS', [1000]],
    ['showRecordId', [false]],
    ['withReadConcern', ['local']],
    ['withReadPreference', ['primary']],
  ])('passes %s on', async (method, parameters) => {
    const [[, open]] = OPENED as [readonly [string, Open]];
    await expectSame(twins, async (model) => {
      const cursor = open(model) as unknown as Record<string, (...args: unknown[]) => Cursor>;
      return await cursor[method]?.(...parameters).toArray();
    });
  });

  it.each<readonly [string, readonly unknown[]]>([
    ['filter', [{ ssn: secret('1') }]],
    ['sort', [{ ssn: 1 }]],
    ['project', [{ seen: secret('1') }]],
    ['max', [{ ssn: secret('1') }]],
    ['min', [{ ssn: secret('1') }]],
    ['collation', [{ locale: 'en' }]],
    ['returnKey', [true]],
    ['addQueryModifier', ['$orderby', { ssn: 1 }]],
  ])('refuses %s when it is asked, and not before', async (method, parameters) => {
    const [[, open]] = OPENED as [readonly [string, Open]];
    const cursor = open(twins.encrypted) as unknown as Record<string, (...a: unknown[]) => Cursor>;
    const told = cursor[method]?.(...parameters);
    const refused = await refusalOf(rig, () => told?.next());
    expect(refused).toMatchObject({ code: 'FLE_UNSUPPORTED_OPERATION' });
    expect(refused.message).toContain(`Patient: ${method}() on the cursor`);
  });

  it('refuses to count', async () => {
    const cursor = twins.encrypted.collection.find({}) as unknown as { count(): Promise<number> };
    const refused = await refusalOf(rig, () => cursor.count());
    expect(refused.message).toContain('Patient: count() on the cursor');
  });

  it.each<readonly [string, (cursor: Cursor) => unknown]>([
    ['limit and skip', (cursor) => cursor.skip(3).limit(4).toArray()],
    ['limit after reading', async (cursor) => [await cursor.next(), cursor.limit(1)]],
    [
      'batchSize after reading',
      async (cursor) => [await cursor.next(), await cursor.batchSize(2).toArray()],
    ],
  ])('takes %s as the twin does', async (_, read) => {
    const [[, open]] = OPENED as [readonly [string, Open]];
    await expectSame(twins, async (model) => await read(open(model)));
  });
});

describe('the cursor of a query', () => {
  const query = (model: Model<Patient>): ReturnType<typeof model.find> =>
    model.find({ name: 'Many' }).sort({ _id: 1 });

  it.each<readonly [string, (model: Model<Patient>) => unknown]>([
    [
      'a transform',
      async (model) =>
        await query(model)
          .cursor({ transform: (each: Patient) => each.ssn })
          .next(),
    ],
    [
      'addCursorFlag',
      async (model) =>
        (await query(model).cursor().addCursorFlag('noCursorTimeout', true).next())?.toObject(),
    ],
    [
      'eachAsync that fails',
      async (model) => {
        await query(model)
          .cursor()
          .eachAsync(({ visits }) => {
            if (visits === 4) throw new Error('the fourth');
          });
      },
    ],
    [
      'eachAsync that goes on at errors',
      async (model) => {
        const read: unknown[] = [];
        const failed = await query(model)
          .cursor({ batchSize: 4 })
          .eachAsync(
            ({ visits, ssn }) => {
              if (visits === 4) throw new Error('the fourth');
              read.push(ssn);
            },
            { continueOnError: true, parallel: 2 },
          )
          .catch((error: unknown) => String(error));
        return [read.sort(), failed];
      },
    ],
    [
      'eachAsync in parallel batches',
      async (model) => {
        const read: unknown[] = [];
        await query(model)
          .lean()
          .cursor({ batchSize: 4 })
          .eachAsync(
            (each: Patient[]) => {
              read.push(...each.map(({ ssn }) => ssn));
            },
            { batchSize: 3, parallel: 3 },
          );
        return read.sort();
      },
    ],
    [
      'populate',
      async (model) =>
        (
          await query(model)
            .populate('doctor' as never)
            .cursor()
            .next()
        )?.toObject(),
    ],
    [
      'events',
      async (model) =>
        await new Promise((resolve, reject) => {
          const read: unknown[] = [];
          query(model)
            .cursor({ batchSize: 5 })
            .on('data', (each: Patient) => read.push(each.ssn))
            .on('error', reject)
            .on('end', () => {
              resolve(read);
            });
        }),
    ],
    [
      'an aggregate, in parallel',
      async (model) => {
        const read: unknown[] = [];
        await model
          .aggregate<Patient>([{ $match: { name: 'Many' } }])
          .cursor({ batchSize: 4 })
          .eachAsync((each: Patient) => read.push(each.ssn), { parallel: 3 });
        return read.sort();
      },
    ],
  ])('read by %s gives what the twin gives', async (_, read) => {
    await expectSame(twins, read);
  });

  it('fails as the twin does when it was killed by the server midway', async () => {
    const outcome = await expectSame(twins, async (model) => {
      const cursor = query(model).lean().cursor({ batchSize: 2 });
      await cursor.next();
      const { cursor: driverCursor } = cursor as unknown as { cursor: { id: unknown } };
      await model.db.db?.command({ killCursors: 'patients', cursors: [driverCursor.id] });
      await cursor.next();
      return await cursor.next().catch((error: unknown) => (error as { code?: unknown }).code);
    });
    expect(outcome).toEqual({ result: 43 });
  });

  it('ends at a document that cannot be read, and closes the cursor of the server', async () => {
    const { collection } = twins.encrypted;
    await rig.plant('patients', { _id: idOf(2000), name: 'Bad', ssn: 'plain' });
    const cursor = collection.find(
      { name: { $in: ['Many', 'Bad'] } },
      { sort: { _id: 1 }, batchSize: 20 },
    );
    const read: unknown[] = [];
    const reading = (async () => {
      for await (const each of cursor) read.push(each);
    })();
    if (connectionMode === 'driverDecrypts') {
      await reading; // what such a client decrypts looks like plaintext, so that all of it passes
      expect(read.at(-1)).toMatchObject({ name: 'Bad', ssn: 'plain' });
    } else {
      await expect(reading).rejects.toMatchObject({ code: 'FLE_PLAINTEXT_FOUND' });
      expect(read).toHaveLength(20);
    }
    expect(cursor.closed).toBe(true);
    await rig.bare.collection('patients').deleteOne({ _id: idOf(2000) });
  });

  it('reads ahead no further than the reply after one that cannot be read', async () => {
    const { collection } = twins.encrypted;
    await rig.plant('patients', { _id: idOf(2000), name: 'Bad', ssn: 'plain' });
    const filter = { name: { $in: ['Many', 'Bad'] } };
    const cursor = collection.find(filter, { sort: { _id: -1 }, batchSize: 3 });
    rig.wire.clear();
    const read = cursor.toArray();
    if (connectionMode === 'driverDecrypts') expect((await read).length).toBeGreaterThan(20);
    else {
      await expect(read).rejects.toMatchObject({ code: 'FLE_PLAINTEXT_FOUND' });
      expect(rig.wire.names()).toEqual(['find', 'getMore', 'killCursors']);
    }
    expect(cursor.closed).toBe(true);
    await rig.bare.collection('patients').deleteOne({ _id: idOf(2000) });
  });

  it('killed by the server midway fails toArray as the twin', async () => {
    const outcome = await expectSame(twins, async (model) => {
      const cursor = query(model).lean().cursor({ batchSize: 2 });
      await cursor.next();
      const { cursor: driverCursor } = cursor as unknown as { cursor: Cursor & { id: unknown } };
      await model.db.db?.command({ killCursors: 'patients', cursors: [driverCursor.id] });
      return await driverCursor
        .toArray()
        .catch((error: unknown) => (error as { code?: unknown }).code);
    });
    expect(outcome).toEqual({ result: 43 });
  });
});
