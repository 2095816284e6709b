import { type Connection, type Model, Schema } from 'mongoose';
import { openRig, type Rig, storedAs } from '../../support/rig';
import { expectSame, expectSameStored, secret, SENTINEL, type Twins } from './compare-twins';
import { idOf } from './seed-patients';

interface Habit {
  name?: string;
  mail?: string;
  note?: string;
  audit?: string[];
}

type Plugin = (schema: Schema) => void;

/** A document, as far as a validator asks it. */
interface Counted {
  readonly _id: unknown;
  readonly constructor: { countDocuments(filter: object): Promise<number> };
}

/** What of a document is looked at. */
interface Shown {
  readonly isNew: boolean;
  readonly $locals: object;
  toJSON(): object;
  toObject(): object;
  get(path: string): unknown;
  isModified(): boolean;
  directModifiedPaths(): string[];
  save(): Promise<unknown>;
}

let rig: Rig;

beforeAll(async () => {
  rig = await openRig('habits');
});

afterEach(() => {
  for (const connection of [rig.connection, rig.twinConnection]) {
    for (const name of Object.keys(connection.models)) connection.deleteModel(name);
  }
  expect(rig.wire.text()).not.toContain(SENTINEL);
});

afterAll(async () => {
  await rig.close();
});

/** A plugin of the kind that asks the database whether another document has the value. */
const uniqueMail: Plugin = (schema) => {
  schema.path('mail').validate(async function (this: unknown, value: unknown) {
    const document = this as Counted;
    const others = { mail: value, _id: { $ne: document._id } };
    return (await document.constructor.countDocuments(others)) === 0;
  }, 'taken: {VALUE}');
};

/** A plugin of the kind that keeps a record of what has changed, and mends values. */
const auditing: Plugin = (schema) => {
  schema.pre('save', function () {
    const changed = this.modifiedPaths().filter((path) => path !== 'audit');
    this.set('audit', [...((this.get('audit') as string[] | undefined) ?? []), changed.join()]);
    this.set('note', `${String(this.get('note'))}!`);
  });
};

/** A plugin that shows values in every way a schema can. */
const showing: Plugin = (schema) => {
  schema.path('name').get((value: unknown) => `<${String(value)}>`);
  schema.path('mail').get((value: unknown) => `<${String(value)}>`);
  schema.path('mail').set((value: unknown) => String(value).toLowerCase());
  schema
    .virtual('domain')
    .get(function (this: Pick<Shown, 'get'>) {
      return String(this.get('mail')).split('@')[1];
    })
    .set(function (this: { set(path: string, value: unknown): unknown }, domain: unknown) {
      this.set('mail', `${SENTINEL}@${String(domain)}`);
    });
  const transform = (_document: unknown, shown: Record<string, unknown>): object => ({
    ...shown,
    length: String(shown['note']).length,
  });
  schema.set('toJSON', { getters: true, virtuals: true, transform });
  schema.set('toObject', { virtuals: true, transform });
  schema.post('save', function () {
    Object.assign(this.$locals, { saved: String(this.get('note')) });
  });
};

const PLUGINS: Readonly<Record<string, Plugin>> = { uniqueMail, auditing, showing };

/** Twins of a schema with `before` put on before ours, and `after` after it. */
function habitTwins(before: readonly Plugin[], after: readonly Plugin[]): Twins<Habit> {
  const on = (connection: Connection, plugged: boolean): Model<Habit> => {
    const field = (algorithm: string): object =>
      plugged ? { type: String, encrypted: { algorithm, keyAltName: 'habits' } } : { type: String };
    const schema: Schema = new Schema(
      {
        name: String,
        mail: field('Deterministic'),
        note: field('Random'),
        audit: [field('Random')],
      },
      { timestamps: { currentTime: () => new Date(0) } },
    );
    for (const plugin of before) plugin(schema);
    if (plugged) schema.plugin(rig.fle);
    for (const plugin of after) plugin(schema);
    return connection.model('Habit', schema) as unknown as Model<Habit>;
  };
  return { encrypted: on(rig.connection, true), plain: on(rig.twinConnection, false) };
}

