import fc from 'fast-check';
import { flagsOf } from './arbitrary-reads';
import { updateOn } from './arbitrary-update';
import {
  elementValue,
  exactScalar,
  fieldsValue,
  scalarValue,
  shapeValue,
} from './arbitrary-values';
import { documentOf } from './arbitrary-writes';
import type { Blueprint, ScalarType } from './blueprint';
import { allowed, type Drawn, oneOf, weighed } from './drawn';
import { type Place, placesOf } from './places';

/** Methods of Mongoose's arrays that change them. */
export const ARRAY_METHODS = [
  'push',
  'unshift',
  'pop',
  'shift',
  'pull',
  'addToSet',
  'splice',
  'set',
  'nonAtomicPush',
] as const;

/** What is done to a document in memory, or with it. */
export type Action =
  | { readonly kind: 'set'; readonly path: string; readonly value: unknown }
  | { readonly kind: 'unset' | 'mark'; readonly path: string }
  | { readonly kind: 'inc'; readonly path: string; readonly by: unknown }
  | {
      readonly kind: 'array';
      readonly path: string;
      readonly method: (typeof ARRAY_METHODS)[number];
      readonly item: unknown;
    }
  | {
      readonly kind: 'element';
      readonly path: string;
      readonly inner: string;
      readonly value: unknown;
    }
  | { readonly kind: 'removeElement'; readonly path: string }
  | {
      readonly kind: 'mapSet';
      readonly path: string;
      readonly key: string;
      readonly value: unknown;
    }
  | { readonly kind: 'mapDelete'; readonly path: string; readonly key: string }
  | { readonly kind: 'overwrite' | 'setAll'; readonly values: object }
  | { readonly kind: 'update'; readonly update: object }
  | { readonly kind: 'meanwhile'; readonly path: string; readonly value: unknown }
  | {
      readonly kind: 'save' | 'bulkSave' | 'validate' | 'increment' | 'reload' | 'delete';
    };

/** How a document comes into being. */
export type Origin =
  | { readonly kind: 'read'; readonly select: object | string }
  | { readonly kind: 'new'; readonly values: object };

/** The origin of a document of `blueprint`. */
export const originOf = (blueprint: Blueprint): fc.Arbitrary<Drawn<Origin>> =>
  weighed<Drawn<Origin>>(
    [4, fc.constant(allowed<Origin>({ kind: 'read', select: {} }))],
    [
      1,
      flagsOf(placesOf(blueprint)).map(({ value: select, refusals }) => ({
        value: { kind: 'read', select },
        refusals,
      })),
    ],
    [2, documentOf(blueprint).map((values) => allowed<Origin>({ kind: 'new', values }))],
  );

/** An action on a document of `blueprint`. */
export function actionOn(blueprint: Blueprint): fc.Arbitrary<Drawn<Action>> {
  const places = placesOf(blueprint);
  const changes = oneOf(places).chain((place) => changeOf(place, places));
  return weighed<Drawn<Action>>(
    [10, changes.map((action) => allowed(action))],
    [4, fc.constant(allowed<Action>({ kind: 'save' }))],
    [
      1,
      oneOf(['bulkSave', 'validate', 'increment', 'reload', 'delete'] as const).map((kind) =>
        allowed<Action>({ kind }),
      ),
    ],
    [
      1,
      fc
        .tuple(oneOf(['overwrite', 'setAll'] as const), fieldsValue(blueprint.fields, scalarValue))
        .map(([kind, values]) => allowed<Action>({ kind, values })),
    ],
    [
      1,
      updateOn(blueprint)
        .filter(
          ({ value: { update, arrayFilters, filter } }) =>
            arrayFilters === undefined && filter === undefined && !Array.isArray(update),
        )
        .map(({ value: { update }, refusals }) => ({
          value: { kind: 'update', update },
          refusals,
        })),
    ],
    [1, meanwhileOn(places)],
  );
}

const NUMBERS: ReadonlySet<ScalarType> = new Set(['Number', 'Int32', 'Double']);

function changeOf(place: Place, places: readonly Place[]): fc.Arbitrary<Action> {
  const { shape, standing } = place;
  return fc.tuple(oneOf(['0', '1']), oneOf(['x', 'y'])).chain(([position, key]) => {
    const path = place.path.replaceAll('#', position).replaceAll('$*', key);
    const isNumber = standing !== 'inside' && shape.kind === 'scalar' && NUMBERS.has(shape.type);
    return weighed<Action>(
      [4, shapeValue(shape, scalarValue).map((value) => ({ kind: 'set', path, value }))],
      [1, oneOf(['unset', 'mark'] as const).map((kind) => ({ kind, path }))],
      [isNumber ? 1 : 0, oneOf([1, 2]).map((by) => ({ kind: 'inc', path, by }))],
      [6, arrayChange(place, path)],
      [4, elementChange(place, path, places)],
      [3, mapChange(place, path)],
    );
  });
}

function arrayChange({ shape }: Place, path: string): fc.Arbitrary<Action> | undefined {
  if (!(shape.kind === 'list' || shape.kind === 'documents')) return undefined;
  const item = 'fields' in shape ? elementValue(shape.fields) : scalarValue(shape.type);
  return fc
    .tuple(oneOf(ARRAY_METHODS), item)
    .map(([method, given]) => ({ kind: 'array', path, method, item: given }));
}

function elementChange(
  place: Place,
  path: string,
  places: readonly Place[],
): fc.Arbitrary<Action> | undefined {
  if (place.shape.kind !== 'documents') return undefined;
  const prefix = `${place.path}.#.`;
  const inner = places.filter((each) => each.path.startsWith(prefix));
  return weighed<Action>(
    [1, fc.constant<Action>({ kind: 'removeElement', path })],
    [
      3,
      oneOf(inner).chain((each) =>
        shapeValue(each.shape, scalarValue).map<Action>((value) => ({
          kind: 'element',
          path,
          inner: each.path.slice(prefix.length).replaceAll('#', '0').replaceAll('$*', 'x'),
          value,
        })),
      ),
    ],
  );
}

function mapChange({ shape }: Place, path: string): fc.Arbitrary<Action> | undefined {
  if (!(shape.kind === 'map' || shape.kind === 'documentMap')) return undefined;
  const item = 'fields' in shape ? fieldsValue(shape.fields) : scalarValue(shape.type);
  return fc
    .tuple(oneOf(['x', 'y']), item, fc.boolean())
    .map(([key, value, isSet]) =>
      isSet ? { kind: 'mapSet', path, key, value } : { kind: 'mapDelete', path, key },
    );
}

/** Somebody else changes a plain or encrypted scalar of the stored document. */
function meanwhileOn(places: readonly Place[]): fc.Arbitrary<Drawn<Action>> | undefined {
  const top = places.filter(({ path, shape }) => !path.includes('.') && shape.kind === 'scalar');
  if (top.length === 0) return undefined;
  return oneOf(top).chain(({ path, shape }) =>
    exactScalar(shape.kind === 'scalar' ? shape.type : 'String').map((value) =>
      allowed<Action>({ kind: 'meanwhile', path, value }),
    ),
  );
}
