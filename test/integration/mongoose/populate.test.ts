import { type Model, Schema, type Types } from 'mongoose';
import { openRig, type Rig, storedAs } from '../../support/rig';
import { expectSame, expectSealed, secret, SENTINEL, type Twins } from './compare-twins';
import { idOf } from './seed-patients';
import { twinsOf } from './twins-of';

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

interface Clinic {
  code?: string;
  city?: string;
}

interface Visit {
  clinic?: string;
  subject?: Types.ObjectId;
  kind?: string;
  helpers?: Types.ObjectId[];
  log?: { nurse?: Types.ObjectId }[];
}

describe('populate over encrypted fields', () => {
  let clinics: Twins<Clinic>;
  let visits: Twins<Visit>;

  beforeAll(async () => {
    const reference = { type: Schema.Types.ObjectId, ref: 'Author' };
    clinics = twinsOf(rig, 'Clinic', (declare) => {
      const schema = new Schema({
        code: { type: String, ...declare('Deterministic') },
        city: { type: String, ...declare('Random') },
      });
      schema.virtual('visits', { ref: 'Visit', localField: 'code', foreignField: 'clinic' });
      schema.virtual('first', {
        ref: 'Visit',
        localField: 'code',
        foreignField: 'clinic',
        justOne: true,
        options: { sort: { _id: 1 } },
      });
      schema.virtual('count', {
        ref: 'Visit',
        localField: 'code',
        foreignField: 'clinic',
        count: true,
      });
      return schema;
    });
    visits = twinsOf(rig, 'Visit', (declare) => {
      const entry = new Schema({ nurse: { ...reference, ...declare('Random') } }, { _id: false });
      const schema = new Schema({
        clinic: { type: String, ...declare('Deterministic') },
        kind: { type: String, enum: ['Author', 'Book'] },
        subject: { type: Schema.Types.ObjectId, refPath: 'kind', ...declare('Deterministic') },
        helpers: { type: [reference], ...declare('Deterministic') },
        log: [entry],
      });
      schema.virtual('place', {
        ref: 'Clinic',
        localField: 'clinic',
        foreignField: 'code',
        justOne: true,
      });
      return schema;
    });
    for (const side of ['encrypted', 'plain'] as const) {
      await clinics[side].insertMany([
        { _id: idOf(31), code: secret('c1'), city: secret('city') },
        { _id: idOf(32), code: secret('c2') },
      ]);
      await visits[side].insertMany([
        {
          _id: idOf(41),
          clinic: secret('c1'),
          kind: 'Author',
          subject: idOf(1),
          helpers: [idOf(2), idOf(1)],
          log: [{ nurse: idOf(2) }, {}],
        },
        { _id: idOf(42), clinic: secret('c1'), kind: 'Book', subject: idOf(11), helpers: [] },
      ]);
    }
  });

  it.each<readonly [string, object]>([
    ['a virtual on a Deterministic foreignField', { path: 'visits' }],
    ['such a virtual of one', { path: 'first' }],
    ['such a virtual that counts', { path: 'count' }],
    ['such a virtual with a match', { path: 'visits', match: { subject: idOf(11) } }],
    ['such a virtual, deeper', { path: 'visits', populate: { path: 'subject' } }],
  ])('fills %s as the twin does', async (_, populate) => {
    await expectSame(clinics, (model) =>
      model
        .find()
        .sort({ _id: 1 })
        .populate(populate as never)
        .lean(),
    );
    await expectSame(clinics, async (model) =>
      (
        await model
          .find()
          .sort({ _id: 1 })
          .populate(populate as never)
      ).map((each) => each.toObject({ virtuals: true })),
    );
  });

  it.each<readonly [string, object]>([
    ['an encrypted reference by refPath', { path: 'subject' }],
    ['an array of encrypted references', { path: 'helpers' }],
    ['such an array with a match', { path: 'helpers', match: { mail: secret('ada') } }],
    ['such an array with a selection', { path: 'helpers', select: 'name', options: { limit: 1 } }],
    ['Random references in subdocuments', { path: 'log.nurse' }],
    ['a virtual from a Deterministic localField', { path: 'place' }],
  ])('fills %s as the twin does', async (_, populate) => {
    await expectSame(visits, (model) =>
      model
        .find()
        .sort({ _id: 1 })
        .populate(populate as never)
        .lean(),
    );
    await expectSame(visits, async (model) => {
      const [first] = await model.find().sort({ _id: 1 });
      await first?.populate(populate as never);
      return [first?.toObject({ virtuals: true }), first?.modifiedPaths()];
    });
  });

  it('keeps an array of encrypted references as it is when the document is saved', async () => {
    await expectSame(visits, async (model) => {
      const visit = await model.findById(idOf(41)).populate('helpers').orFail();
      visit.helpers?.push(idOf(2));
      visit.set('log.1.nurse', idOf(1));
      await visit.save();
      return await model.find().sort({ _id: 1 }).lean();
    });
    await expectSealed(rig, visits.encrypted);
  });
});
