import fc from 'fast-check';
import { idOf } from './seed-patients';

/** One step of a random story; what it is given must be copied before Mongoose casts it in place. */
export type Step =
  | { readonly kind: 'insert'; readonly document: object }
  | { readonly kind: 'replace'; readonly id: number; readonly document: object }
  | {
      readonly kind: 'update';
      readonly how: UpdateMethod;
      readonly id: number;
      readonly update: object;
    }
  | {
      readonly kind: 'save';
      readonly id: number;
      readonly changes: readonly (readonly [string, unknown])[];
    }
  | { readonly kind: 'find'; readonly filter: object; readonly select: object }
  | { readonly kind: 'ask'; readonly filter: object; readonly distinct: string }
  | { readonly kind: 'delete'; readonly filter: object };

/** How an update is made. */
export type UpdateMethod = 'updateOne' | 'updateMany' | 'findOneAndUpdate' | 'bulkWrite';

const text = fc.constantFrom('a', 'b', 'c', '', 'é');
const maybeText = fc.oneof({ weight: 5, arbitrary: text }, fc.constant(null));
const integer = fc.integer({ min: -1, max: 3 });
const date = fc.integer({ min: 0, max: 3 }).map((time) => new Date(time));
const texts = fc.array(text, { maxLength: 3 });
const id = fc.integer({ min: 1, max: 4 });
const anything = fc.oneof(
  text,
  integer,
  fc.constant(null),
  fc.constant({}),
  fc.constant([]),
  fc.record({ deep: texts, date }),
);
const optional = { requiredKeys: [] };
const contact = fc.record(
  { _id: id.map((n) => idOf(100 + n)), name: text, phone: maybeText, remark: text },
  { requiredKeys: ['_id'] },
);
const address = fc.record({ street: text, city: text }, optional);
const labels = fc.dictionary(fc.constantFrom('x', 'y'), text);
const insurance = fc.record({ company: text, number: maybeText }, optional);

/** A value for each path, in the shapes that the schema declares. */
const VALUES: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  name: text,
  ssn: maybeText,
  visits: integer,
  birthDate: date,
  allergies: texts,
  notes: texts,
  address,
  details: anything,
  contacts: fc.uniqueArray(contact, { maxLength: 3, selector: ({ _id }) => _id.toHexString() }),
  doctor: contact,
  insurance,
  labels,
};

const PATHS: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  ...VALUES,
  'insurance.number': maybeText,
  'labels.x': text,
  'contacts.$[].phone': text,
  'contacts.$[].remark': text,
  'allergies.0': text,
  'notes.$[]': text,
  'address.city': text,
};

const document = fc.record(VALUES, optional).map((values) => values as object);

const pathValue = (
  paths: Readonly<Record<string, fc.Arbitrary<unknown>>>,
): fc.Arbitrary<[string, unknown]> =>
  fc
    .constantFrom(...Object.keys(paths))
    .chain((path) => fc.tuple(fc.constant(path), paths[path] ?? text));

const ARRAY_PATHS = { allergies: text, notes: text, contacts: contact };

const operation = fc.oneof(
  { weight: 4, arbitrary: pathValue(PATHS).map(([path, value]) => ({ $set: { [path]: value } })) },
  fc.constantFrom(...Object.keys(PATHS)).map((path) => ({ $unset: { [path]: 1 } })),
  pathValue(ARRAY_PATHS).map(([path, value]) => ({ $push: { [path]: value } })),
  pathValue({ allergies: texts, notes: texts }).map(([path, $each]) => ({
    $push: { [path]: { $each, $position: 0, $slice: 3 } },
  })),
  pathValue(ARRAY_PATHS).map(([path, value]) => ({ $addToSet: { [path]: value } })),
  fc.oneof(
    text.map((value) => ({ $pull: { allergies: value } })),
    text.map((phone) => ({ $pull: { contacts: { phone } } })),
    texts.map((values) => ({ $pullAll: { allergies: values } })),
  ),
  fc.constantFrom('allergies', 'notes', 'contacts').map((path) => ({ $pop: { [path]: 1 } })),
  fc.constant({ $inc: { visits: 1 } }),
);

const condition = fc.oneof(
  pathValue({ ssn: maybeText, visits: integer, name: text, 'insurance.number': maybeText }).chain(
    ([path, value]) =>
      fc
        .constantFrom('$eq', '$ne', '$in', '$nin')
        .map((operator) => ({
          [path]: { [operator]: operator.endsWith('n') ? [value, 'b'] : value },
        }))
        .filter((made) => path !== 'visits' || !JSON.stringify(made).includes('"b"')),
  ),
  pathValue({
    ssn: maybeText,
    allergies: fc.oneof(text, texts),
    'contacts.phone': maybeText,
    'labels.x': text,
    'doctor.phone': maybeText,
  }).map(([path, value]) => ({ [path]: value })),
  fc.tuple(fc.constantFrom(...Object.keys(VALUES)), fc.boolean()).map(([path, $exists]) => ({
    [path]: { $exists },
  })),
  fc.record({ allergies: fc.record({ $all: texts }) }),
  fc.integer({ min: 0, max: 2 }).map(($size) => ({ notes: { $size } })),
  fc.record({ phone: maybeText, name: text }, { requiredKeys: ['phone'] }).map(($elemMatch) => ({
    contacts: { $elemMatch },
  })),
  fc.constantFrom('ssn', 'birthDate', 'contacts.remark').map((path) => ({ [path]: null })),
  text.map((value) => ({ ssn: { $not: { $eq: value } } })),
  text.map((value) => ({ ssn: { $gt: value } })),
);

const filter = fc.oneof(
  fc.constant({}),
  condition,
  fc
    .tuple(
      fc.constantFrom('$and', '$or', '$nor'),
      fc.array(condition, { minLength: 1, maxLength: 3 }),
    )
    .map(([operator, conditions]) => ({ [operator]: conditions })),
);

const select = fc.oneof(
  fc.constant({}),
  fc
    .tuple(
      fc.uniqueArray(fc.constantFrom(...Object.keys(VALUES), 'x.y'), { maxLength: 3 }),
      fc.constantFrom(0, 1),
    )
    .map(([paths, flag]) => Object.fromEntries(paths.map((path) => [path, flag]))),
);

/** A random step, of which most can be answered. */
export const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('insert' as const), document }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('replace' as const), id, document }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('update' as const),
      how: fc.constantFrom<UpdateMethod[]>(
        'updateOne',
        'updateMany',
        'findOneAndUpdate',
        'bulkWrite',
      ),
      id,
      update: operation,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('save' as const),
      id,
      changes: fc.array(pathValue(VALUES), { minLength: 1, maxLength: 3 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('find' as const), filter, select }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('ask' as const),
      filter,
      distinct: fc.constantFrom('ssn', 'allergies', 'contacts.phone', 'visits'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), filter }) },
);
