import type {
  IndexShape,
  ModelShape,
  SearchIndexShape,
} from '../../../src/declaration/schema-shape';
import { InvalidDeclarationError } from '../../../src/errors';
import { buildPlan } from '../../../src/plan/build-plan';
import { expectRefusal, type Refusal } from '../declaration/expect-refusal';
import { array, DETERMINISTIC, leaf, map, model, object, RANDOM, WHOLE } from './shapes';

const string = leaf('String');

const PATHS = {
  name: string,
  ssn: leaf('String', DETERMINISTIC),
  note: leaf('String', RANDOM),
  tags: array(leaf('String', DETERMINISTIC)),
  contact: object({ phone: leaf('String', DETERMINISTIC), label: string }),
  address: object({ city: string }, WHOLE),
  settings: map(leaf('String', RANDOM)),
};

function build(facts: Partial<ModelShape>): unknown {
  return buildPlan({ name: 'User', shapes: [model(PATHS, facts)] });
}

function buildIndexed(keys: IndexShape['keys'], options: IndexShape['options'] = {}): unknown {
  return build({ indexes: [{ keys, options }] });
}

function refusal(message: string): Refusal {
  return {
    type: InvalidDeclarationError,
    code: 'FLE_INVALID_DECLARATION',
    message: `User.${message}`,
  };
}

const ON_RANDOM =
  "an index is on it, and Random encrypts equal values differently. Declare it 'Deterministic', or take the path out of the index.";
const WILDCARD =
  'a wildcard index covers it. Leave it out by wildcardProjection, or index paths by name.';
const PARTIAL =
  'a partialFilterExpression compares it, and the server sees only ciphertext. Use nothing but $exists on it there.';

describe('an index', () => {
  it.each<[IndexShape['keys'], IndexShape['options']]>([
    [{ name: 1 }, { unique: true, collation: { locale: 'en' } }],
    [{ ssn: 1 }, { unique: true }],
    [{ ssn: -1, name: 1 }, { sparse: true }],
    [{ ssn: 'ascending', name: 'text' }, {}],
    [{ tags: 1 }, { unique: true }],
    [{ 'contact.phone': 1 }, { unique: true }],
    [{ contact: 1 }, {}],
    [{ 'contact.label': 'text' }, {}],
    [{ ssn: 1 }, { partialFilterExpression: { ssn: { $exists: true }, name: 'x' } }],
    [{ name: 1 }, { partialFilterExpression: { $and: [{ note: { $exists: false } }] } }],
    [{ name: 1 }, { partialFilterExpression: null }],
    [{ name: '2dsphere' }, {}],
    [{ 'name.$**': 1 }, {}],
    [{ '$**': 1 }, { wildcardProjection: { name: 1, 'contact.label': 1, _id: 0 } }],
    [
      { '$**': 1 },
      {
        wildcardProjection: {
          ssn: 0,
          note: 0,
          tags: 0,
          contact: 0,
          address: 0,
          settings: 0,
          _id: 1,
        },
      },
    ],
  ])('may be %j with %j', (keys, options) => {
    expect(() => buildIndexed(keys, options)).not.toThrow();
  });

  it.each<[IndexShape['keys'], IndexShape['options'], string]>([
    [{ note: 1 }, {}, `note: ${ON_RANDOM}`],
    [{ note: 1 }, { unique: true }, `note: ${ON_RANDOM}`],
    [{ name: 1, note: -1 }, {}, `note: ${ON_RANDOM}`],
    [{ address: 1 }, {}, `address: ${ON_RANDOM}`],
    [{ 'address.city': 1 }, {}, `address: ${ON_RANDOM}`],
    [{ 'settings.theme': 1 }, {}, `settings.$*: ${ON_RANDOM}`],
    [{ 'settings.$*': 1 }, {}, `settings.$*: ${ON_RANDOM}`],
    [{ settings: 1 }, {}, `settings.$*: ${ON_RANDOM}`],
    ...['text', '2dsphere', '2d', 'hashed'].map(
      (kind) =>
        [
          { ssn: kind },
          {},
          `ssn: a ${kind} index cannot read ciphertext. Take the path out of the index.`,
        ] as [IndexShape['keys'], IndexShape['options'], string],
    ),
    [
      { contact: { weird: 1 } },
      {},
      'contact.phone: this kind of index cannot read ciphertext. Take the path out of the index.',
    ],
    [
      { '$**': 'text' },
      {},
      'ssn: a text index cannot read ciphertext. Take the path out of the index.',
    ],
    [{ '$**': 1 }, {}, `ssn: ${WILDCARD}`],
    [{ 'contact.$**': 1 }, {}, `contact.phone: ${WILDCARD}`],
    [{ '$**': 1 }, { wildcardProjection: { name: 1, tags: 1 } }, `tags: ${WILDCARD}`],
    [{ '$**': 1 }, { wildcardProjection: { ssn: 0 } }, `note: ${WILDCARD}`],
    ...[{ expireAfterSeconds: 0 }, { expires: '1d' }].map(
      (options) =>
        [
          { ssn: 1 },
          options,
          'ssn: a TTL index finds no date in ciphertext, and its documents would never expire. Let documents expire by a clear path.',
        ] as [IndexShape['keys'], IndexShape['options'], string],
    ),
    [
      { name: 1, ssn: 1 },
      { collation: { locale: 'en' } },
      'ssn: ciphertext has no collation, and one is set on its index. Take the collation off the index.',
    ],
    [{ name: 1 }, { partialFilterExpression: { ssn: 'a' } }, `ssn: ${PARTIAL}`],
    [{ ssn: 1 }, { partialFilterExpression: { ssn: { $type: 'string' } } }, `ssn: ${PARTIAL}`],
    [
      { ssn: 1 },
      { partialFilterExpression: { ssn: { $exists: true, $gt: '' } } },
      `ssn: ${PARTIAL}`,
    ],
    [{ name: 1 }, { partialFilterExpression: { contact: {} } }, `contact.phone: ${PARTIAL}`],
    [
      { name: 1 },
      { partialFilterExpression: { $or: [{ name: 'x' }, { 'address.city': 'y' }] } },
      `address: ${PARTIAL}`,
    ],
    [{ name: 1 }, { partialFilterExpression: { $not: { note: null } } }, `note: ${PARTIAL}`],
  ])('may not be %j with %j', (keys, options, message) => {
    const error = expectRefusal(() => buildIndexed(keys, options), refusal(message));
    expect(error.model).toBe('User');
  });

  it('of a base model is checked against the fields of its discriminators', () => {
    const indexes = [{ keys: { licence: 1 }, options: {} }];
    const shapes = [
      model({ name: string }, { indexes }),
      model({ licence: leaf('String', RANDOM) }),
    ];
    expectRefusal(() => buildPlan({ name: 'User', shapes }), refusal(`licence: ${ON_RANDOM}`));
  });

  it('is left alone where nothing is encrypted', () => {
    const indexes = [{ keys: { '$**': 'text' }, options: {} }];
    const shapes = [model({ name: string }, { indexes, collation: true })];
    expect(() => buildPlan({ name: 'User', shapes })).not.toThrow();
  });
});

