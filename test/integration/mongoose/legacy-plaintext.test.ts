import { inspect } from 'node:util';
import { type Model, mongo, Schema } from 'mongoose';
import { isFleError, type PluginOptions } from '../../../src/index';
import { databaseFeatures } from '../../support/database';
import { DECRYPTED_HERE } from '../../support/connection-mode';
import { openRig, type Rig } from '../../support/rig';

interface Member {
  name?: string;
  email?: string | null;
  age?: number;
  notes?: string[];
  home?: { street?: string };
}

const SENTINEL = 'sentinel-2c9d';
const LEGACY = {
  name: 'old',
  email: SENTINEL,
  age: 7,
  notes: [SENTINEL],
  home: { street: SENTINEL },
};

/** Binaries of subtype 6 that no encryption made. */
const MALFORMED: readonly (readonly [string, mongo.Binary])[] = [
  ['nothing', new mongo.Binary(Buffer.alloc(0), 6)],
  ['text', new mongo.Binary(Buffer.from(`${SENTINEL}${SENTINEL}`), 6)],
  ['a mark to encrypt', new mongo.Binary(Buffer.concat([Buffer.of(0), Buffer.alloc(100)]), 6)],
  ['a ciphertext cut off', new mongo.Binary(Buffer.concat([Buffer.of(1), Buffer.alloc(40)]), 6)],
];

let rig: Rig;
let models = 0;

beforeAll(async () => {
  rig = await openRig('legacy', { connect: DECRYPTED_HERE });
});

afterAll(async () => {
  await rig.close();
});

/** A model of its own, on a collection with one document as it is stored. */
async function membersWith(stored: object, options: PluginOptions = {}): Promise<Model<Member>> {
  const encrypted = (algorithm: string): object => ({ encrypted: { algorithm, keyAltName: 'k' } });
  const schema = new Schema({
    name: String,
    email: { type: String, ...encrypted('Deterministic') },
    age: { type: Number, ...encrypted('Deterministic') },
    notes: [{ type: String, ...encrypted('Random') }],
    home: {
      type: new Schema({ street: String }, { _id: false }),
      encrypted: { algorithm: 'Random', keyAltName: 'k', whole: true },
    },
  });
  schema.plugin(rig.fle, options);
  models += 1;
  const model = rig.connection.model(`Member${models}`, schema) as unknown as Model<Member>;
  await rig.plant(model.collection.name, { ...stored });
  return model;
}

type Door = (model: Model<Member>) => Promise<unknown>;

const DOORS: Readonly<Record<string, Door>> = {
  find: async (model) => (await model.find()).map((each) => each.toObject()),
  lean: async (model) => await model.find().lean(),
  findOne: async (model) => [await model.findOne().lean()],
  findOneAndUpdate: async (model) => [await model.findOneAndUpdate({}, { name: 'old' }).lean()],
  aggregate: async (model) => await model.aggregate<Member>([{ $match: { name: 'old' } }]),
  'aggregate, renamed': async (model) =>
    (await model.aggregate<{ all: unknown }>([{ $project: { all: '$$ROOT' } }])).map(
      ({ all }) => all,
    ),
  cursor: async (model) => [await model.find().lean().cursor().next()],
  'aggregate cursor': async (model) => [
    (await model.aggregate<Member>([]).cursor().next()) as unknown,
  ],
  'fle.decrypt': async (model) =>
    await rig.fle.decrypt(model, await rig.raw(model.collection.name)),
};

async function failure(
  attempt: Promise<unknown>,
): Promise<Error & { code?: string; path?: string }> {
  const error: unknown = await attempt.then(
    (value) => new Error(`It was read: ${inspect(value)}`),
    (reason: unknown) => reason,
  );
  if (!isFleError(error)) throw error as Error;
  expect(inspect(error, { depth: 9 }) + JSON.stringify(error)).not.toContain(SENTINEL);
  return error;
}

