import { type mongo, Types } from 'mongoose';
import { DECRYPTED_HERE } from '../../support/connection-mode';
import { openRig, type Rig, storedAs } from '../../support/rig';
import { expectSame, refusalOf, secret, SENTINEL } from './compare-twins';
import { arrayOf, type File, type Files, filesOf, newItem, stored } from './file-model';
import { idOf } from './seed-patients';

type Select = string | Record<string, mongo.Document | 0 | 1>;

let rig: Rig;
let encrypted: Files;
let plain: Files;

beforeAll(async () => {
  rig = await openRig('partial');
  encrypted = filesOf(rig, true);
  plain = filesOf(rig, false);
});

beforeEach(async () => {
  for (const model of [encrypted, plain]) {
    await model.deleteMany({});
    await model.create(stored());
  }
});

afterEach(() => {
  expect(rig.wire.text()).not.toContain(SENTINEL);
  rig.wire.clear();
});

afterAll(async () => {
  await rig.close();
});

type Change = (file: File) => unknown;

const TO_ADDRESS: Change = (file) => file.set('address.city', secret('other'));
const TO_NOTES: Change = (file) => arrayOf(file, 'notes').pull(secret('1'));
const TO_ITEMS: Change = (file) => arrayOf(file, 'items').addToSet(newItem());

const SAVES: readonly (readonly [string, (file: File) => unknown])[] = [
  ['save', (file) => file.save()],
  ['bulkSave', (file) => encrypted.bulkSave([file])],
];

describe('a document that was read in part', () => {
  it.each<readonly [string, Select, Change]>([
    ['address', 'name __v', TO_ADDRESS],
    ['address', '-address', TO_ADDRESS],
    ['details', 'name __v', (file) => file.set('details.a', secret('other'))],
    ['meta', 'name __v', (file) => file.set('meta.x', secret('other'))],
    ['notes', { notes: { $slice: 2 } }, TO_NOTES],
    ['notes', { notes: { $slice: 2 } }, (file) => arrayOf(file, 'notes').addToSet(secret('4'))],
    ['items', { items: { $slice: 1 } }, TO_ITEMS],
    ['items', 'items.name __v', TO_ITEMS],
    ['items', '-items.remark', TO_ITEMS],
  ])(
    'keeps what of %s was not selected by %j, since it is not saved',
    async (path, select, change) => {
      const before = await rig.rawOne('files');
      for (const [, save] of SAVES) {
        const file = await encrypted.findById(idOf(1)).select(select).orFail();
        change(file);
        expect(await refusalOf(rig, async () => await save(file))).toEqual({
          name: 'UnsupportedUpdateError',
          code: 'FLE_UNSUPPORTED_UPDATE',
          message: `File.${path}: it is encrypted so that it can only be saved whole, and the document was read with part of it. Read the document without a projection on the path, change it, and save it.`,
        });
        expect(file.isModified(path)).toBe(true);
      }
      expect(await rig.rawOne('files')).toEqual(before);
    },
  );

  it.each<readonly [string, Select, Change]>([
    ['address', 'address __v', TO_ADDRESS],
    ['address', '-notes -items', TO_ADDRESS],
    ['notes', { items: { $slice: 1 } }, TO_NOTES],
    ['items', 'items __v', TO_ITEMS],
    ['notes', { notes: { $slice: 1 } }, (file) => arrayOf(file, 'notes').push(secret('4'))],
    ['address', 'name', (file) => file.set('address', { city: secret('other') })],
  ])('saves %s, selected by %j, as its twin does', async (path, select, change) => {
    for (const model of [encrypted, plain]) {
      const file = await model.findById(idOf(1)).select(select).orFail();
      change(file);
      await file.save();
    }
    await expectSame({ encrypted, plain }, (model) => model.findOne().select('-__v').lean());
    const raw = await rig.rawOne('files');
    expect(JSON.stringify(raw)).not.toContain(SENTINEL);
    expect(raw[path]).toBeDefined();
  });
});

describe('a document that was read whole', () => {
  it.each<readonly [string, Change]>([
    ['a push onto an array', (file) => arrayOf(file, 'list').push(4)],
    ['a $pop of an array', (file) => (file.get('list') as { $pop(): unknown }).$pop()],
    ['a $shift of an array', (file) => (file.get('list') as { $shift(): unknown }).$shift()],
    ['an addToSet on an array', (file) => arrayOf(file, 'list').addToSet(4)],
  ])('is saved with %s that is encrypted whole', async (_, change) => {
    for (const model of [encrypted, plain]) {
      const file = await model.findById(idOf(1)).orFail();
      change(file);
      await file.save();
    }
    await expectSame({ encrypted, plain }, (model) => model.findOne().lean());
    expect(storedAs((await rig.rawOne('files'))['list'])).toBe('Random');
  });

  it.each<readonly [string, Change]>([
    ['address', (file) => file.set({ 'address.street': undefined, 'address.city': undefined })],
    ['details', (file) => file.set({ 'details.a': undefined, 'details.b': undefined })],
    [
      'meta',
      (file) => {
        (file.get('meta') as Map<string, string>).clear();
      },
    ],
  ])('keeps an emptied %s as an empty object, as its twin does', async (path, change) => {
    for (const model of [encrypted, plain]) {
      const file = await model.findById(idOf(1)).orFail();
      change(file);
      await file.save();
    }
    await expectSame({ encrypted, plain }, (model) => model.findOne().select('-__v').lean());
    expect(storedAs((await rig.rawOne('files'))[path])).toBe('Random');
  });

  it('is saved with many changed values by one command, made of one copy of it', async () => {
    const homes = Array.from({ length: 300 }, (_, n) => ({
      address: { street: `${n}`, city: 'A' },
    }));
    const { _id } = await encrypted.create({ _id: idOf(2), homes });
    const file = await encrypted.findById(_id).orFail();
    for (const place of homes.keys()) file.set(`homes.${place}.address.city`, secret('B'));
    const copies = jest.spyOn(file, 'toBSON');
    rig.wire.clear();
    await file.save();
    expect(copies).toHaveBeenCalledTimes(1);
    expect(rig.wire.names()).toEqual(['update']);
    const read = await encrypted.findById(_id).lean<{ homes: typeof homes }>().orFail();
    expect(read.homes.map(({ address }) => address)).toEqual(
      homes.map(({ address }) => ({ ...address, city: secret('B') })),
    );
    const raw = (await rig.rawOne('files', { _id }))['homes'] as mongo.Document[];
    expect(new Set(raw.map(({ address }) => storedAs(address)))).toEqual(new Set(['Random']));
  });
});

