import { isKeyedByDocument } from '../rewrite/pointer-rules';
import type { BoundModel } from './bound-model';
import { queriedCollection } from './document-collection';
import type { NativeCollection } from './native-collection';
import type { SavedDocument } from './save-wholes';

/** A query, as far as it is handed another collection. Source: Mongoose 9.12, lib/query.js. */
interface UpdateQuery {
  mongooseCollection?: NativeCollection;
}

type UpdateOne = (this: SavedDocument, ...parameters: unknown[]) => UpdateQuery | undefined;

/** Lets `document.updateOne()` know the document, whose values data keys may be named by. */
export function bindDocumentUpdates(bound: BoundModel): void {
  const prototype = bound.model.prototype as { updateOne: UpdateOne };
  const { updateOne } = prototype;
  const knowing: UpdateOne = function (...parameters) {
    const query = updateOne.apply(this, parameters);
    // A schema may have a method of that name, which gives something else than a query.
    if (query?.mongooseCollection !== undefined && isKeyedByDocument(bound.look().root)) {
      query.mongooseCollection = queriedCollection(bound, query.mongooseCollection, this);
    }
    return query;
  };
  Object.defineProperty(prototype, 'updateOne', {
    value: knowing,
    writable: true,
    configurable: true,
  });
}