describe('a search index', () => {
  const covers =
    'a search index covers it, and cannot read ciphertext. Map the clear paths by name, with dynamic: false around the encrypted ones.';
  const search = (definition?: unknown): SearchIndexShape => ({ name: 's', definition });

  it.each<[unknown]>([
    [undefined],
    [{ mappings: { dynamic: false, fields: { name: { type: 'string' } } } }],
    [{ mappings: { fields: { name: [{ type: 'string' }, { type: 'autocomplete' }] } } }],
    [
      {
        mappings: {
          fields: { contact: { type: 'document', fields: { label: { type: 'string' } } } },
        },
      },
    ],
    [{ mappings: { fields: { name: { type: 'document', dynamic: true } } } }],
    [{ mappings: { fields: { contact: { type: 'document' } } } }],
    [
      {
        fields: [
          { type: 'vector', path: 'embedding' },
          { type: 'filter', path: 'name' },
        ],
      },
    ],
  ])('may be %j', (definition) => {
    expect(() => build({ searchIndexes: [search(definition)] })).not.toThrow();
  });

  it.each<[unknown, string]>([
    [{ mappings: { dynamic: true } }, 'ssn'],
    [{ mappings: { dynamic: { typeSet: 'all' } } }, 'ssn'],
    [{ mappings: { fields: { note: { type: 'string' } } } }, 'note'],
    [{ mappings: { fields: { contact: { type: 'document', dynamic: true } } } }, 'contact.phone'],
    [
      {
        mappings: {
          fields: {
            contact: { type: 'embeddedDocuments', fields: { phone: [{ type: 'token' }] } },
          },
        },
      },
      'contact.phone',
    ],
    [{ fields: [{ type: 'filter', path: 'tags' }] }, 'tags'],
  ])('may not be %j', (definition, path) => {
    expectRefusal(
      () => build({ searchIndexes: [search(definition)] }),
      refusal(`${path}: ${covers}`),
    );
  });
});

describe('a collation of the schema', () => {
  it('may not stand with a Deterministic field', () => {
    expectRefusal(
      () => build({ collation: true }),
      refusal(
        "ssn: the schema has a collation, and ciphertext cannot be compared by one. Take the collation off the schema and give it to single operations, or declare the path 'Random'.",
      ),
    );
  });

  it('may stand with Random fields', () => {
    const shapes = [model({ note: leaf('String', RANDOM) }, { collation: true })];
    expect(() => buildPlan({ name: 'User', shapes })).not.toThrow();
  });
});
