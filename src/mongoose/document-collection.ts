import { UnsupportedUpdateError } from '../errors';
import type { BoundModel } from './bound-model';
import type { CollectionBoundary } from './collection-boundary';
import type { AnyModel, NativeCollection } from './native-collection';
import { rewriteUpdateCommand } from './rewrite-command';
import { assignWholes, type SavedDocument } from './save-wholes';

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
  if (document === prototype || boundary.bound.isClear) return collection;
  const updateOne = async (...[filter, update, options]: readonly unknown[]): Promise<unknown> => {
    const { result } = await boundary.run('updateOne', (command) => {
      refuseOverwriting(update, document as SavedDocument, boundary.bound);
      const saved = assignWholes(
        { filter, update },
        document as SavedDocument,
        boundary.bound.plan,
      );
      return rewriteUpdateCommand([saved.filter, saved.update, options], command);
    });
    return result;
  };
  return Object.create(collection, { updateOne: { value: updateOne } }) as NativeCollection;
}

/** What could not be decrypted is not in the document, so that saving over it would lose it without anybody's having seen it. */
function refuseOverwriting(update: unknown, document: object, { plan, runtime }: BoundModel): void {
  const lost = runtime.undecryptable.get(document);
  if (lost === undefined) return;
  for (const changes of Object.values(update as Record<string, object>)) {
    const path = Object.keys(changes).find((changed) =>
      lost.some((kept) => overlap(changed, kept)),
    );
    if (path === undefined) continue;
    throw new UnsupportedUpdateError({
      model: plan.name,
      operation: 'save',
      path,
      wrong: 'the stored value there could not be decrypted, and saving would write over it.',
      remedy: `Restore the data key, or write over it on purpose with ${plan.name}.updateOne().`,
    });
  }
}

function overlap(one: string, other: string): boolean {
  return one === other || one.startsWith(`${other}.`) || other.startsWith(`${one}.`);
}