describe('bulkSave', () => {
  it('writes partial changes of whole values and of Random elements as save does', async () => {
    for (const model of [encrypted, plain]) {
      const [unchanged, added] = [
        { _id: idOf(2), name: 'Bea' },
        { _id: idOf(3), notes: [secret('3')] },
      ];
      await model.create(unchanged);
      const files = await model.find().sort({ _id: -1 });
      for (const file of files.slice(1))
        for (const change of [TO_ADDRESS, TO_NOTES, TO_ITEMS]) change(file);
      await model.bulkSave([...files, new model(added)]);
      expect(files.some((file) => file.isModified())).toBe(false);
    }
    await expectSame({ encrypted, plain }, (model) => model.find().sort('_id').lean());
    const raw = await rig.rawOne('files', { _id: idOf(1) });
    expect([raw['address'], ...(raw['notes'] as unknown[])].map(storedAs)).toEqual(
      Array.from({ length: 3 }, () => 'Random'),
    );
  });

  it('does not write over what another has changed meanwhile', async () => {
    const file = await encrypted.findById(idOf(1)).orFail();
    await encrypted.updateOne(
      { _id: idOf(1) },
      { address: { city: secret('theirs') }, $inc: { __v: 1 } },
    );
    TO_ADDRESS(file);
    await expect(encrypted.bulkSave([file])).rejects.toMatchObject({
      name: 'MongooseBulkSaveIncompleteError',
    });
    expect(await encrypted.findById(idOf(1)).lean()).toMatchObject({
      address: { city: secret('theirs') },
    });
  });

  it('refuses to write over what could not be decrypted', async () => {
    const marking = await openRig('partial_marked', {
      handle: { undecryptable: 'mark' },
      connect: DECRYPTED_HERE,
    });
    const Marked = filesOf(marking, true);
    await Marked.create(stored());
    await marking.loseKeys();
    await marking.fle.close(marking.connection);
    const before = await marking.rawOne('files');
    const file = await Marked.findById(new Types.ObjectId(idOf(1))).orFail();
    expect(marking.fle.undecryptable(file)).toContain('details');
    file.set('details', { c: secret('c') });
    expect(await refusalOf(marking, () => Marked.bulkSave([file]))).toEqual({
      name: 'UnsupportedUpdateError',
      code: 'FLE_UNSUPPORTED_UPDATE',
      message:
        'File.details: the stored value there could not be decrypted, and saving would write over it. Restore the data key, or write over it on purpose with File.updateOne().',
    });
    expect(await marking.rawOne('files')).toEqual(before);
    await marking.close();
  });
});

describe('a cursor', () => {
  it.each([
    ['toArray', []],
    ['hasNext', false],
    ['next', null],
    ['tryNext', null],
  ] as const)('that was closed before it was asked for %s asks nobody', async (method, answer) => {
    for (const cursor of [encrypted.collection.find({}), encrypted.collection.aggregate([])]) {
      await cursor.close();
      rig.wire.clear();
      expect(await cursor[method]()).toEqual(answer);
      expect(rig.wire.names()).toEqual([]);
    }
  });

  it.each([
    ['next', 'MongoCursorExhaustedError'],
    ['tryNext', 'MongoCursorExhaustedError'],
    ['toArray', []],
  ] as const)('does not go on by %s behind a batch that cannot be read', async (method, ended) => {
    const here = await openRig('behind', { connect: DECRYPTED_HERE });
    const Files = filesOf(here, true);
    await Files.create(stored());
    await Files.create([2, 3, 4, 5].map((n) => ({ _id: idOf(n), name: 'behind' })));
    await here.tamper('files', { _id: idOf(1) }, { $set: { details: 'clear' } });
    const cursor = Files.collection.find({}, { sort: { _id: 1 }, batchSize: 2 });
    await expect(cursor.next()).rejects.toMatchObject({ code: 'FLE_PLAINTEXT_FOUND' });
    expect(await cursor[method]().catch((error: unknown) => (error as Error).name)).toEqual(ended);
    expect(cursor.closed).toBe(true);
    await here.close();
  });
});
