import fc from 'fast-check';
import { fieldsValue, idOf, scalarValue, storedScalar } from './arbitrary-values';
import { filterOn } from './arbitrary-filter';
import { flagsOf } from './arbitrary-reads';
import { filterFor, type Update, singleFilterOn, updateOn } from './arbitrary-update';
import type { Blueprint } from './blueprint';
import { allowed, type Drawn, joined, oneOf, weighed } from './drawn';
import { placesOf } from './places';

export const UPDATE_METHODS = ['updateOne', 'updateMany', 'findOneAndUpdate'] as const;

/** One write, with everything it is called with. */
export type Write =
  | { readonly kind: 'create'; readonly document: object }
  | {
      readonly kind: 'insertMany';
      readonly documents: readonly object[];
      readonly options: object;
    }
  | {
      readonly kind: (typeof UPDATE_METHODS)[number];
      readonly filter: object;
      readonly update: Update;
      readonly options: object;
    }
  | {
      readonly kind: 'replaceOne' | 'findOneAndReplace';
      readonly filter: object;
      readonly document: object;
      readonly options: object;
    }
  | {
      readonly kind: 'deleteOne' | 'deleteMany' | 'findOneAndDelete';
      readonly filter: object;
      readonly options: object;
    }
  | {
      readonly kind: 'bulkWrite';
      readonly operations: readonly object[];
      readonly options: object;
    };

/** A document of `blueprint` for storing. */
export const documentOf = (blueprint: Blueprint, item = scalarValue): fc.Arbitrary<object> =>
  weighed<object>(
    [3, fieldsValue(blueprint.fields, item)],
    [
      blueprint.special === undefined ? 0 : 2,
      fc
        .tuple(fieldsValue(blueprint.fields, item), fieldsValue(blueprint.special ?? {}, item))
        .map(([base, more]) => ({ kind: 'Special', ...base, ...more })),
    ],
  );

const withId = (ids: readonly number[], document: fc.Arbitrary<object>): fc.Arbitrary<object> =>
  fc.tuple(oneOf(ids), document).map(([id, values]) => ({ _id: idOf(id), ...values }));

/** A write to the models of `blueprint`. */
export function writeTo(blueprint: Blueprint): fc.Arbitrary<Drawn<Write>> {
  return weighed<Drawn<Write>>(
    [2, createOf(blueprint)],
    [2, insertManyOf(blueprint)],
    [8, updateWrite(blueprint)],
    [2, upsert(blueprint)],
    [2, replacement(blueprint)],
    [1, deletion(blueprint)],
    [2, bulkWrite(blueprint)],
  );
}

const createOf = (blueprint: Blueprint): fc.Arbitrary<Drawn<Write>> =>
  withId([3, 4, 5], documentOf(blueprint)).map((document) =>
    allowed<Write>({ kind: 'create', document }),
  );

const insertManyOf = (blueprint: Blueprint): fc.Arbitrary<Drawn<Write>> => {
  const several = (item: typeof scalarValue): fc.Arbitrary<object[]> =>
    fc.array(withId([3, 4, 5, 6], documentOf(blueprint, item)), { minLength: 1, maxLength: 3 });
  const cast = fc.tuple(
    several(scalarValue),
    oneOf([
      {},
      { ordered: false },
      { rawResult: true },
      { ordered: false, rawResult: true },
      { ordered: false, throwOnValidationError: true },
    ]),
  );
  const lean = fc.tuple(several(storedScalar), oneOf([{ lean: true }]));
  return weighed<[object[], object]>([4, cast], [1, lean]).map(([documents, options]) =>
    allowed<Write>({ kind: 'insertMany', documents, options }),
  );
};

/** One of `kinds`, with a filter: those that write many take any. */
function targetedBy<K extends string>(
  kinds: readonly K[],
  blueprint: Blueprint,
): fc.Arbitrary<{ readonly kind: K; readonly filter: Drawn<object> }> {
  return oneOf(kinds).chain((kind) => {
    const any = kind.endsWith('Many');
    const filter = any ? filterOn(placesOf(blueprint)) : singleFilterOn(blueprint);
    return fc.record({ kind: fc.constant(kind), filter });
  });
}

const UPDATE_OPTIONS: readonly object[] = [{}, {}, { runValidators: true }, { timestamps: false }];

const FOUND_OPTIONS: readonly object[] = [
  {},
  { returnDocument: 'after' },
  { lean: true },
  { returnDocument: 'after', lean: true },
  { includeResultMetadata: true },
  { sort: { _id: -1 } },
];

