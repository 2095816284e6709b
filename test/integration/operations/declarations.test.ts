import { Schema, type SchemaOptions } from 'mongoose';
import { operationsItems } from '../../repository/operations-page';
import { openRig, type Rig } from '../../support/rig';

type Paths = Record<string, unknown>;

/** A schema that is refused when its model is made. */
interface Refused {
  readonly paths: Paths;
  readonly options?: SchemaOptions;
  readonly index?: readonly [fields: Record<string, unknown>, options?: object];
  readonly discriminators?: Readonly<Record<string, Paths>>;
}

const on = (algorithm: string, type: unknown = String): object => ({
  type,
  encrypted: { algorithm, keyAltName: 'patients' },
});
const SSN = on('Deterministic');
const NOTE = on('Random');

const index = (direction: unknown, options: object = {}): Refused => ({
  paths: { ssn: SSN, name: String },
  index: [{ ssn: direction }, options],
});

/** Schemas for each item of the list, by the words it begins with. An item without one fails. */
const EXAMPLES: Readonly<Record<string, readonly Refused[]>> = {
  '`_id`, the discriminator key': [
    { paths: { _id: SSN } },
    { paths: { kind: SSN }, options: { discriminatorKey: 'kind' }, discriminators: { A: {} } },
    { paths: { revision: on('Random', Number) }, options: { versionKey: 'revision' } },
    { paths: { createdAt: on('Random', Date) }, options: { timestamps: true } },
    { paths: { at: on('Random', Date) }, options: { timeseries: { timeField: 'at' } } },
    { paths: { note: NOTE }, options: { shardKey: { note: 1 } } },
  ],
  'any index on a `Random` field': [
    { paths: { note: NOTE }, index: [{ note: 1 }] },
    { paths: { note: { ...NOTE, unique: true } } },
    index('text'),
    index('2dsphere'),
    index('hashed'),
    { paths: { ssn: SSN }, index: [{ '$**': 1 }] },
    { paths: { at: on('Deterministic', Date) }, index: [{ at: 1 }, { expireAfterSeconds: 1 }] },
    index(1, { collation: { locale: 'en', strength: 2 } }),
    {
      paths: { ssn: SSN, name: String },
      index: [{ name: 1 }, { partialFilterExpression: { ssn: 'x' } }],
    },
  ],
  'Deterministic fields in a schema with a `collation`': [
    { paths: { ssn: SSN }, options: { collation: { locale: 'en', strength: 2 } } },
  ],
  'encrypted fields inside a value': [
    {
      paths: {
        address: {
          type: new Schema({ city: SSN }),
          encrypted: { algorithm: 'Random', keyAltName: 'patients', whole: true },
        },
      },
    },
  ],
  'a path that its discriminators': [
    { paths: { name: String }, discriminators: { A: { pin: SSN }, B: { pin: NOTE } } },
    { paths: { name: String }, discriminators: { A: { pin: SSN }, B: { pin: String } } },
  ],
  "Mongoose's own option `encrypt`": [
    { paths: { ssn: { ...SSN, encrypt: { keyId: 'x' } } }, options: { encryptionType: 'csfle' } },
  ],
};

const ITEMS = operationsItems('Refused when the model is made');

let rig: Rig;

beforeAll(async () => {
  rig = await openRig('operation_declarations');
});

afterAll(async () => {
  await rig.close();
});

/** What the model of a schema is refused with, as it is made or becomes the base of discriminators. */
function refusalOf({ paths, options = {}, index: made, discriminators = {} }: Refused): unknown {
  try {
    const schema = new Schema(paths, options);
    if (made !== undefined) schema.index(made[0] as never, made[1]);
    const model = rig.connection.model('Refused', schema.plugin(rig.fle));
    for (const [name, own] of Object.entries(discriminators)) {
      model.discriminator(name, new Schema(own as never));
    }
    return 'made';
  } catch (error) {
    return (error as { code?: unknown }).code ?? error;
  } finally {
    for (const name of rig.connection.modelNames()) rig.connection.deleteModel(name);
  }
}

describe('what is refused when the model is made', () => {
  it('has examples for every item, and no others', () => {
    const begins = Object.keys(EXAMPLES);
    expect(ITEMS.map((item) => begins.filter((words) => item.startsWith(words)))).toEqual(
      begins.map((words) => [words]),
    );
  });

  it.each(
    Object.entries(EXAMPLES).flatMap(([words, each]) =>
      each.map((refused) => [words, refused] as const),
    ),
  )('%s: %j', (_, refused) => {
    expect(refusalOf(refused)).toBe('FLE_INVALID_DECLARATION');
  });
});
