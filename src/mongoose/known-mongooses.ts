import type { Mongoose } from 'mongoose';

/** The instances of Mongoose in this process on which a model was bound. They are not kept alive. */
const known = new Set<WeakRef<Mongoose>>();

/** Adds `mongoose` to those that `knownMongooses` gives. */
export function rememberMongoose(mongoose: Mongoose): void {
  if (!knownMongooses().includes(mongoose)) known.add(new WeakRef(mongoose));
}

/** The instances of Mongoose on which models were bound, as far as they still are. */
export function knownMongooses(): Mongoose[] {
  return [...known].flatMap((reference) => {
    const mongoose = reference.deref();
    if (mongoose === undefined) known.delete(reference);
    return mongoose ?? [];
  });
}
