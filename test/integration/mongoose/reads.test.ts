import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Model } from 'mongoose';
import type { Patient } from '../../support/patient-model';
import { openRig, type Rig } from '../../support/rig';
import { expectSame, secret, SENTINEL, type Twins } from './compare-twins';
import { ada, idOf, patientTwins, seed } from './seed-patients';

const COUNT = 60;

let rig: Rig;
let twins: Twins<Patient>;

beforeAll(async () => {
  rig = await openRig('reads');
  twins = patientTwins(rig);
  await seed(twins);
  const many = (): object[] =>
    Array.from({ length: COUNT }, (_, n) => ({
      ...ada(),
      _id: idOf(1000 + n),
      name: 'Many',
      ssn: secret(String(n)),
      visits: n,
    }));
  for (const model of [twins.encrypted, twins.plain]) {
    await (model as Model<unknown>).insertMany(many());
  }
});

afterEach(() => {
  expect(rig.wire.text()).not.toContain(SENTINEL);
  rig.wire.clear();
});

afterAll(async () => {
  await rig.close();
});

describe('selecting', () => {
  it.each<string | Record<string, unknown>>([
    'ssn',
    '-ssn',
    'name',
    '-name -notes',
    'contacts.phone',
    '-contacts.phone',
    'doctor',
    'insurance.number',
    'labels.ward',
    'address details',
    '-address',
    { ssn: 1, _id: 0 },
    { ssn: 0, __v: 0 },
    { insurance: { number: 1 } },
    { notes: { $slice: 1 } },
    { allergies: { $slice: [-1, 1] } },
    { contacts: { $elemMatch: { phone: secret('cid') } } },
    { contacts: { $slice: 1 }, ssn: 1 },
  ])('%j gives what it gives the twin, lean and hydrated', async (selection) => {
    const select = (model: Model<Patient>): ReturnType<typeof model.find> =>
      model
        .find({ name: { $ne: 'Many' } })
        .sort({ _id: 1 })
        .select(selection as never);
    expect(await expectSame(twins, (model) => select(model).lean())).not.toHaveProperty('error');
    await expectSame(twins, select);
    await expectSame(twins, async (model) =>
      (await select(model)).map((each) => each.modifiedPaths()),
    );
  });

  it('saves a document that was selected in part without touching the rest', async () => {
    await expectSame(twins, async (model) => {
      const document = await model.findById(idOf(2)).select('name visits').orFail();
      document.set('visits', 44);
      await document.save();
      return await model.findById(idOf(2)).lean();
    });
  });
});

describe('a cursor', () => {
  const many = (model: Model<Patient>): ReturnType<typeof model.find> =>
    model.find({ name: 'Many' }).sort({ _id: 1 });

  it.each<readonly [string, (model: Model<Patient>) => unknown]>([
    [
      'next',
      async (model) => {
        const cursor = many(model).cursor({ batchSize: 7 });
        const read: unknown[] = [];
        for (let each = await cursor.next(); each !== null; each = await cursor.next()) {
          read.push(each.toObject());
        }
        return [...read, await cursor.next()];
      },
    ],
    [
      'for await',
      async (model) => {
        const read: unknown[] = [];
        for await (const each of many(model).lean().cursor({ batchSize: 7 })) read.push(each);
        return read;
      },
    ],
    [
      'for await over the query',
      async (model) => {
        const read: unknown[] = [];
        for await (const each of many(model).limit(5)) read.push(each.toObject());
        return read;
      },
    ],
    [
      'an early end',
      async (model) => {
        const read: unknown[] = [];
        for await (const each of many(model).cursor({ batchSize: 2 })) {
          read.push(each.ssn);
          if (read.length === 5) break;
        }
        return read;
      },
    ],
    [
      'eachAsync, in parallel',
      async (model) => {
        const read: unknown[] = [];
        await many(model)
          .cursor({ batchSize: 7 })
          .eachAsync((each) => read.push(each.ssn), { parallel: 4 });
        return read.sort();
      },
    ],
    [
      'eachAsync, in batches',
      async (model) => {
        const read: unknown[] = [];
        await many(model)
          .cursor()
          .eachAsync((each: { ssn?: unknown }[]) => read.push(each.map(({ ssn }) => ssn)), {
            batchSize: 25,
          });
        return read;
      },
    ],
    [
      'a mapped cursor',
      async (model) => {
        const read: unknown[] = [];
        await many(model)
          .cursor({ batchSize: 9 })
          .map((each) => each.ssn as never)
          .eachAsync((each) => read.push(each));
        return read;
      },
    ],
    [
      'a piped stream',
      async (model) => {
        const read: unknown[] = [];
        const sink = new Writable({
          objectMode: true,
          write: (each: unknown, _encoding, done) => {
            read.push(each);
            done();
          },
        });
        await pipeline(many(model).lean().cursor({ batchSize: 9 }), sink);
        return read;
      },
    ],
    [
      'the cursor of the driver',
      (model) =>
        model.collection.find({ name: 'Many' }, { sort: { _id: 1 }, batchSize: 5 }).toArray(),
    ],
    [
      'the cursor of an aggregate',
      async (model) => {
        const cursor = model
          .aggregate([{ $match: { name: 'Many' } }, { $sort: { _id: 1 } }])
          .cursor({ batchSize: 4 });
        const read: unknown[] = [];
        for await (const each of cursor) read.push(each);
        return read;
      },
    ],
    [
      'a cursor that finds nothing',
      async (model) =>
        await model
          .find({ ssn: secret('nobody') })
          .cursor()
          .next(),
    ],
    [
      'a cursor that was closed',
      async (model) => {
        const cursor = many(model).cursor();
        await cursor.next();
        await cursor.close();
        return await cursor.next();
      },
    ],
  ])('read by %s gives what the twin gives', async (_, read) => {
    expect(await expectSame(twins, read)).toBeDefined();
  });

  it('gives each document once, in order, to those who ask at once', async () => {
    const cursor = many(twins.encrypted).lean().cursor({ batchSize: 3 });
    const read = await Promise.all(Array.from({ length: 9 }, () => cursor.next()));
    await cursor.close();
    expect(read.map((each) => each?.visits)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('fetches in batches of the size asked for, and encrypts its filter once', async () => {
    const ids = Array.from({ length: COUNT }, (_, n) => secret(String(n)));
    const cursor = twins.encrypted.find({ ssn: { $in: ids } }).cursor({ batchSize: 10 });
    let read = 0;
    for await (const { ssn } of cursor) read += Number(ids.includes(ssn ?? ''));
    expect(read).toBe(COUNT);
    expect(rig.wire.count('find', 'patients')).toBe(1);
    expect(rig.wire.names().filter((name) => name === 'getMore').length).toBeGreaterThanOrEqual(5);
  });
});
