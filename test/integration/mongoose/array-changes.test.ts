import { type HydratedDocument, type Model, Schema } from 'mongoose';
import { openRig, type Rig } from '../../support/rig';
import {
  expectSame,
  expectSameStored,
  refusalOf,
  secret,
  SENTINEL,
  type Twins,
} from './compare-twins';
import { idOf } from './seed-patients';
import { emptyTwins, twinsOf } from './twins-of';

interface Basket {
  tags?: string[];
  notes?: string[];
  list?: string[];
  books?: { title?: string; price?: number }[];
  boxes?: { label?: string }[];
  table?: Map<string, string>;
  mixed?: { deep?: { list: unknown[] } };
  home?: { city?: string; rooms?: string[] };
  points?: number;
}

let rig: Rig;
let twins: Twins<Basket>;

beforeAll(async () => {
  rig = await openRig('array_changes');
  twins = twinsOf(rig, 'Basket', (declare) => {
    const box = new Schema({ label: { type: String, ...declare('Deterministic') } });
    const book = new Schema({ title: String, price: Number });
    const home = new Schema({ city: String, rooms: [String] }, { _id: false });
    const whole = declare('Random', { whole: true });
    return new Schema({
      tags: { type: [String], ...declare('Deterministic') },
      notes: { type: [String], ...declare('Random') },
      list: { type: [String], ...whole },
      books: { type: [book], ...whole },
      boxes: [box],
      table: { type: Map, of: String, ...whole },
      mixed: { type: Schema.Types.Mixed, ...whole },
      home: { type: home, ...whole },
      points: { type: Number, ...declare('Deterministic') },
    });
  });
});

beforeEach(async () => {
  await emptyTwins(twins);
  for (const model of [twins.encrypted, twins.plain]) await model.create(basket());
});

afterEach(() => {
  expect(rig.wire.text()).not.toContain(SENTINEL);
  rig.wire.clear();
});

afterAll(async () => {
  await rig.close();
});

const basket = (): object => ({
  _id: idOf(1),
  tags: [secret('b'), secret('a'), secret('c')],
  notes: [secret('b'), secret('a'), secret('c')],
  list: [secret('b'), secret('a'), secret('c')],
  books: [
    { _id: idOf(11), title: secret('t1'), price: 1 },
    { _id: idOf(12), title: secret('t2'), price: 2 },
  ],
  boxes: [
    { _id: idOf(21), label: secret('l1') },
    { _id: idOf(22), label: secret('l2') },
  ],
  table: { x: secret('x'), y: secret('y') },
  mixed: { deep: { list: [secret('deep')] } },
  home: { city: secret('city'), rooms: [secret('r1'), secret('r2')] },
  points: 5,
});

interface Changeable extends Array<unknown> {
  set(index: number, value: unknown): unknown;
  pull(...values: unknown[]): unknown;
  addToSet(...values: unknown[]): unknown;
  nonAtomicPush(...values: unknown[]): unknown;
  $shift(): unknown;
  $pop(): unknown;
  remove?(...values: unknown[]): unknown;
}

const CHANGES: readonly (readonly [string, (array: Changeable) => unknown])[] = [
  ['push', (array) => array.push(secret('new'), secret('more'))],
  ['push at a position', (array) => array.push({ $each: [secret('new')], $position: 1 })],
  ['nonAtomicPush', (array) => array.nonAtomicPush(secret('new'))],
  ['unshift', (array) => array.unshift(secret('new'))],
  ['pop', (array) => array.pop()],
  ['shift', (array) => array.shift()],
  ['$pop', (array) => array.$pop()],
  ['$shift', (array) => array.$shift()],
  ['splice', (array) => array.splice(1, 1, secret('new'), secret('more'))],
  ['splice to the end', (array) => array.splice(1)],
  ['sort', (array) => array.sort()],
  ['reverse', (array) => array.reverse()],
  ['set', (array) => array.set(1, secret('new'))],
  ['set behind the end', (array) => array.set(4, secret('new'))],
  ['an index', (array) => (array[0] = secret('new'))],
  ['pull', (array) => array.pull(secret('a'))],
  ['pull of none', (array) => array.pull(secret('none'))],
  ['addToSet', (array) => array.addToSet(secret('a'), secret('new'))],
  ['push and then pop', (array) => [array.push(secret('new')), array.pop()]],
  ['push and then pull', (array) => [array.push(secret('new')), array.pull(secret('a'))]],
  ['pull and then push', (array) => [array.pull(secret('a')), array.push(secret('new'))]],
  ['length', (array) => (array.length = 1)],
];

