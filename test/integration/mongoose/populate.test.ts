import { type Model, Schema, type Types } from 'mongoose';
import { openRig, type Rig, storedAs } from '../../support/rig';
import { expectSame, expectSealed, secret, SENTINEL, type Twins } from './compare-twins';
import { idOf } from './seed-patients';

interface Author {
  name?: string;
  mail?: string;
}

interface Book {
  title?: string;
  author?: Types.ObjectId;
  readers?: Types.ObjectId[];
  translator?: Types.ObjectId;
}

let rig: Rig;
let books: Twins<Book>;
let authors: Twins<Author>;

beforeAll(async () => {
  rig = await openRig('populate');
  const encrypted = { encrypted: { algorithm: 'Deterministic', keyAltName: 'books' } };
  const schemas = (mark: object): { author: Schema<Author>; book: Schema<Book> } => {
    const author = new Schema<Author>({ name: String, mail: { type: String, ...mark } });
    author.virtual('works', { ref: 'Book', localField: '_id', foreignField: 'author' });
    const reference = { type: Schema.Types.ObjectId, ref: 'Author' };
    const book = new Schema<Book>({
      title: { type: String, ...mark },
      author: reference,
      readers: [reference],
      translator: { ...reference, ...mark },
    });
    return { author, book };
  };
  const secretly = schemas(encrypted);
  const openly = schemas({});
  authors = {
    encrypted: rig.connection.model('Author', secretly.author.plugin(rig.fle)) as Model<Author>,
    plain: rig.twinConnection.model('Author', openly.author) as Model<Author>,
  };
  books = {
    encrypted: rig.connection.model('Book', secretly.book.plugin(rig.fle)) as Model<Book>,
    plain: rig.twinConnection.model('Book', openly.book) as Model<Book>,
  };
  for (const side of ['encrypted', 'plain'] as const) {
    await authors[side].insertMany([
      { _id: idOf(1), name: 'Ada', mail: secret('ada') },
      { _id: idOf(2), name: 'Bea', mail: secret('bea') },
    ]);
    await books[side].insertMany([
      { _id: idOf(11), title: secret('one'), author: idOf(1), readers: [idOf(2), idOf(1)] },
      { _id: idOf(12), title: secret('two'), author: idOf(1), translator: idOf(2) },
    ]);
  }
});

afterEach(() => {
  expect(rig.wire.text()).not.toContain(SENTINEL);
});

afterAll(async () => {
  await rig.close();
});

describe('populate', () => {
  it.each<readonly [string, object]>([
    ['a reference', { path: 'author' }],
    ['an array of references', { path: 'readers' }],
    ['an encrypted reference', { path: 'translator' }],
    ['a selection', { path: 'author', select: 'mail -_id' }],
    ['a match by an encrypted field', { path: 'readers', match: { mail: secret('bea') } }],
    [
      'a virtual of what is populated',
      { path: 'author', populate: { path: 'works', options: { sort: { _id: 1 } } } },
    ],
  ])('%s gives what it gives the twin', async (_, path) => {
    await expectSame(books, (model) =>
      model
        .find()
        .sort({ _id: 1 })
        .populate(path as never)
        .lean(),
    );
    await expectSame(books, (model) =>
      model
        .find()
        .sort({ _id: 1 })
        .populate(path as never),
    );
  });

  it('a virtual, with a match by an encrypted field, gives what it gives the twin', async () => {
    const works = { path: 'works', match: { title: secret('two') } };
    await expectSame(authors, (model) => model.find().sort({ _id: 1 }).populate(works).lean());
  });

  it('of a document that is saved again leaves the reference encrypted', async () => {
    const book = await books.encrypted.findById(idOf(12)).populate('translator').orFail();
    book.set('title', secret('three'));
    await book.save();
    await expectSealed(rig, books.encrypted);
    book.set('translator', await authors.encrypted.findById(idOf(1)));
    await book.save();
    expect(storedAs((await rig.rawOne('books', { _id: idOf(12) }))['translator'])).toBe(
      'Deterministic',
    );
    expect(await books.encrypted.findOne({ translator: idOf(1) }).lean()).toMatchObject({
      title: secret('three'),
    });
  });
});