/** Options of `findOneAndUpdate` and its like. */
const foundOptionsOf = (blueprint: Blueprint): fc.Arbitrary<Drawn<object>> =>
  fc
    .tuple(
      oneOf(FOUND_OPTIONS),
      weighed<Drawn<object>>(
        [2, fc.constant(allowed({}))],
        [
          1,
          flagsOf(placesOf(blueprint)).map(({ value: projection, refusals }) => ({
            value: { projection },
            refusals,
          })),
        ],
      ),
    )
    .map(([options, { value, refusals }]) => ({ value: { ...options, ...value }, refusals }));

/** Options of a write that finds one document, or of any other. */
const optionsOf = (kind: string, blueprint: Blueprint): fc.Arbitrary<Drawn<object>> =>
  kind.startsWith('findOne') ? foundOptionsOf(blueprint) : fc.constant(allowed({}));

const updateWrite = (blueprint: Blueprint): fc.Arbitrary<Drawn<Write>> =>
  targetedBy(UPDATE_METHODS, blueprint).chain(({ kind, filter: any }) =>
    fc
      .tuple(updateOn(blueprint), oneOf(UPDATE_OPTIONS), optionsOf(kind, blueprint))
      .map(([update, more, options]) => {
        const filter = filterFor(any, update);
        return {
          value: {
            kind,
            filter: filter.value,
            update: update.value,
            options: { ...more, ...options.value },
          },
          refusals: joined<unknown>([filter, update, options]).refusals,
        };
      }),
  );

const upsert = (blueprint: Blueprint): fc.Arbitrary<Drawn<Write>> =>
  fc
    .tuple(
      oneOf(UPDATE_METHODS),
      singleFilterOn(blueprint),
      updateOn(blueprint),
      oneOf([{}, { setDefaultsOnInsert: false }, { runValidators: true }]),
    )
    .map(([kind, any, update, options]) => {
      const filter = filterFor(any, update);
      return {
        value: {
          kind,
          filter: filter.value,
          update: update.value,
          options: { upsert: true, ...options },
        },
        refusals: joined<unknown>([filter, update]).refusals,
      };
    });

const replacement = (blueprint: Blueprint): fc.Arbitrary<Drawn<Write>> =>
  oneOf(['replaceOne', 'findOneAndReplace'] as const).chain((kind) =>
    fc
      .tuple(
        singleFilterOn(blueprint),
        documentOf(blueprint),
        oneOf<object>([{}, {}, { upsert: true }]),
        optionsOf(kind, blueprint),
      )
      .map(([filter, document, more, options]) => ({
        value: {
          kind,
          filter: filter.value,
          document,
          options: { ...more, ...options.value },
        },
        refusals: joined<unknown>([filter, options]).refusals,
      })),
  );

const deletion = (blueprint: Blueprint): fc.Arbitrary<Drawn<Write>> =>
  targetedBy(['deleteOne', 'deleteMany', 'findOneAndDelete'] as const, blueprint).chain(
    ({ kind, filter }) =>
      optionsOf(kind, blueprint).map((options) => ({
        value: { kind, filter: filter.value, options: options.value },
        refusals: joined<unknown>([filter, options]).refusals,
      })),
  );

const bulkWrite = (blueprint: Blueprint): fc.Arbitrary<Drawn<Write>> => {
  const update = fc
    .tuple(targetedBy(['updateOne', 'updateMany'], blueprint), updateOn(blueprint))
    .map(([{ kind, filter: any }, change]): Drawn<object> => {
      const filter = filterFor(any, change);
      return {
        value: { [kind]: { ...change.value, filter: filter.value } },
        refusals: joined<unknown>([filter, change]).refusals,
      };
    });
  const insert = withId([3, 4, 5], documentOf(blueprint)).map((document) =>
    allowed<object>({ insertOne: { document } }),
  );
  const replace = fc
    .tuple(oneOf([1, 2]), documentOf(blueprint), fc.boolean())
    .map(([id, document, isUpsert]) =>
      allowed<object>({
        replaceOne: { filter: { _id: idOf(id) }, replacement: document, upsert: isUpsert },
      }),
    );
  const remove = singleFilterOn(blueprint).map(({ value: filter, refusals }): Drawn<object> => ({
    value: { deleteOne: { filter } },
    refusals,
  }));
  return fc
    .tuple(
      fc.array(weighed([3, update], [1, insert], [1, replace], [1, remove]), {
        minLength: 1,
        maxLength: 3,
      }),
      oneOf<object>([{}, { ordered: false }, { ordered: false, throwOnValidationError: true }]),
    )
    .map(([operations, options]) => {
      const { value, refusals } = joined(operations);
      // Unordered, Mongoose leaves out what it cannot cast, and with it what would be refused.
      const given = refusals.length === 0 ? options : {};
      return { value: { kind: 'bulkWrite', operations: value, options: given }, refusals };
    });
};
