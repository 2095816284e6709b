import { type Model, Schema } from 'mongoose';
import { openRig, type Rig } from '../../support/rig';
import { shownBy } from '../../support/shown-by';
import { secret, SENTINEL } from './compare-twins';
import { idOf } from './seed-patients';

type Anything = Record<string, unknown>;

let redacting: Rig;
let telling: Rig;
let People: Model<Anything>;

beforeAll(async () => {
  redacting = await openRig('redacted', { handle: { redactErrors: true } });
  telling = await openRig('unredacted');
  People = await peopleOf(redacting);
});

afterAll(async () => {
  for (const rig of [redacting, telling]) {
    expect(rig.wire.text()).not.toContain(SENTINEL);
    await rig.close();
  }
});

async function peopleOf({ connection, fle }: Rig): Promise<Model<Anything>> {
  const field = (type: unknown, algorithm = 'Deterministic', more: object = {}): object => ({
    type,
    encrypted: { algorithm, keyAltName: 'people', ...more },
  });
  const kid = new Schema({ pin: field(Number) });
  const ruled = {
    validator: (value: string): boolean => {
      if (value.includes('throw')) throw new Error(`thrown for ${value}`);
      return !value.includes('bad');
    },
    message: ({ value }: { value: unknown }): string => `not ${String(value)}`,
  };
  const schema = new Schema(
    {
      age: Number,
      ssn: { ...field(String), maxlength: 30, unique: true, sparse: true },
      visits: field(Number),
      born: field(Date, 'Random'),
      note: { ...field(String, 'Random'), validate: ruled },
      tags: [field(Number, 'Random')],
      kids: [kid],
      home: field(new Schema({ street: String }), 'Random', { whole: true }),
      nested: { pin: field(Number) },
      labels: { type: Map, of: field(Number) },
    },
    { autoIndex: false },
  );
  schema.plugin(fle);
  const model = connection.model('Person', schema) as unknown as Model<Anything>;
  await model.createIndexes();
  await model.create({ _id: idOf(1), ssn: secret('taken') });
  return model;
}

const TOO_LONG = { ssn: secret('x'.repeat(40)) };
const NO_NUMBER = { visits: secret('number') };
const unordered = { ordered: false, throwOnValidationError: true } as const;
const bulk = (...operations: object[]): never => operations as never;

