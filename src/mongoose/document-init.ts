import { findCiphertext } from '../codec/find-ciphertext';
import { takeMarkers } from '../codec/undecryptable';
import { CiphertextGivenError } from '../errors';
import type { EncryptionPlan } from '../plan/encryption-plan';
import { boundaryOf, type MarkedBoundary } from './boundary-mark';
import type { AnyModel } from './native-collection';

/** The method by which Mongoose fills a document with what is stored. */
type Init = (this: object, stored: unknown, ...rest: unknown[]) => unknown;

/** Those that look at what they are given already; a discriminator inherits its base's. */
const LOOKING = new WeakSet<Init>();

/**
 * Lets the documents of `model` look at what they are filled with: ciphertext handed to `Model.hydrate` is refused before a cast can
 * mangle it, and markers of what could not be decrypted are kept beside the document. It is no hook, which would cost the documents of
 * models without encrypted fields as much, and can be skipped.
 *
 * Source: Mongoose 9.12, lib/document.js: `$init`, which reads and `hydrate` call, calls the `init` of the prototype.
 */
export function lookAtInit(model: AnyModel): void {
  const prototype = model.prototype as { init: Init };
  const original = prototype.init;
  if (LOOKING.has(original)) return;
  const init: Init = function (stored, ...rest) {
    const boundary = boundaryOf((this.constructor as { readonly collection?: unknown }).collection);
    if (boundary !== undefined) {
      refuseCiphertext(boundary.bound.plan, stored);
      rememberUndecryptable(this, stored, boundary);
    }
    return original.call(this, stored, ...rest);
  };
  LOOKING.add(init);
  Object.defineProperty(prototype, 'init', { value: init, writable: true, configurable: true });
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
