import type { BoundModel } from './bound-model';
import type { AnyModel } from './native-collection';
import type { Delta, SavedDocument } from './save-wholes';
import { savedDelta } from './saved-delta';
import { withSubject } from './saved-keys';

type BulkOperation = Readonly<Record<string, object>>;

/** Source: Mongoose 9.12, lib/model.js: `bulkSave` asks it for the operations that write what has changed in documents. */
type BuildOperations = (
  ...parameters: [documents: readonly SavedDocument[], options: unknown, documentIndexes?: number[]]
) => BulkOperation[];

/** Lets `bulkSave` write the changes of documents as `save` does, in place of the method that builds its operations. */
export function bindBulkSave(bound: BoundModel): void {
  const model = bound.model as unknown as { buildBulkWriteOperations: BuildOperations };
  const build = (bound.model.base.Model as unknown as typeof model).buildBulkWriteOperations;
  model.buildBulkWriteOperations = function (this: AnyModel, ...parameters) {
    const [documents, options, indexes = []] = parameters;
    const operations = build.call(this, documents, options, indexes);
    if (bound.look().fields.length === 0) return operations;
    return operations.map((operation, place) =>
      withSavedDelta(operation, documents[indexes[place] ?? place], bound),
    );
  };
}

function withSavedDelta(
  operation: BulkOperation,
  document: SavedDocument | undefined,
  bound: BoundModel,
): BulkOperation {
  const { updateOne } = operation;
  if (updateOne === undefined || document === undefined) return operation;
  const delta = savedDelta(updateOne as Delta & object, document, bound);
  return { ...operation, updateOne: withSubject({ ...updateOne, ...delta }, document, bound.plan) };
}
