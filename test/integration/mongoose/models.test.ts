import mongoose, { type Connection, type Model, Schema } from 'mongoose';
import { type Rig, openRig, storedAs } from '../../support/rig';
import { refusalOf, secret, SENTINEL } from './compare-twins';

interface Person {
  name?: string;
  ssn?: string;
}

let rig: Rig;

beforeAll(async () => {
  rig = await openRig('models');
});

beforeEach(async () => {
  await rig.bare.collection('people').deleteMany({});
  rig.wire.clear();
});

afterEach(() => {
  for (const name of Object.keys(rig.connection.models)) rig.connection.deleteModel(name);
  expect(rig.wire.text()).not.toContain(SENTINEL);
});

afterAll(async () => {
  await rig.close();
});

const SSN = { type: String, encrypted: { algorithm: 'Deterministic', keyAltName: 'people' } };

function personSchema(plugged = true): Schema<Person> {
  const schema = new Schema<Person>({ name: String, ssn: SSN }, { collection: 'people' });
  if (plugged) schema.plugin(rig.fle);
  return schema;
}

/** Writes and finds through `model`, and looks at what is stored. */
async function expectEncrypts(model: Model<Person>, path = 'ssn'): Promise<void> {
  const saved = await model.create({ name: 'Ada', [path]: secret('value') });
  await model.updateOne({ _id: saved._id }, { $set: { [path]: secret('other') } });
  const stored = rig.bare.client.db(model.db.name).collection(model.collection.name);
  const raw = await stored.findOne({ _id: saved._id });
  expect(storedAs(raw?.[path])).toBe('Deterministic');
  const found = await model.findOne({ [path]: secret('other') }).lean();
  expect(found).toMatchObject({ name: 'Ada', [path]: secret('other') });
  expect(rig.wire.text()).not.toContain(SENTINEL);
}

const NOT_BOUND = (where: string): object =>
  expect.objectContaining({
    name: 'ModelNotBoundError',
    code: 'FLE_MODEL_NOT_BOUND',
    message: `${where}: the model declares encrypted fields, but nothing encrypts them. Call schema.plugin(fle) on its own schema before the model is compiled, or mongoose.plugin(fle) before all models.`,
  }) as object;

describe('a schema', () => {
  it.each<readonly [string, () => Schema]>([
    ['plugged once', () => personSchema()],
    ['plugged twice', () => personSchema().plugin(rig.fle)],
    ['cloned', () => personSchema().clone()],
    ['cloned and plugged again', () => personSchema().clone().plugin(rig.fle)],
    ['without a path', () => personSchema().omit(['name'])],
    ['made of another', () => new Schema(personSchema() as never, { collection: 'people' })],
    ['with another added', () => new Schema({}, { collection: 'people' }).add(personSchema())],
  ])('%s encrypts', async (_, make) => {
    const model = rig.connection.model('Person', make() as Schema<Person>) as Model<Person>;
    if (!('name' in model.schema.paths)) model.schema.add({ name: String });
    await expectEncrypts(model);
  });

  it('picked loses its plugin, and is refused until it is plugged again', async () => {
    const picked = (): Schema<Person> => {
      const schema = personSchema().pick(['name', 'ssn']);
      schema.set('collection', 'people');
      return schema;
    };
    expect(() => rig.connection.model('Person', picked())).toThrow(
      NOT_BOUND('Person.ssn') as Error,
    );
    await expectEncrypts(rig.connection.model('Person', picked().plugin(rig.fle)) as Model<Person>);
  });

  it('with a path added after the model was compiled encrypts it', async () => {
    const model = rig.connection.model('Person', personSchema()) as Model<Person>;
    (model.schema as Schema).add({ pin: SSN });
    await expectEncrypts(model, 'pin');
  });

  it('with a path added after the model was used encrypts it', async () => {
    const model = rig.connection.model('Person', personSchema()) as Model<Person>;
    await model.create({ ssn: secret('x') });
    (model.schema as Schema).add({ pin: SSN });
    await expectEncrypts(model, 'pin');
  });
});

