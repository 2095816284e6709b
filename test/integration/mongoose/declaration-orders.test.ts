import mongoose, { type Connection, type Model, Schema, Types } from 'mongoose';
import { Encrypted, isFleError } from '../../../src/index';
import { openRig, type Rig } from '../../support/rig';
import { expectLeaks } from '../../support/machines/wire-machine';
import { visibleText } from '../../support/wire-monitor';
import { secret, SENTINEL } from './compare-twins';
import { COPYINGS, PATHS, PLACINGS, type Copying, type Placing } from './declaration-orders';

let rig: Rig;
/** Of the Mongoose whose schemas are used; the rig has another, which clones them all. */
let connection: Connection;
let count = 0;

beforeAll(async () => {
  rig = await openRig('orders');
  connection = await mongoose.createConnection(rig.uri).asPromise();
  for (const each of [mongoose, rig.mongoose]) each.set('autoCreate', false);
});

afterAll(async () => {
  await rig.fle.close(connection);
  await connection.close();
  await rig.close();
});

class Pinned {
  @Encrypted('Deterministic', 'pins')
  pin?: string;
}

const PIN = { type: String, encrypted: { algorithm: 'Deterministic', keyAltName: 'pins' } };

/** How a schema comes to declare its field. */
const DECLARING: Readonly<Record<string, (schema: Schema) => unknown>> = {
  'a class': (schema) => schema.plugin(rig.fle, { class: Pinned }),
  'a path option': (schema) => schema.path('pin', PIN),
};

/** The steps on the way to a stored document, before each of which the field may be declared, or the model's schema plugged. */
const STEPS = ['copied', 'placed', 'compiled', 'written', 'written again'] as const;
type Step = (typeof STEPS)[number];

interface Order {
  readonly declared: Step;
  readonly plugged: Step | 'never';
}

const ORDERS: readonly Order[] = STEPS.flatMap((declared) =>
  (['compiled', 'written', 'never'] as const).map((plugged) => ({ declared, plugged })),
);

interface Story {
  readonly copying: Copying;
  readonly placing: Placing;
  readonly declare: (schema: Schema) => unknown;
  readonly at: Connection;
}

/** Goes all the way in one order, and tells how the last document was stored, or at which step it was refused. */
async function outcomeOf({ copying, placing, declare, at }: Story, order: Order): Promise<string> {
  const name = `Order${String((count += 1))}`;
  const source = new Schema(PATHS);
  let copied = source;
  let placed: ReturnType<Placing[1]> | undefined;
  let model: Model<unknown> | undefined;
  let stored = 'nothing';
  const write = async (): Promise<void> => {
    const _id = new Types.ObjectId();
    await model?.create({ _id, ...placed?.around(secret('pin')) } as never);
    const raw = visibleText(await rig.rawOne('orders', { _id }));
    stored = raw.includes(SENTINEL) ? 'PLAINTEXT' : 'encrypted';
  };
  const run: Readonly<Record<Step, () => unknown>> = {
    copied: () => (copied = copying[1](source)),
    placed: () => (placed = placing[1](copied)),
    compiled: () => {
      model = placed?.compile?.(at, name) ?? at.model(name, placed?.schema as never);
    },
    written: write,
    'written again': write,
  };
  let doing = '';
  try {
    for (const step of STEPS) {
      doing = `declared before it is ${step}`;
      if (order.declared === step) declare(source);
      doing = `plugged before it is ${step}`;
      if (order.plugged === step) placed?.schema.plugin(rig.fle);
      doing = step;
      await run[step]();
    }
    return stored;
  } catch (error) {
    return `refused when ${doing}: ${codeOf(error) ?? String(error)}`;
  } finally {
    for (const each of Object.keys(at.models)) at.deleteModel(each);
  }
}

/** The code of a refusal, also of one that stands in a ValidationError. */
function codeOf(error: unknown): string | undefined {
  const { errors = {} } = error as { errors?: Record<string, unknown> };
  return [error, ...Object.values(errors)].find(isFleError)?.code;
}

async function expectNeverPlain(story: Story, orders: readonly Order[]): Promise<void> {
  const outcomes: Record<string, string> = {};
  for (const order of orders) {
    const key = `declared before ${order.declared}, plugged before ${order.plugged}`;
    outcomes[key] = await outcomeOf(story, order);
  }
  const wrong = Object.entries(outcomes).filter(
    ([, outcome]) => !/^(encrypted|refused when [a-z ]+: FLE_[A-Z_]+)$/.test(outcome),
  );
  expect(Object.fromEntries(wrong)).toEqual({});
  expect(outcomes['declared before copied, plugged before compiled']).toBe('encrypted');
}

const isCompiled = ({ declared }: Order): boolean => STEPS.indexOf(declared) > 2;

describe.each(Object.entries(DECLARING))('a field declared by %s', (by, declare) => {
  const orders = ORDERS.filter(
    // a path option of a compiled model that nobody plugs is nothing this package hears of
    (order) => by === 'a class' || order.plugged !== 'never' || !isCompiled(order),
  );
  const cases = COPYINGS.flatMap((copying) =>
    PLACINGS.map((placing) => [copying[0], placing[0], { copying, placing, declare }] as const),
  );

  it.each(cases)('is encrypted or refused, whenever: %s, %s', async (_copy, _place, story) => {
    expectLeaks('a document is also written before the field is declared');
    await expectNeverPlain({ ...story, at: connection }, orders);
  });

  it.each(cases.filter(([copy]) => copy === 'the schema itself'))(
    'is encrypted or refused by a model of another Mongoose: %s, %s',
    async (_copy, _place, story) => {
      const beforeCompiled = orders.filter((order) => !isCompiled(order));
      await expectNeverPlain({ ...story, at: rig.connection }, beforeCompiled);
    },
  );
});
