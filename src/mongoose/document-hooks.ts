import type { Schema } from 'mongoose';
import { findCiphertext } from '../codec/find-ciphertext';
import { takeMarkers } from '../codec/undecryptable';
import { CiphertextGivenError, ModelNotBoundError } from '../errors';
import type { EncryptionPlan } from '../plan/encryption-plan';
import { boundaryOf, type MarkedBoundary } from './boundary-mark';

/** A document or subdocument of Mongoose, as a hook sees it. */
interface HookedDocument {
  readonly constructor: { readonly collection?: unknown; readonly modelName?: string };
  readonly $isSubdocument?: boolean;
  ownerDocument?: () => HookedDocument;
}

/**
 * Registers the hooks that serve people, `declares` telling whether the schema declares a field already; no promise depends on them, since Mongoose can be told to skip hooks. Before `save` the data
 * keys of the document are made ready, so that a missing key is reported before anything is written; ciphertext handed to
 * `Model.hydrate` is refused before a cast can mangle it, and markers of what could not be decrypted are kept beside the document.
 */
export function hookDocuments(schema: Schema, declares: boolean): void {
  schema.pre('save', async function (this: unknown) {
    const document = this as HookedDocument;
    if (declares) refuseUnbound(document);
    if (document.$isSubdocument !== true)
      await boundaryOf(document.constructor.collection)?.prepareKeys();
  });
  schema.pre('validate', function (this: unknown) {
    if (declares) refuseUnbound(this as HookedDocument); // `insertMany` validates, and saves nothing
  });
  schema.pre('init', function (this: unknown, stored: unknown) {
    const document = this as HookedDocument;
    const boundary = boundaryOf(document.constructor.collection);
    if (boundary === undefined) return;
    refuseCiphertext(boundary.bound.plan, stored);
    rememberUndecryptable(document, stored, boundary);
  });
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

function refuseCiphertext(plan: EncryptionPlan, stored: unknown): void {
  const field = findCiphertext(stored, plan.root);
  if (field === undefined) return;
  throw new CiphertextGivenError({
    model: plan.name,
    path: field.path,
    operation: 'hydrate',
    wrong: 'a document cannot be made of ciphertext.',
    remedy: 'Decrypt what was read outside Mongoose with fle.decrypt(Model, document) first.',
  });
}

/** A marker would not survive the cast of its path: it is kept beside the document. */
function rememberUndecryptable(
  document: object,
  stored: unknown,
  { bound: { plan, reading, runtime } }: MarkedBoundary,
): void {
  if (reading.undecryptable === 'error') return;
  const paths = takeMarkers(stored, plan.root);
  if (paths.length > 0) runtime.undecryptable.set(document, paths);
}
