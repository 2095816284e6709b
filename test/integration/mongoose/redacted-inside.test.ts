import { type Model, Schema } from 'mongoose';
import { openRig, type Rig } from '../../support/rig';
import { shownBy } from '../../support/shown-by';
import { secret, SENTINEL } from './compare-twins';

/** What of a subdocument is called. */
interface Inside {
  name?: unknown;
  pin?: unknown;
  readonly errors?: unknown;
  validate(): Promise<void>;
  validateSync(): Error | undefined;
  set(path: string, value: unknown, options?: object): unknown;
  get(path: string): Inside;
}

type List = unknown[] & {
  addToSet(...values: unknown[]): unknown;
  create(value: object): Inside;
  nonAtomicPush(...values: unknown[]): unknown;
  pull(...values: unknown[]): unknown;
  set(place: number, value: unknown): unknown;
};

interface Person {
  tags: List;
  marks: List;
  matrix: List[];
  kids: List & Inside[];
  home: Inside;
  rooms: Map<string, Inside>;
  save(): Promise<unknown>;
}

let redacting: Rig;
let telling: Rig;

beforeAll(async () => {
  redacting = await openRig('redactedinside', { handle: { redactErrors: true } });
  telling = await openRig('unredactedinside');
});

afterAll(async () => {
  for (const rig of [redacting, telling]) {
    expect(rig.wire.text()).not.toContain(SENTINEL);
    await rig.close();
  }
});

function peopleOf({ connection, fle }: Rig): Model<Person> {
  const field = (type: unknown): object => ({
    type,
    encrypted: { algorithm: 'Random', keyAltName: 'people' },
  });
  const deep = new Schema({ pin: { ...field(Number), max: 9 }, name: Number });
  const kid = new Schema({ pin: { ...field(Number), max: 9 }, name: Number, deep });
  kid.discriminator('Big', new Schema({ size: field(Number) }));
  const schema = new Schema({
    tags: [field(Number)],
    marks: [Number],
    matrix: [[field(Number)]],
    kids: [kid],
    home: kid,
    rooms: { type: Map, of: deep },
  }).plugin(fle);
  return connection.model('Person', schema) as unknown as Model<Person>;
}

const made = (model: Model<Person>): Person =>
  new model({
    tags: [1],
    marks: [1],
    matrix: [[1]],
    kids: [{ pin: 1, deep: { pin: 1 } }, { kind: 'Big' }],
    home: { pin: 1, deep: { pin: 1 } },
    rooms: { hall: { pin: 1 } },
  });

const SECRET = secret('number');
const PIN = { pin: SECRET };

/** What fails inside a document, and would show the value that is to blame. */
const ATTEMPTS: readonly (readonly [string, (person: Person) => unknown])[] = [
  ['tags.push', ({ tags }) => tags.push(SECRET)],
  ['tags.unshift', ({ tags }) => tags.unshift(SECRET)],
  ['tags.splice', ({ tags }) => tags.splice(0, 1, SECRET)],
  ['tags.set', ({ tags }) => tags.set(0, SECRET)],
  ['tags.addToSet', ({ tags }) => tags.addToSet(SECRET)],
  ['tags.nonAtomicPush', ({ tags }) => tags.nonAtomicPush(SECRET)],
  ['tags.pull', ({ tags }) => tags.pull(SECRET)],
  ['tags[0]', ({ tags }) => (tags[0] = SECRET)],
  ['matrix[0].push', ({ matrix }) => matrix[0]?.push(SECRET)],
  ['matrix.push', ({ matrix }) => matrix.push([SECRET] as List)],
  ['kids.push', ({ kids }) => kids.push(PIN)],
  ['kids.push, discriminated', ({ kids }) => kids.push({ __t: 'Big', size: SECRET })],
  ['kids.create', ({ kids }) => kids.create(PIN).validate()],
  ...(
    [
      ['home', ({ home }) => home],
      ['home.deep', ({ home }) => home.get('deep')],
      ['kids[0]', ({ kids }) => kids[0]],
      ['kids[0].deep', ({ kids }) => kids[0]?.get('deep')],
      ['rooms.hall', ({ rooms }) => rooms.get('hall')],
    ] as readonly [string, (person: Person) => Inside][]
  ).flatMap(([name, inside]): [string, (person: Person) => unknown][] => [
    [`${name}, a cast`, (person) => changed(inside(person), SECRET).validate()],
    [
      `${name}, at once`,
      (person) => {
        throw changed(inside(person), SECRET).validateSync() ?? new Error('It was valid');
      },
    ],
    [
      `${name}, its errors`,
      (person) => {
        throw Object.assign(new Error('held'), { held: changed(inside(person), SECRET).errors });
      },
    ],
  ]),
];

function changed(inside: Inside, pin: unknown): Inside {
  inside.pin = pin;
  return inside;
}

/** What an attempt shows, and what saving the document shows afterwards. */
async function shownInside(
  model: Model<Person>,
  attempt: (person: Person) => unknown,
): Promise<readonly (string | undefined)[]> {
  const person = made(model);
  return [await shownBy(() => attempt(person)), await shownBy(() => person.save())];
}

describe('with redactErrors no value of an encrypted path is shown by', () => {
  it.each(ATTEMPTS)('%s', async (_, attempt) => {
    const shown = await shownInside(peopleOnce(redacting), attempt);
    expect(shown.join()).not.toBe(',');
    expect(shown.join()).not.toContain(SENTINEL);
  });

  it('what shows them without it', async () => {
    const model = peopleOnce(telling);
    const shown = await Promise.all(ATTEMPTS.map(([, attempt]) => shownInside(model, attempt)));
    const quiet = ATTEMPTS.filter((_each, place) => !shown[place]?.join().includes(SENTINEL));
    expect(quiet.map(([name]) => name)).toEqual([]);
  });
});

describe('an error inside a document that is redacted', () => {
  it('says what is wrong, and where', async () => {
    const { home, tags } = made(peopleOnce(redacting));
    const shown = await shownBy(() => changed(home, 10).validate());
    expect(shown).toContain('pin: Validator "max" failed for an encrypted value at path "pin"');
    expect(await shownBy(() => tags.push(SECRET))).toContain(
      'Cast "Number" failed for an encrypted value at path "tags',
    );
  });

  it('tells what belongs to clear paths', async () => {
    const { home, kids, marks } = made(peopleOnce(redacting));
    home.set('name', 'not a number');
    kids[0]?.set('name', 'not a number');
    for (const attempt of [
      () => home.validate(),
      () => kids[0]?.validate(),
      () => marks.push('not a number'),
    ]) {
      expect(await shownBy(attempt)).toContain('not a number');
    }
  });
});

function peopleOnce(rig: Rig): Model<Person> {
  const { Person: known } = rig.connection.models as Record<string, unknown>;
  return (known as Model<Person> | undefined) ?? peopleOf(rig);
}
