import { recordOf } from '../codec/record-of';
import type { BoundModel } from './bound-model';
import type { CollectionBoundary } from './collection-boundary';
import { type AnyModel, callMethod, type NativeCollection } from './native-collection';
import { rewriteUpdateCommand } from './rewrite-command';
import type { SavedDocument } from './save-wholes';
import { savedDelta } from './saved-delta';
import { guardKeys } from './saved-keys';
import { SavedSubject } from './saved-subject';

/**
 * The collection as `save` sees it: it knows the document, so that a partial change of a value that is encrypted as a whole can be
 * sent as an assignment of the whole.
 *
 * Source: Mongoose 9.12, lib/model.js, `$__save`.
 */
export function documentCollection(
  boundary: CollectionBoundary,
  collection: NativeCollection,
  document: unknown,
): NativeCollection {
  const { prototype } = boundary.bound.model as unknown as { readonly prototype: AnyModel };
  if (document === prototype) return collection;
  const updateOne = async (...[filter, update, options]: readonly unknown[]): Promise<unknown> => {
    if (boundary.bound.look().fields.length === 0) {
      return await callMethod(collection, 'updateOne', [filter, update, options]);
    }
    const held = document as SavedDocument;
    const saved = savedDelta({ filter, update }, held, boundary.bound);
    const subject = new SavedSubject(held, saved.update, boundary.bound.plan);
    const { result } = await boundary.run('updateOne', (command) =>
      rewriteUpdateCommand([saved.filter, saved.update, options], command, subject),
    );
    return result;
  };
  return Object.create(collection, { updateOne: { value: updateOne } }) as NativeCollection;
}

/**
 * The collection as a query made by `document.updateOne()` sees it: the document tells the values that data keys are named by, which are
 * asked for in the filter. Where the update may insert another document, it tells nothing.
 *
 * Source: Mongoose 9.12, lib/document.js, `Document.prototype.updateOne`; lib/query.js, `_updateOne`.
 */
export function queriedCollection(
  bound: BoundModel,
  collection: NativeCollection,
  document: SavedDocument,
): NativeCollection {
  const updateOne = async (...[filter, update, options]: readonly unknown[]): Promise<unknown> => {
    const plan = bound.look();
    const { upsert } = (options ?? {}) as { readonly upsert?: boolean };
    const isOrdinary = recordOf(update) !== undefined && upsert !== true;
    const guarded = isOrdinary ? guardKeys({ filter, update }, document, plan) : { filter };
    return await callMethod(collection, 'updateOne', [guarded.filter, update, options]);
  };
  return Object.create(collection, { updateOne: { value: updateOne } }) as NativeCollection;
}
