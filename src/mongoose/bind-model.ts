import { ModelNotBoundError } from '../errors';
import { boundCollection } from './bound-collection';
import { bindBulkSave } from './bulk-save';
import { bindDocumentUpdates } from './document-updates';
import { boundaryOf } from './boundary-mark';
import { watchModels } from './watch-models';
import { BoundModel } from './bound-model';
import { CollectionBoundary } from './collection-boundary';
import { documentCollection } from './document-collection';
import { lookAtInit } from './document-init';
import { refuseSharedCollection } from './encrypted-collections';
import { guardConnection } from './guard-connection';
import type { HandleRuntime } from './handle-runtime';
import { rememberMongoose } from './known-mongooses';
import { redactInside } from './redact-inside';
import { redactionScopeOf, redactMethods } from './redact-methods';
import {
  type AnyModel,
  type CollectionConnection,
  collectionSymbolOf,
  type NativeCollection,
  modelsOf,
} from './native-collection';
import type { DiscriminatedSchema } from './plan-parts';
import type { ReadPolicy } from './read-policy';

/**
 * Puts a boundary before the collection of `model`, and of the model it is a discriminator of, so that every command of theirs passes
 * it. Assigning another collection, as `useConnection` does, puts a boundary before that one. A model without encrypted fields gets one
 * too, which lets everything pass until a field is declared.
 *
 * Source: Mongoose 9.12, lib/model.js: the five references are `collection` and `$__collection` of the model, `collection`,
 * `$collection` and a symbol on its prototype.
 *
 * @throws {FleError} every error of configuration, and `ModelNotBoundError` where this Mongoose keeps its collections elsewhere, or
 * where the base of a discriminator cannot be found.
 */
export function bindModel(model: AnyModel, binding: Binding): void {
  const { runtime, plugin, reading = runtime.reading } = binding;
  const bases = baseModelsOf(model, plugin);
  for (const base of bases) bindModel(base, binding);
  const known = boundaryOf(model.collection)?.bound;
  const bound =
    known?.model === model
      ? known
      : new BoundModel(model, { runtime, reading, bases, whenEncrypted: lookAtInit });
  bound.look(); // where a discriminator has come since, a conflict is told now
  if (bound !== known) {
    bindCollection(bound, rawCollection(model.collection));
    bindBulkSave(bound);
    bindDocumentUpdates(bound);
    if (runtime.redactsErrors) {
      redactMethods(bound);
      redactInside(model.schema, redactionScopeOf(model.modelName, [bound]));
    }
  }
  refuseSharedCollection(model);
  guardConnection(model.db);
  const { base: mongoose } = model.db as CollectionConnection;
  watchModels(mongoose);
  rememberMongoose(mongoose);
}

/** With what a model is bound. */
export interface Binding {
  readonly runtime: HandleRuntime;
  /** The plugin function, by which a schema that has it is told. */
  readonly plugin: object;
  /** What the plugin was told to read, where that is not what the handle says. */
  readonly reading?: ReadPolicy | undefined;
}

/**
 * The models that count `model` among their discriminators: what they read holds its documents.
 *
 * Source: Mongoose 9.12, lib/helpers/model/discriminator.js: a discriminator's schema takes over the list of its base's plugins.
 */
function baseModelsOf(model: AnyModel, plugin: object): AnyModel[] {
  const { discriminatorMapping, plugins } = model.schema as unknown as DiscriminatorSchema;
  if (discriminatorMapping === undefined || discriminatorMapping.isRoot === true) return [];
  const bases = modelsOf(model.db).filter((other) => {
    const { discriminators = {} } = other.schema as DiscriminatedSchema;
    return (
      other !== model &&
      other.collection.name === model.collection.name &&
      Object.hasOwn(discriminators, model.modelName)
    );
  });
  if (bases.length === 0 && !plugins.some(({ fn }) => fn === plugin)) throw baseUnknown(model);
  return bases;
}

interface DiscriminatorSchema {
  readonly discriminatorMapping?: { readonly isRoot?: boolean };
  readonly plugins: readonly { readonly fn: unknown }[];
}

function bindCollection(bound: BoundModel, base: NativeCollection): void {
  const { model } = bound;
  const symbol = collectionSymbolOf(model);
  if (symbol === undefined) throw unknownMongoose(model);
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

function baseUnknown(model: AnyModel): ModelNotBoundError {
  return new ModelNotBoundError({
    model: model.modelName,
    wrong:
      'it is a discriminator of a model that is not registered on its connection, and whose schema is without the plugin.',
    remedy: 'Call schema.plugin(fle) on the schema of the base as well.',
  });
}