type Change = (document: HydratedDocument<Basket>) => unknown;

const INSIDE: readonly (readonly [string, Change])[] = [
  ['a field of a subdocument', (document) => document.set('books.0.title', secret('new'))],
  ['a subdocument by id', ({ books }) => subdocuments(books).id(idOf(12)).set('price', 7)],
  ['a push', ({ books }) => books?.push({ _id: idOf(13), title: secret('new') } as never)],
  ['a pull by id', ({ books }) => subdocuments(books).pull(idOf(11))],
  ['deleteOne of a subdocument', ({ books }) => subdocuments(books).id(idOf(11)).deleteOne()],
  ['a splice', ({ books }) => books?.splice(0, 1)],
  ['an index', (document) => document.set('books.1', { _id: idOf(14), title: secret('new') })],
  ['deleteOne of a box', ({ boxes }) => subdocuments(boxes).id(idOf(21)).deleteOne()],
  ['a box by set', ({ boxes }) => subdocuments(boxes).id(idOf(22)).set('label', secret('new'))],
  ['a key of a Map', ({ table }) => table?.set('x', secret('new'))],
  ['a new key of a Map', ({ table }) => table?.set('z', secret('new'))],
  ['a key away', ({ table }) => table?.delete('x')],
  ['a Map cleared', ({ table }) => table?.clear()],
  ['a nested array', ({ home }) => home?.rooms?.push(secret('new'))],
  ['a nested array by position', (document) => document.set('home.rooms.0', secret('new'))],
  ['a nested path away', (document) => document.set('home.city', undefined)],
  ['all of it to null', (document) => document.set({ home: null, table: null, mixed: null })],
  ['all of it away', (document) => document.set({ home: undefined, list: undefined })],
  ['Mixed by path', (document) => document.set('mixed.deep.list.0', secret('new'))],
  [
    'Mixed, marked',
    (document) => {
      document.mixed?.deep?.list.push(secret('new'));
      document.markModified('mixed');
    },
  ],
  [
    'Mixed, marked inside',
    (document) => {
      document.mixed?.deep?.list.push(secret('new'));
      document.markModified('mixed.deep');
    },
  ],
];

interface Subdocuments {
  id(id: unknown): { set(path: string, value: unknown): unknown; deleteOne(): unknown };
  pull(...values: unknown[]): unknown;
}

function subdocuments(array: unknown): Subdocuments {
  return array as Subdocuments;
}

/** What the document was, before and after saving; the version may differ, since a partial change of a whole is guarded by it. */
async function saved(model: Model<Basket>, change: Change): Promise<unknown> {
  const document = await model.findById(idOf(1)).orFail();
  const given = change(document);
  const dirty = [document.modifiedPaths(), document.directModifiedPaths(), plain(document)];
  await document.save();
  return [typeof given, dirty, document.isModified(), plain(document), await stored(model)];
}

function plain(document: HydratedDocument<Basket>): object {
  return document.toObject({ versionKey: false, flattenMaps: true });
}

async function stored(model: Model<Basket>): Promise<unknown> {
  return await model.find().select('-__v').lean();
}

describe.each(['tags', 'notes', 'list'] as const)('an array, %s,', (path) => {
  it.each(CHANGES)('changed by %s is saved as its twin', async (_, change) => {
    await expectSame(twins, (model) =>
      saved(model, (document) => change(document.get(path) as Changeable)),
    );
    await expectSealedAlike();
  });
});

describe('a value inside', () => {
  it.each(INSIDE)('changed by %s is saved as its twin', async (_, change) => {
    const outcome = await expectSame(twins, (model) => saved(model, change));
    expect(outcome).not.toHaveProperty('error');
    await expectSealedAlike();
  });
});

async function expectSealedAlike(): Promise<void> {
  for (const model of [twins.encrypted, twins.plain]) {
    await model.updateMany({}, { $set: { __v: 0 } });
  }
  await expectSameStored(rig, twins);
}

describe('$inc of a document', () => {
  it('on an encrypted path is refused as it is saved, and says how to add', async () => {
    const document = await twins.encrypted.findById(idOf(1)).orFail();
    document.$inc('points', 2);
    expect(await refusalOf(rig, () => document.save())).toEqual({
      name: 'UnsupportedUpdateError',
      code: 'FLE_UNSUPPORTED_UPDATE',
      message:
        'Basket.points: $inc cannot compute with an encrypted value. Read the document, set the value computed, and save() it.',
    });
    document.set('points', 8);
    await document.save();
    expect((await stored(twins.encrypted)) as object[]).toMatchObject([{ points: 8 }]);
  });
});
