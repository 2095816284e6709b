import type { CollectionBoundary } from './collection-boundary';
import { type AnyModel, callMethod, type NativeCollection } from './native-collection';
import { rewriteUpdateCommand } from './rewrite-command';
import type { SavedDocument } from './save-wholes';
import { savedDelta } from './saved-delta';
import { subjectOf } from './saved-keys';

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
    const { result } = await boundary.run('updateOne', (command) => {
      const held = document as SavedDocument;
      const saved = savedDelta({ filter, update }, held, boundary.bound);
      return rewriteUpdateCommand([saved.filter, saved.update, options], command, subjectOf(held));
    });
    return result;
  };
  return Object.create(collection, { updateOne: { value: updateOne } }) as NativeCollection;
}
