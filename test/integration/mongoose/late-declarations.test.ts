import { type Model, type mongo, Schema } from 'mongoose';
import { Encrypted } from '../../../src/index';
import { DECRYPTED_HERE } from '../../support/connection-mode';
import { openRig, type Rig, storedAs } from '../../support/rig';
import { refusalOf, secret, SENTINEL } from './compare-twins';

type Anything = Record<string, unknown>;

let rig: Rig;

beforeAll(async () => {
  rig = await openRig('late');
});

beforeEach(async () => {
  await rig.bare.collection('people').deleteMany({});
});

afterEach(() => {
  for (const name of Object.keys(rig.connection.models)) rig.connection.deleteModel(name);
  expect(rig.wire.text()).not.toContain(SENTINEL);
  rig.wire.clear();
});

afterAll(async () => {
  await rig.close();
});

const ENCRYPTED = { algorithm: 'Deterministic', keyAltName: 'people' };
const PIN = { type: String, encrypted: ENCRYPTED };

/** A schema with the plugin, of the connection's own Mongoose, which clones every other. */
function plugged(paths: object, options: object = {}): Schema {
  const schema = new rig.mongoose.Schema(paths, { collection: 'people', ...options });
  schema.plugin(rig.fle);
  return schema;
}

function modelOf(schema: Schema, { connection } = rig): Model<Anything> {
  return connection.model('Person', schema) as unknown as Model<Anything>;
}

function kidOf(base: Model<Anything>, schema: Schema): Model<Anything> {
  return base.discriminator('Kid', schema as never);
}

/** Expects a value to be stored encrypted through `model`, created and updated, and read again. */
async function expectEncrypts(model: Model<Anything>, path: string): Promise<void> {
  const { _id } = await model.create({ [path]: secret('created') });
  expect(storedAs((await rig.rawOne('people', { _id }))[path])).toBe('Deterministic');
  await model.updateOne({ _id }, { $set: { [path]: secret('updated') } });
  expect(storedAs((await rig.rawOne('people', { _id }))[path])).toBe('Deterministic');
  expect(await model.findOne({ _id, [path]: secret('updated') }).lean()).not.toBeNull();
  expect(rig.wire.text()).not.toContain(SENTINEL);
}

class LateClass {
  @Encrypted('Deterministic', 'people')
  pin?: string;
}

describe('a path of a model that is in use', () => {
  it.each<readonly [string, (schema: Schema) => unknown]>([
    ['declared by a class', (schema) => schema.plugin(rig.fle, { class: LateClass })],
    ['replaced by an encrypted one', (schema) => schema.path('pin', PIN)],
    [
      'removed, and added again as an encrypted one',
      (schema) => {
        schema.remove('pin');
        schema.add({ pin: PIN });
      },
    ],
  ])('is encrypted once it is %s', async (_, declare) => {
    const People = modelOf(plugged({ ssn: PIN, pin: String }));
    await People.create({ ssn: secret('x'), pin: 'clear' });
    declare(People.schema as Schema);
    await rig.bare.collection('people').deleteMany({});
    expect(rig.fle.encryptedPaths(People).map(({ path }) => path)).toEqual(['ssn', 'pin']);
    await expectEncrypts(People, 'pin');
    await expectEncrypts(People, 'ssn');
  });

  it('is encrypted in place of one that was removed', async () => {
    const People = modelOf(plugged({ ssn: PIN, tax: PIN }));
    await People.create({ ssn: secret('x') });
    People.schema.remove('tax');
    (People.schema as Schema).add({ pin: PIN });
    expect(rig.fle.encryptedPaths(People).map(({ path }) => path)).toEqual(['ssn', 'pin']);
    await expectEncrypts(People, 'pin');
  });
});

describe('the first encrypted path of a plugged model', () => {
  it('is encrypted where it is added after the model was used', async () => {
    const People = modelOf(plugged({ name: String }));
    await People.create({ name: 'Ada' });
    (People.schema as Schema).add({ pin: PIN });
    await expectEncrypts(People, 'pin');
    expect(await People.find().sort('name').lean()).toHaveLength(2);
  });

  it('is encrypted in a discriminator that an array gets after the model was used', async () => {
    const event = new Schema({ kind: String }, { discriminatorKey: 'kind', _id: false });
    const People = modelOf(plugged({ events: [event], last: event }));
    await People.create({ events: [] });
    for (const path of ['events', 'last']) {
      const click = new Schema({ pin: PIN }, { _id: false });
      const place = People.schema.path<Schema.Types.DocumentArray>(path);
      place.discriminator('Click', click);
    }
    const click = (name: string): object => ({ kind: 'Click', pin: secret(name) });
    const { _id } = await People.create({ events: [click('one')], last: click('last') });
    const raw = await rig.rawOne('people', { _id });
    const stored = [...(raw['events'] as mongo.Document[]), raw['last'] as mongo.Document];
    expect(stored.map(({ pin }) => storedAs(pin))).toEqual(['Deterministic', 'Deterministic']);
    expect(await People.findOne({ 'events.pin': secret('one') }).lean()).toMatchObject({
      events: [click('one')],
      last: click('last'),
    });
  });
});