const shown = (document: Shown): unknown => [
  document.toJSON(),
  document.toObject(),
  document.get('domain'),
  document.get('mail'),
  { ...document.$locals },
  document.isModified(),
  document.directModifiedPaths(),
];

const all = Object.values(PLUGINS);

describe.each<readonly [string, readonly Plugin[], readonly Plugin[]]>([
  ['before ours', all, []],
  ['after ours', [], all],
  ['some before, some after', [uniqueMail], [auditing, showing]],
])('plugins %s', (_, before, after) => {
  it('see and change plaintext as on the twin', async () => {
    const twins = habitTwins(before, after);
    const outcome = await expectSame(twins, async (model) => {
      await model.deleteMany({});
      const mail = `${SENTINEL}@A.org`;
      const first = await model.create({ _id: idOf(1), name: 'Ada', mail, note: secret('n') });
      const seen = [shown(first)];
      const taken = new model({ _id: idOf(2), mail, note: secret('t') });
      const failed: unknown = await taken.save().catch((error: unknown) => error);
      seen.push([(failed as Error).message, taken.isNew, taken.modifiedPaths(), shown(taken)]);
      taken.set('domain', 'B.org');
      await taken.save();
      const again = await model.findOne({ mail: `${SENTINEL}@b.org` }).orFail();
      again.set({ note: secret('again') });
      await again.save();
      return [...seen, shown(taken), shown(again)];
    });
    expect(JSON.stringify(outcome)).toContain(secret('again!'));
    await expectSameStored(rig, twins);
  });
});

describe('a document whose save a hook fails', () => {
  it.each<readonly [string, (schema: Schema) => void]>([
    [
      'before',
      (schema) => {
        schema.pre('save', function () {
          if (this.get('name') === 'fail') throw new Error('hook');
        });
      },
    ],
    [
      'after',
      (schema) => {
        schema.post('save', function () {
          if (this.get('name') === 'fail') throw new Error('hook');
        });
      },
    ],
  ])('%s it is stored is as its twin', async (_, failing) => {
    const twins = habitTwins([], [failing]);
    const outcome = await expectSame(twins, async (model) => {
      await model.deleteMany({});
      const fresh = new model({ _id: idOf(1), name: 'fail', mail: secret('m'), note: secret('n') });
      const seen: unknown[] = [];
      const attempt = async (document: Shown): Promise<void> => {
        const failed: unknown = await document.save().catch((error: unknown) => error);
        seen.push([failed instanceof Error && failed.message, document.isNew, shown(document)]);
      };
      await attempt(fresh);
      await attempt(fresh.set('name', 'well'));
      await attempt(fresh.set({ name: 'fail', mail: secret('other') }));
      await attempt(fresh.set('name', 'well'));
      return seen;
    });
    expect(outcome).not.toHaveProperty('error');
    await expectSameStored(rig, twins);
    expect(storedAs((await rig.rawOne('habits'))['mail'])).toBe('Deterministic');
  });
});

describe('a transaction that is run again', () => {
  it('leaves documents as its twin does', async () => {
    const twins = habitTwins([], [auditing]);
    const outcome = await expectSame(twins, async (model) => {
      await model.deleteMany({});
      const old = await model.create({ _id: idOf(1), name: 'old', mail: secret('old') });
      const fresh = new model({ _id: idOf(2), name: 'new', mail: secret('new') });
      const seen: unknown[] = [];
      await model.db.transaction(async (session) => {
        seen.push([shown(old), shown(fresh), fresh.isNew]);
        old.set('mail', secret('changed'));
        await old.save({ session });
        await fresh.save({ session });
        if (seen.length > 1) return;
        throw Object.assign(new model.base.mongo.MongoServerError({ message: 'again' }), {
          hasErrorLabel: (label: string) => label === 'TransientTransactionError',
        });
      });
      return [...seen, shown(old), shown(fresh), fresh.isNew];
    });
    expect(outcome).not.toHaveProperty('error');
    await expectSameStored(rig, twins);
  });
});
