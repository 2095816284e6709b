import { setTimeout as pause } from 'node:timers/promises';
import { type Model, Schema } from 'mongoose';
import { isFleError, type KeyContext } from '../../../src/index';
import { openRig, type Rig } from '../../support/rig';
import { keysIn } from './tenant-model';

interface Letter {
  text?: string;
  region?: string;
}

let rig: Rig;
let Letters: Model<Letter>;
let asked: KeyContext[] = [];

function byRegion(given: KeyContext): string {
  asked.push(given);
  const { context } = given;
  if (typeof context !== 'string') throw new Error('which region?');
  return `region:${context}`;
}

beforeAll(async () => {
  rig = await openRig('regions', { handle: { createMissingKeys: 'all' } });
  const schema = new Schema<Letter>({
    region: String,
    text: { type: String, encrypted: { algorithm: 'Deterministic', keyAltName: byRegion } },
  });
  schema.plugin(rig.fle);
  Letters = rig.connection.model<Letter>('Letter', schema);
});

beforeEach(async () => {
  await Letters.deleteMany({});
  asked = [];
});

afterAll(async () => {
  await rig.close();
});

const inEurope = async <T>(callback: () => T): Promise<Awaited<T>> =>
  await rig.fle.run('eu', callback);

describe('a function that names keys', () => {
  it('is told the model, the operation, the document or the filter, and the context', async () => {
    await inEurope(() => Letters.create({ text: 'a' }));
    await inEurope(() => Letters.find({ text: 'a' }));
    const [written, sought] = asked;
    expect(written).toMatchObject({
      model: 'Letter',
      operation: 'insertOne',
      document: { text: 'a' },
      context: 'eu',
    });
    expect(sought).toMatchObject({
      model: 'Letter',
      operation: 'find',
      filter: { text: 'a' },
      context: 'eu',
    });
  });

  it('is told the document that is saved, by save and by bulkSave', async () => {
    const letter = await inEurope(() => Letters.create({ region: 'r', text: 'a' }));
    letter.text = 'b';
    await inEurope(() => letter.save());
    expect(asked.at(-1)).toMatchObject({
      operation: 'updateOne',
      document: { region: 'r', text: 'b' },
    });
    letter.text = 'c';
    await inEurope(() => Letters.bulkSave([letter]));
    expect(asked.at(-1)).toMatchObject({
      operation: 'bulkWrite',
      document: { region: 'r', text: 'c' },
    });
    expect(await keysIn(rig, await rig.rawOne('letters'))).toEqual(['region:eu']);
  });

  it('makes the operation fail where it throws, names nothing or promises a name', async () => {
    rig.wire.clear();
    const error: unknown = await Letters.create({ text: 'secret' }).catch(
      (caught: unknown) => caught,
    );
    expect(isFleError(error) && error.code).toBe('FLE_KEY_UNRESOLVED');
    expect(error).toMatchObject({ path: 'text', cause: new Error('which region?') });
    for (const wrong of ['\0', 'x'.repeat(600)]) {
      await expect(rig.fle.run(wrong, () => Letters.find({ text: 'a' }))).rejects.toMatchObject({
        code: 'FLE_KEY_UNRESOLVED',
      });
    }
    expect(rig.wire.names()).toEqual([]);
  });

  it('serves updates, distinct and aggregates', async () => {
    await inEurope(() => Letters.insertMany([{ text: 'a' }, { text: 'b' }]));
    await inEurope(() => Letters.updateOne({ text: 'a' }, { text: 'c' }));
    const texts = await inEurope(() => Letters.distinct('text'));
    expect(texts.sort()).toEqual(['b', 'c']);
    const groups = await inEurope(() => Letters.aggregate([{ $group: { _id: '$text' } }]));
    expect(groups).toHaveLength(2);
    expect(await rig.fle.run('us', () => Letters.find({ text: 'b' }))).toEqual([]);
  });
});

describe('a function that names keys by the model', () => {
  let Notes: Model<Letter>;

  beforeAll(async () => {
    const keyAltName = ({ model }: KeyContext): string => `of:${model}`;
    const modelOf = (name: string): Model<Letter> => {
      const text = { type: String, encrypted: { algorithm: 'Deterministic', keyAltName } };
      const schema = new Schema<Letter>({ region: String, text });
      schema.plugin(rig.fle);
      return rig.connection.model<Letter>(name, schema);
    };
    Notes = modelOf('Note');
    await Notes.create({ region: 'eu', text: 'a' });
    await modelOf('Remark').create({ region: 'eu', text: 'a' });
  });

  it('is told the model of the documents that a pipeline reaches', async () => {
    const pipeline = [{ $match: { text: 'a' } }];
    const found = await Notes.aggregate<{ remarks: Letter[] }>([
      { $lookup: { from: 'remarks', pipeline, as: 'remarks' } },
    ]);
    expect(found).toMatchObject([{ remarks: [{ text: 'a' }] }]);
  });

  it.each([
    [
      'FLE_UNSUPPORTED_STAGE',
      { $lookup: { from: 'remarks', localField: 'text', foreignField: 'text', as: 'remarks' } },
    ],
    ['FLE_KEY_UNRESOLVED', { $unionWith: 'remarks' }],
  ])('is refused with %s where values of two keys would be compared', async (code, stage) => {
    const mixed = Notes.aggregate([stage as never, { $match: { text: 'a' } }]);
    await expect(mixed).rejects.toMatchObject({ code });
  });
});

describe('fle.run', () => {
  it('executes queries inside, though they are lazy', async () => {
    await inEurope(() => Letters.create({ text: 'a' }));
    expect(await inEurope(() => Letters.findOne({ text: 'a' }))).toMatchObject({ text: 'a' });
    expect(await inEurope(() => Letters.countDocuments({ text: 'a' }))).toBe(1);
    const outside = Letters.find({ text: 'a' });
    await expect(outside.exec()).rejects.toMatchObject({ code: 'FLE_KEY_UNRESOLVED' });
  });

  it('keeps contexts apart that run side by side, and inside each other', async () => {
    const regions = Array.from({ length: 10 }, (_, place) => `r${place}`);
    await Promise.all(
      regions.map(async (region) => {
        await rig.fle.run(region, async () => {
          await pause(Math.random() * 5);
          await Letters.create({ region, text: 'same' });
          await rig.fle.run('inner', () => Letters.create({ region: 'inner', text: region }));
          await Letters.updateOne({ region }, { text: 'other' });
        });
      }),
    );
    for (const document of await rig.raw('letters')) {
      expect(await keysIn(rig, document)).toEqual([`region:${String(document['region'])}`]);
    }
  });

  it('is kept by cursors that are made inside', async () => {
    await inEurope(() => Letters.insertMany([{ text: 'a' }, { text: 'b' }]));
    const cursors = await inEurope(() => [
      Letters.find({ text: 'a' }).cursor(),
      Letters.aggregate<Letter>([{ $match: { text: 'b' } }]).cursor(),
    ]);
    const texts: unknown[] = [];
    for (const cursor of cursors) {
      for await (const letter of cursor as AsyncIterable<Letter>) texts.push(letter.text);
    }
    expect(texts).toEqual(['a', 'b']);
  });

  it('rejects where the callback throws or rejects, and gives what it gives', async () => {
    const fault = new Error('mine');
    await expect(
      rig.fle.run('eu', () => {
        throw fault;
      }),
    ).rejects.toBe(fault);
    expect(await rig.fle.run('eu', () => 5)).toBe(5);
  });
});
