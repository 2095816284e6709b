import { type Model, Schema } from 'mongoose';
import type { Patient } from '../../support/patient-model';
import { openRig, type Rig, storedAs } from '../../support/rig';
import { expectSealed, secret, SENTINEL } from './compare-twins';
import { ada, idOf, patientTwins } from './seed-patients';

let rig: Rig;
let Patients: Model<Patient>;

beforeAll(async () => {
  rig = await openRig('inputs');
  Patients = patientTwins(rig).encrypted;
});

beforeEach(async () => {
  await Patients.deleteMany({});
  await Patients.create(ada());
});

afterEach(() => {
  expect(rig.wire.text()).not.toContain(SENTINEL);
});

afterAll(async () => {
  await rig.close();
});

function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || '_bsontype' in value) return value;
  for (const inner of Object.values(value)) frozen(inner as unknown);
  return value instanceof Date ? value : Object.freeze(value);
}

describe('what a command is given', () => {
  it.each<readonly [string, () => unknown]>([
    [
      'the filter of the collection',
      () =>
        Patients.collection.findOne(frozen({ ssn: secret('ssn'), $or: [{ visits: 3 }] }) as never),
    ],
    [
      'the update of the collection',
      () =>
        Patients.collection.updateOne(
          frozen({ ssn: secret('ssn') }),
          frozen({
            $set: { 'contacts.$[a].phone': secret('x'), address: { city: secret('x') } },
            $push: { allergies: { $each: [secret('x')] } },
          }) as never,
          frozen({ arrayFilters: [{ 'a.phone': secret('bob') }] }),
        ),
    ],
    [
      'the document of the collection',
      () => Patients.collection.insertOne(frozen({ ...ada(), _id: idOf(5) })),
    ],
    [
      'a pipeline',
      () => Patients.aggregate(frozen([{ $match: { ssn: { $in: [secret('ssn')] } } }])),
    ],
    ['documents of insertMany', () => Patients.insertMany(frozen([{ ...ada(), _id: idOf(6) }]))],
    ['values of a document', () => Patients.create(frozen({ ...ada(), _id: idOf(7) }))],
  ])('may be frozen: %s', async (_, attempt) => {
    await attempt();
    await expectSealed(rig, Patients);
  });

  it('by insertMany with lean gets its _id and nothing else', async () => {
    const given = { ssn: secret('lean'), contacts: [{ phone: secret('lean') }], visits: 5 };
    const inserted = await Patients.insertMany([given], { lean: true });
    const [stored] = await rig
      .raw('patients')
      .then((all) => all.filter(({ visits }) => visits !== 3));
    expect(given).toMatchObject({ ssn: secret('lean'), visits: 5 });
    expect(inserted[0]).toHaveProperty('_id', (given as { _id?: unknown })._id);
    expect(stored).toBeDefined();
    expect(await Patients.findById((given as { _id?: unknown })._id).lean()).toMatchObject({
      ssn: secret('lean'),
      visits: 5,
    });
  });

  it('may be changed while the command waits, without effect', async () => {
    const filter = { ssn: secret('ssn') };
    const found = Patients.collection.findOne(filter as never);
    filter.ssn = secret('other');
    expect(await found).toMatchObject({ name: 'Ada' });
    const document = { _id: idOf(8), allergies: [secret('a')], details: { a: [secret('b')] } };
    const inserted = Patients.collection.insertOne(document);
    document.allergies.push(secret('late'));
    document.details.a.push(secret('late'));
    await inserted;
    expect(await Patients.findById(idOf(8)).lean()).toMatchObject({
      allergies: [secret('a')],
      details: { a: [secret('b')] },
    });
  });
});

interface Note {
  text?: string;
  seen?: string[];
}

describe('hooks of the schema', () => {
  const noteSchema = (): Schema<Note> =>
    new Schema<Note>({
      text: { type: String, encrypted: { algorithm: 'Random', keyAltName: 'notes' } } as never,
      seen: [String],
    });

  it('before and after the plugin see plaintext, and may change it', async () => {
    const schema = noteSchema();
    const seen: unknown[] = [];
    schema.pre('save', function () {
      seen.push(this.text);
      this.text = secret('first');
    });
    schema.plugin(rig.fle);
    schema.pre('save', function () {
      seen.push(this.text);
      this.text = secret('second');
    });
    schema.post('save', function () {
      seen.push(this.text);
    });
    schema.pre('updateOne', function () {
      seen.push(this.getUpdate());
      this.set('text', secret('hooked'));
    });
    schema.post('findOne', (found: Note | null) => {
      seen.push(found?.text);
    });
    const Notes = rig.connection.model('Hooked', schema) as Model<Note>;
    const { _id } = await Notes.create({ text: secret('given') });
    await Notes.updateOne({ _id }, { text: secret('update') });
    expect((await Notes.findOne({ _id }).lean())?.text).toBe(secret('hooked'));
    expect(seen.map((each) => (typeof each === 'string' ? each : 'update'))).toEqual([
      secret('given'),
      secret('first'),
      secret('second'),
      'update',
      secret('hooked'),
    ]);
    expect(storedAs((await rig.rawOne('hookeds'))['text'])).toBe('Random');
  });

  it('skipped by middleware: false leave everything encrypted', async () => {
    const schema = noteSchema();
    schema.plugin(rig.fle);
    const Notes = rig.connection.model('Skipped', schema) as Model<Note>;
    const note = new Notes({ text: secret('given') });
    await note.save({ middleware: false });
    await Notes.updateOne({}, { $push: { seen: 'x' } }, { middleware: false });
    expect(storedAs((await rig.rawOne('skippeds'))['text'])).toBe('Random');
    const options = { middleware: false } as never;
    expect(await Notes.findOne({}, null, options)).toHaveProperty('text', secret('given'));
  });

  it('of another plugin that hashes see plaintext', async () => {
    const schema = noteSchema();
    schema.plugin(rig.fle);
    schema.plugin((hashed: Schema) => {
      hashed.pre('save', function () {
        this.set('text', `hash(${String(this.get('text'))})`);
      });
    });
    const Notes = rig.connection.model('Hashed', schema) as Model<Note>;
    await Notes.create({ text: secret('given') });
    expect((await Notes.findOne().lean())?.text).toBe(`hash(${secret('given')})`);
  });
});