describe('a model that declares encrypted fields and is not bound', () => {
  let other: Connection;

  beforeEach(async () => {
    other = await new mongoose.Mongoose().createConnection(rig.uri).asPromise();
  });

  afterEach(async () => {
    await other.close();
  });

  it('is refused by verify and bootstrapKeys, and by models that are', async () => {
    const late = personSchema(false);
    other.model('Late', late, 'late');
    other.model('Late').schema.plugin(rig.fle);
    const refusal = NOT_BOUND('Late.ssn');
    expect(await refusalOf(rig, () => rig.fle.verify(other))).toEqual(refusal);
    expect(await refusalOf(rig, () => rig.fle.bootstrapKeys(other))).toEqual(refusal);
    const bound = other.model('Person', personSchema());
    expect(await refusalOf(rig, () => bound.findOne({ ssn: secret('x') }))).toEqual(refusal);
    expect(await refusalOf(rig, () => bound.create({ ssn: secret('x') }))).toEqual(refusal);
  });

  it('because only a schema inside is plugged is refused by save and verify', async () => {
    const child = new Schema({ ssn: SSN });
    child.plugin(rig.fle);
    const Parents = other.model('Parent', new Schema({ child, children: [child] }));
    const refused = expect.objectContaining({
      name: 'ModelNotBoundError',
      code: 'FLE_MODEL_NOT_BOUND',
      message:
        "Parent: a schema inside declares encrypted fields, but nothing encrypts them. Call schema.plugin(fle) on the model's own schema as well.",
    }) as object;
    for (const [path, values] of [
      ['child', { child: { ssn: secret('x') } }],
      ['children', { children: [{ ssn: secret('x') }] }],
    ] as const) {
      await expect(Parents.create(values as never)).rejects.toMatchObject({
        errors: { [path]: refused },
      });
    }
    expect(await other.collection('parents').countDocuments()).toBe(0);
    const refusal = NOT_BOUND('Parent.child.ssn');
    expect(await refusalOf(rig, () => rig.fle.verify(other))).toEqual(refusal);
  });

  it('is refused when it is compiled where another is bound already', async () => {
    other.model('Person', personSchema());
    expect(() => other.model('Late', personSchema(false), 'late')).toThrow(
      NOT_BOUND('Late.ssn') as Error,
    );
    await rig.fle.close(other);
  });
});

describe('a model', () => {
  it('on another database of the same client encrypts', async () => {
    const other = rig.connection.useDb(`${rig.databaseName}_twin`);
    await expectEncrypts(other.model('Person', personSchema()) as Model<Person>);
    const shared = personSchema();
    rig.connection.model('Person', shared);
    const cached = rig.connection.useDb(`${rig.databaseName}_twin`, { useCache: true });
    await expectEncrypts(cached.model('Person', shared) as Model<Person>);
  });

  it('moved by useConnection encrypts there', async () => {
    const model = rig.connection.model('Person', personSchema()) as Model<Person>;
    const other = rig.connection.useDb(`${rig.databaseName}_twin`);
    model.useConnection(other);
    expect(model.db).toBe(other);
    await expectEncrypts(model);
    model.useConnection(rig.connection);
    await expectEncrypts(model);
  });

  it('of one schema on two connections encrypts on both', async () => {
    const other = await rig.mongoose
      .createConnection(rig.uri, { monitorCommands: true })
      .asPromise();
    const schema = personSchema();
    await expectEncrypts(rig.connection.model('Person', schema) as Model<Person>);
    await expectEncrypts(other.model('Person', schema) as Model<Person>);
    await rig.fle.close(other);
    await other.close();
  });

  it('of another Mongoose instance encrypts', async () => {
    const instance = new mongoose.Mongoose();
    const other = await instance.createConnection(rig.uri).asPromise();
    await expectEncrypts(other.model('Person', personSchema()) as Model<Person>);
    await rig.fle.close(other);
    await other.close();
  });

  it('deleted and compiled again encrypts', async () => {
    rig.connection.model('Person', personSchema());
    rig.connection.deleteModel('Person');
    await expectEncrypts(rig.connection.model('Person', personSchema()) as Model<Person>);
  });

  it('recompiled encrypts', async () => {
    const model = rig.connection.model('Person', personSchema()) as Model<Person>;
    (model.schema as Schema).add({ pin: SSN });
    model.recompileSchema();
    await expectEncrypts(model);
    await expectEncrypts(model, 'pin');
  });

  it('of a schema without encrypted fields is left as it is by a global plugin, which encrypts the others', async () => {
    const instance = new mongoose.Mongoose();
    instance.plugin(rig.fle);
    const other = await instance.createConnection(rig.uri).asPromise();
    const Plain = other.model('Plain', new Schema({ name: String }));
    const plain = await Plain.create({ name: 'Ada' });
    await Plain.updateOne({ name: { $gt: 'A' } }, { $inc: { __v: 1 } });
    expect(await Plain.find({ $where: 'true' }).catch(() => 'asked')).toBeDefined();
    expect(await Plain.findOne().sort('name').lean()).toEqual({ ...plain.toObject(), __v: 1 });
    expect(rig.fle.encryptedPaths(Plain)).toEqual([]);
    const nested = new instance.Schema({ child: new Schema({ name: String, ssn: SSN }) });
    const Nested = other.model('Nested', nested);
    await Nested.create({ child: { ssn: secret('x') } });
    const raw = await rig.rawOne('nesteds');
    expect(storedAs((raw['child'] as Person).ssn)).toBe('Deterministic');
    await expectEncrypts(other.model('Person', personSchema(false)) as Model<Person>);
    await rig.fle.close(other);
    await other.close();
  });
});