/** What fails, and would show the value that is to blame. */
const ATTEMPTS: readonly (readonly [string, (model: Model<Anything>) => unknown])[] = [
  ['save, a cast', (model) => new model(NO_NUMBER).save()],
  ['save, a cast of bytes', (model) => new model({ born: secret('date') }).save()],
  ['save, an element', (model) => new model({ tags: [1, secret('tag')] }).save()],
  ['save, a subdocument', (model) => new model({ kids: [{ pin: secret('pin') }] }).save()],
  ['save, a whole', (model) => new model({ home: secret('home') }).save()],
  ['save, a nested path', (model) => new model({ nested: { pin: secret('pin') } }).save()],
  ['save, a Map', (model) => new model({ labels: { a: secret('label') } }).save()],
  ['save, a validator', (model) => new model(TOO_LONG).save()],
  ['save, a message', (model) => new model({ note: secret('bad') }).save()],
  ['save, a validator that throws', (model) => new model({ note: secret('throw') }).save()],
  ['save, both', (model) => new model({ ...TOO_LONG, ...NO_NUMBER, age: 'old' }).save()],
  [
    'save, changed',
    async (model) => {
      const person = await model.findById(idOf(1)).orFail();
      await person.set(NO_NUMBER).save();
    },
  ],
  ['validate', (model) => new model(TOO_LONG).validate()],
  [
    'validateSync',
    (model) => {
      const person = new model(TOO_LONG) as unknown as { validateSync(): Error | undefined };
      throw person.validateSync() ?? new Error('It was valid');
    },
  ],
  [
    'the errors of a document',
    (model) => {
      throw Object.assign(new Error('held'), { held: new model(NO_NUMBER).errors });
    },
  ],
  [
    'set, strict',
    (model) => new model().set({ nested: secret('x') }, undefined, { strict: 'throw' }).save(),
  ],
  ['Model.validate', (model) => model.validate(NO_NUMBER)],
  ['castObject', (model) => model.castObject(NO_NUMBER)],
  ['create', (model) => model.create([TOO_LONG])],
  ['insertOne', (model) => model.insertOne(NO_NUMBER)],
  ['insertMany', (model) => model.insertMany([NO_NUMBER])],
  ['insertMany, lean', (model) => model.insertMany([{ ...NO_NUMBER }], { lean: true })],
  ['insertMany, unordered', (model) => model.insertMany([TOO_LONG, NO_NUMBER], unordered)],
  [
    'insertMany, its result',
    async (model) => {
      const options = { ordered: false, rawResult: true } as const;
      const result: unknown = await model.insertMany([TOO_LONG, { age: 1 }], options);
      throw Object.assign(new Error('held'), { held: (result as { mongoose: object }).mongoose });
    },
  ],
  ['insertMany, duplicates', (model) => model.insertMany([{ ssn: secret('taken') }])],
  ['bulkSave', (model) => model.bulkSave([new model(TOO_LONG)])],
  [
    'bulkWrite, insertOne',
    (model) => model.bulkWrite(bulk({ insertOne: { document: NO_NUMBER } })),
  ],
  [
    'bulkWrite, updateOne',
    (model) => model.bulkWrite(bulk({ updateOne: { filter: {}, update: NO_NUMBER } })),
  ],
  [
    'bulkWrite, unordered',
    (model) =>
      model.bulkWrite(bulk({ updateOne: { filter: NO_NUMBER, update: { age: 1 } } }), unordered),
  ],
  [
    'bulkWrite, unordered and refused',
    (model) =>
      model.bulkWrite(
        bulk(
          { insertOne: { document: NO_NUMBER } },
          { updateOne: { filter: {}, update: { $inc: { visits: 1 } } } },
        ),
        unordered,
      ),
  ],
  [
    'Connection#bulkWrite',
    (model) =>
      model.db.bulkWrite(bulk({ model, name: 'updateOne', filter: NO_NUMBER, update: { age: 1 } })),
  ],
  [
    'Connection#bulkWrite, its result',
    async (model) => {
      const operation = { model: 'Person', name: 'insertOne', document: NO_NUMBER };
      const result: unknown = await model.db.bulkWrite(bulk(operation), { ordered: false });
      throw Object.assign(new Error('held'), { held: (result as { mongoose: object }).mongoose });
    },
  ],
  ['find', (model) => model.find(NO_NUMBER)],
  ['find, $in', (model) => model.find({ visits: { $in: [1, secret('in')] } })],
  ['find, $and', (model) => model.find({ $and: [{ 'kids.pin': secret('pin') }] })],
  ['find, lean', (model) => model.find(NO_NUMBER).lean()],
  ['find, no filter', (model) => model.find(secret('filter') as never)],
  ['a cursor', (model) => model.find(NO_NUMBER).cursor().next()],
  [
    'for await',
    async (model) => {
      for await (const person of model.find(NO_NUMBER)) expect(person).toBeUndefined();
    },
  ],
  ['countDocuments', (model) => model.countDocuments(NO_NUMBER)],
  ['exists', (model) => model.exists(NO_NUMBER)],
  ['distinct', (model) => model.distinct('age', NO_NUMBER)],
  ['deleteMany', (model) => model.deleteMany(NO_NUMBER)],
  ['orFail', (model) => model.findOne({ ssn: secret('nobody') }).orFail()],
  ['orFail, update', (model) => model.updateOne({ ssn: secret('nobody') }, { age: 1 }).orFail()],
  ['updateOne', (model) => model.updateOne({}, NO_NUMBER)],
  ['updateOne, a position', (model) => model.updateOne({}, { 'kids.0.pin': secret('pin') })],
  ['updateOne, $push', (model) => model.updateOne({}, { $push: { kids: { pin: secret('p') } } })],
  ['updateOne, a validator', (model) => model.updateOne({}, TOO_LONG, { runValidators: true })],
  ['findOneAndUpdate', (model) => model.findOneAndUpdate({}, { $set: NO_NUMBER })],
  ['replaceOne', (model) => model.replaceOne({}, NO_NUMBER, { runValidators: true })],
  [
    'arrayFilters',
    (model) =>
      model.updateOne(
        {},
        { $set: { 'kids.$[a].pin': 1 } },
        { arrayFilters: [{ 'a.pin': secret('pin') }] },
      ),
  ],
  ['doc.updateOne', (model) => new model().updateOne(NO_NUMBER)],
  [
    'a document that is gone',
    async (model) => {
      const person = await model.create({ ssn: secret('gone') });
      await model.deleteOne({ _id: person._id });
      await person.set({ visits: 1 }).save();
    },
  ],
];

/** All that logging the error may show in which `attempt` has to end. */
async function shownByFailure(attempt: () => unknown): Promise<string> {
  const shown = await shownBy(attempt);
  if (shown === undefined) throw new Error('It did not fail');
  return shown;
}

describe('with redactErrors no value of an encrypted path is shown by', () => {
  it.each(ATTEMPTS)('%s', async (_, attempt) => {
    expect(await shownByFailure(() => attempt(People))).not.toContain(SENTINEL);
  });

  it('what shows them without it', async () => {
    const model = await peopleOf(telling);
    const shown = await Promise.all(
      ATTEMPTS.map(([, attempt]) => shownByFailure(() => attempt(model))),
    );
    const quiet = ATTEMPTS.filter((_each, place) => shown[place]?.includes(SENTINEL) !== true);
    // refused by this package, or answered by the server, which has seen ciphertext
    expect(quiet.map(([name]) => name)).toEqual([
      'insertMany, lean',
      'insertMany, duplicates',
      'a document that is gone',
    ]);
  });
});

describe('an error that is redacted', () => {
  it('says what is wrong, and where', async () => {
    const error: unknown = await new People({ ...TOO_LONG, ...NO_NUMBER })
      .save()
      .catch((e: unknown) => e);
    expect(error).toMatchObject({
      name: 'ValidationError',
      message:
        'Person validation failed: visits: Cast "Number" failed for an encrypted value at path "visits", ssn: Validator "maxlength" failed for an encrypted value at path "ssn"',
      errors: {
        ssn: { name: 'ValidatorError', kind: 'maxlength', path: 'ssn', value: '[redacted]' },
        visits: { name: 'CastError', kind: 'Number', path: 'visits', stringValue: '[redacted]' },
      },
    });
    expect((error as Error).stack).toMatch(/^ {4}at /m);
  });

  it('tells what belongs to clear paths', async () => {
    const clear = { age: 'not a number' };
    for (const attempt of [
      () => new People(clear).save(),
      () => People.find(clear),
      () => People.updateOne({}, clear),
    ]) {
      expect(await shownByFailure(attempt)).toContain('not a number');
    }
  });
});
