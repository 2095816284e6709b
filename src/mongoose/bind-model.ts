import { ModelNotBoundError } from '../errors';
import { boundCollection } from './bound-collection';
import { boundaryOf } from './boundary-mark';
import { watchModels } from './watch-models';
import { BoundModel, type DiscriminatedSchema } from './bound-model';
import { CollectionBoundary } from './collection-boundary';
import { documentCollection } from './document-collection';
import { guardConnection } from './guard-connection';
import type { HandleRuntime } from './handle-runtime';
import {
  type AnyModel,
  collectionSymbolOf,
  type NativeCollection,
  modelsOf,
} from './native-collection';

/**
 * Puts a boundary before the collection of `model`, and of the model it is a discriminator of, so that every command of theirs passes
 * it. Assigning another collection, as `useConnection` does, puts a boundary before that one. Nothing is done where no field is
 * encrypted, or where the model is bound already.
 *
 * Source: Mongoose 9.12, lib/model.js: the five references are `collection` and `$__collection` of the model, `collection`,
 * `$collection` and a symbol on its prototype.
 *
 * @throws {FleError} every error of configuration, and `ModelNotBoundError` where this Mongoose keeps its collections elsewhere.
 */
export function bindModel(model: AnyModel, runtime: HandleRuntime): void {
  for (const base of baseModelsOf(model)) bindModel(base, runtime);
  const known = boundaryOf(model.collection)?.bound;
  const bound = known?.model === model ? known : new BoundModel(model, runtime);
  const { fields } = bound.plan; // built anew where a discriminator has come since: a conflict is told now
  if (bound !== known && fields.length > 0) bindCollection(bound, rawCollection(model.collection));
}

/** The models that count `model` among their discriminators: what they read holds its documents. */
function baseModelsOf(model: AnyModel): AnyModel[] {
  return modelsOf(model.db).filter((other) => {
    const { discriminators = {} } = other.schema as DiscriminatedSchema;
    return (
      other !== model &&
      other.collection.name === model.collection.name &&
      Object.hasOwn(discriminators, model.modelName)
    );
  });
}

function bindCollection(bound: BoundModel, base: NativeCollection): void {
  const { model } = bound;
  const symbol = collectionSymbolOf(model);
  if (symbol === undefined) throw unknownMongoose(model);
  guardConnection(base.conn);
  watchModels(base.conn.base);
  const boundary = new CollectionBoundary(bound, base);
  const collection = boundCollection(boundary);
  const bindAgain = (assigned: unknown): void => {
    bindCollection(bound, rawCollection(assigned));
  };
  const prototype = model.prototype as object;
  for (const name of ['collection', '$__collection']) {
    defineReference(model, name, { get: () => collection, bindAgain });
  }
  for (const name of ['collection', '$collection']) {
    defineReference(prototype, name, { get: () => collection, bindAgain });
  }
  defineReference(prototype, symbol, {
    get: (document) => documentCollection(boundary, collection, document),
    bindAgain,
  });
}

interface Reference {
  readonly get: (owner: unknown) => unknown;
  readonly bindAgain: (assigned: unknown) => void;
}

/** A subclass or a discriminator inherits the accessor; what is assigned there is its own, until it is bound itself. */
function defineReference(holder: object, name: string | symbol, reference: Reference): void {
  Object.defineProperty(holder, name, {
    configurable: true,
    enumerable: true,
    get(this: unknown) {
      return reference.get(this);
    },
    set(this: object, assigned: unknown) {
      if (this === holder) reference.bindAgain(assigned);
      else {
        const own = { value: assigned, writable: true, configurable: true, enumerable: true };
        Object.defineProperty(this, name, own);
      }
    },
  });
}

function rawCollection(collection: unknown): NativeCollection {
  return boundaryOf(collection)?.base ?? (collection as NativeCollection);
}

function unknownMongoose(model: AnyModel): ModelNotBoundError {
  return new ModelNotBoundError({
    model: model.modelName,
    wrong: 'this version of Mongoose does not keep its collections where they are known to be.',
    remedy: 'Use a version of Mongoose that this package names among its peers.',
  });
}