/** A model whose fields came after the plugin: a field of its own, or a discriminator's. */
const AFTER_PLUGIN: readonly (readonly [string, (at: Rig) => Model<Anything>])[] = [
  [
    'a path added after the plugin',
    (at) => {
      const schema = new Schema({ name: String }, { collection: 'people' }).plugin(at.fle);
      schema.add({ pin: PIN });
      return modelOf(schema, at);
    },
  ],
  [
    'a path of a discriminator, whose base has none',
    (at) => {
      const options = { collection: 'people', discriminatorKey: 'kind' };
      const base = modelOf(new Schema({ name: String }, options).plugin(at.fle), at);
      return kidOf(base, new Schema({ pin: PIN }));
    },
  ],
];

describe('a document with', () => {
  it.each(AFTER_PLUGIN)('%s is not made of ciphertext', async (_, make) => {
    const model = make(rig);
    await expectEncrypts(model, 'pin');
    const raw = await rig.rawOne('people');
    const hydrate = async (): Promise<unknown> =>
      await Promise.resolve().then(() => model.hydrate(raw));
    expect(await refusalOf(rig, hydrate)).toEqual({
      name: 'CiphertextGivenError',
      code: 'FLE_CIPHERTEXT_GIVEN',
      message: `${model.modelName}.pin: a document cannot be made of ciphertext. Decrypt what was read outside Mongoose with fle.decrypt(Model, document) first.`,
    });
  });

  it.each(AFTER_PLUGIN)('%s tells it undecryptable, and is not saved over it', async (_, make) => {
    const marking = await openRig('late_marked', {
      handle: { undecryptable: 'mark' },
      connect: DECRYPTED_HERE,
    });
    const model = make(marking);
    await model.create({ pin: secret('lost') });
    await marking.loseKeys();
    await marking.fle.close(marking.connection);
    const document = await model.findOne().orFail();
    expect(marking.fle.undecryptable(document)).toEqual(['pin']);
    expect(document.get('pin')).toBeUndefined();
    document.set('pin', secret('over'));
    expect(await refusalOf(marking, async () => await document.save())).toEqual({
      name: 'UnsupportedUpdateError',
      code: 'FLE_UNSUPPORTED_UPDATE',
      message: `${model.modelName}.pin: the stored value there could not be decrypted, and saving would write over it. Restore the data key, or write over it on purpose with ${model.modelName}.updateOne().`,
    });
    await marking.close();
  });
});

describe('a discriminator of a base that its connection does not know', () => {
  const base = (schema: Schema): Model<Anything> => {
    const model = modelOf(schema);
    rig.connection.deleteModel('Person');
    return model;
  };

  it('is refused where the base is without the plugin', () => {
    const options = { collection: 'people', discriminatorKey: 'kind' };
    const People = base(new Schema({ name: String }, options));
    expect(() => kidOf(People, plugged({ pin: PIN }))).toThrow(
      expect.objectContaining({
        name: 'ModelNotBoundError',
        code: 'FLE_MODEL_NOT_BOUND',
        message:
          'Kid: it is a discriminator of a model that is not registered on its connection, and whose schema is without the plugin. Call schema.plugin(fle) on the schema of the base as well.',
      }) as Error,
    );
  });

  it('is encrypted through a base with the plugin', async () => {
    const People = base(plugged({ name: String }, { discriminatorKey: 'kind' }));
    const Kids = kidOf(People, plugged({ pin: PIN }));
    await People.insertMany([{ kind: 'Kid', pin: secret('one') }]);
    await People.updateMany({ kind: 'Kid' }, { pin: secret('two') });
    expect((await rig.raw('people')).map(({ pin }) => storedAs(pin))).toEqual(['Deterministic']);
    expect(await People.findOne({ kind: 'Kid', pin: secret('two') }).lean()).not.toBeNull();
    await expectEncrypts(Kids, 'pin');
  });
});

describe('a schema of many connections', () => {
  it('is changed by none of its models, and what is added to it is encrypted by all', async () => {
    const schema = plugged({ ssn: PIN });
    modelOf(schema);
    const waiting = schema as unknown as { callQueue: unknown[]; s: { hooks: HeldHooks } };
    const held = (): unknown => [
      Reflect.get(schema, 'add') as unknown,
      waiting.callQueue.length,
      countHooks(waiting.s.hooks),
    ];
    const before = held();
    const tenants = Array.from({ length: 20 }, () =>
      modelOf(schema, { ...rig, connection: rig.connection.useDb(rig.databaseName) }),
    );
    expect(held()).toEqual(before);
    schema.add({ pin: PIN });
    for (const tenant of tenants.slice(0, 3)) await expectEncrypts(tenant, 'pin');
  });
});

interface HeldHooks {
  readonly _pres: Map<string, unknown[]>;
  readonly _posts: Map<string, unknown[]>;
}

function countHooks({ _pres, _posts }: HeldHooks): number {
  return [..._pres.values(), ..._posts.values()].flat().length;
}
