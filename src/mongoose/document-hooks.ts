import type { Schema } from 'mongoose';
import { ModelNotBoundError } from '../errors';
import { boundaryOf } from './boundary-mark';

/** A document or subdocument of Mongoose, as a hook sees it. */
interface HookedDocument {
  readonly constructor: { readonly collection?: unknown; readonly modelName?: string };
  readonly $isSubdocument?: boolean;
  ownerDocument?: () => HookedDocument;
}

/**
 * Registers the hooks that serve people; no promise depends on them, since Mongoose can be told to skip hooks. Before `save` the data
 * keys of the document are made ready, so that a missing key is reported before anything is written. Where the schema `declares` a
 * field already, a document that nothing would encrypt is refused.
 */
export function hookDocuments(schema: Schema, declares: boolean): void {
  schema.pre('save', function (this: unknown) {
    const document = this as HookedDocument;
    if (declares) refuseUnbound(document);
    return document.$isSubdocument === true ? undefined : keysPrepared(document);
  });
  if (!declares) return;
  schema.pre('validate', function (this: unknown) {
    refuseUnbound(this as HookedDocument); // `insertMany` validates, and saves nothing
  });
}

/** A promise only where something is encrypted: saving other documents costs no more than it does without the plugin. */
function keysPrepared({ constructor }: HookedDocument): Promise<void> | undefined {
  const boundary = boundaryOf(constructor.collection);
  return boundary?.bound.isClear === false ? boundary.prepareKeys() : undefined;
}

/**
 * Refuses a document of a schema that declares encrypted fields, in a model without the plugin. Such a model is refused when it is
 * compiled; this is for one that was compiled before.
 *
 * @throws {ModelNotBoundError} where the model of the document, or of the one that owns it, is not bound.
 */
function refuseUnbound(document: HookedDocument): void {
  const owner = document.ownerDocument?.() ?? document;
  const { collection } = owner.constructor;
  const isDetached = collection === undefined; // as update validators make them
  if (isDetached || boundaryOf(collection) !== undefined) return;
  throw new ModelNotBoundError({
    model: owner.constructor.modelName,
    operation: 'save',
    wrong: 'a schema inside declares encrypted fields, but nothing encrypts them.',
    remedy: "Call schema.plugin(fle) on the model's own schema as well.",
  });
}