describe('plaintext that is stored where ciphertext is declared', () => {
  it.each(Object.entries(DOORS))('is an error by %s', async (_, read) => {
    for (const [path, value] of Object.entries(LEGACY)) {
      if (path === 'name') continue;
      const model = await membersWith({ name: 'old', [path]: value });
      const error = await failure(read(model));
      expect(error).toMatchObject({ code: 'FLE_PLAINTEXT_FOUND', path });
    }
  });

  it.each(Object.entries(DOORS))(
    "is read by %s where the plugin is told 'read'",
    async (_, read) => {
      const model = await membersWith(LEGACY, { plaintext: 'read' });
      expect(await read(model)).toMatchObject([LEGACY]);
    },
  );

  it('is read beside ciphertext, as what was written', async () => {
    const model = await membersWith(
      { ...LEGACY, age: mongo.Long.fromNumber(7) },
      { plaintext: 'read' },
    );
    await model.create({ ...LEGACY, name: 'new' });
    const read = await model.find().sort({ name: -1 }).lean();
    expect(read).toMatchObject([LEGACY, { ...LEGACY, name: 'new' }]);
    expect(await model.distinct('email')).toEqual([SENTINEL, SENTINEL]);
  });

  it('is encrypted when it is saved', async () => {
    const model = await membersWith(LEGACY, { plaintext: 'read' });
    const document = await model.findOne().orFail();
    for (const path of ['email', 'age', 'notes', 'home']) document.markModified(path);
    await document.save();
    const [raw] = await rig.raw(model.collection.name);
    expect(inspect(raw, { depth: 9 })).not.toContain(SENTINEL);
    expect(await model.findOne().lean()).toMatchObject(LEGACY);
  });

  it('null is no plaintext', async () => {
    const model = await membersWith({ name: 'old', email: null, notes: [null], home: null });
    expect(await model.find().lean()).toMatchObject([{ email: null, notes: [null], home: null }]);
  });

  const ifWatching = databaseFeatures().changeStreams ? it : it.skip;
  ifWatching('is an error in a change stream, or read, as the plugin is told', async () => {
    for (const plaintext of ['error', 'read'] as const) {
      const model = await membersWith({}, { plaintext });
      const stream = model.collection.watch();
      await stream.tryNext();
      await rig.plant(model.collection.name, { ...LEGACY });
      if (plaintext === 'read') expect(await stream.next()).toMatchObject({ fullDocument: LEGACY });
      else expect(await failure(stream.next())).toMatchObject({ code: 'FLE_PLAINTEXT_FOUND' });
      await stream.close();
    }
  });
});

describe('a malformed ciphertext', () => {
  const options: readonly PluginOptions[] = [
    {},
    { plaintext: 'read' },
    { undecryptable: 'mark' },
    { plaintext: 'read', undecryptable: 'mark' },
  ];
  const cases = options.flatMap((each) =>
    MALFORMED.map(([name, value]) => [name, each, value] as const),
  );

  it.each(cases)('of %s, under %j, is an error by every door', async (_, told, value) => {
    for (const stored of [{ email: value }, { notes: [value] }, { home: value }]) {
      const model = await membersWith({ name: 'old', ...stored }, told);
      for (const read of Object.values(DOORS)) {
        expect(await failure(read(model))).toMatchObject({
          code: 'FLE_DECRYPTION_FAILED',
          path: Object.keys(stored)[0],
        });
      }
    }
  });

  it('is an error of distinct', async () => {
    for (const [, value] of MALFORMED) {
      const model = await membersWith({ email: value }, { undecryptable: 'mark' });
      expect(await failure(model.distinct('email'))).toMatchObject({
        code: 'FLE_DECRYPTION_FAILED',
      });
    }
  });
});

describe('the options of the plugin', () => {
  it('go before those of the handle, and only for the schema they were given for', async () => {
    const marked = await membersWith(LEGACY, { plaintext: 'read' });
    const strict = await membersWith(LEGACY);
    expect(await marked.find().lean()).toMatchObject([LEGACY]);
    expect(await failure(strict.find().lean())).toMatchObject({ code: 'FLE_PLAINTEXT_FOUND' });
  });

  it('stay when the plugin is called again without them, and change when with', () => {
    const schema = new Schema({ a: String });
    for (const told of [{ plaintext: 'read' }, {}, { undecryptable: 'mark' }] as const) {
      schema.plugin(rig.fle, told);
    }
    const { init } = schema.statics as { init?: { source?: { reading: unknown } } };
    expect(init?.source?.reading).toEqual({ plaintext: 'read', undecryptable: 'mark' });
  });

  it('are refused where they are none of the choices', () => {
    const schema = new Schema({ a: String });
    expect(() => {
      schema.plugin(rig.fle, { plaintext: 'ignore' } as never);
    }).toThrow(
      "Schema: the option plaintext is neither 'error' nor 'read'. Give 'error' or 'read', or leave it out.",
    );
  });
});
