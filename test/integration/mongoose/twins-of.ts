import type { Model, Schema } from 'mongoose';
import type { Rig } from '../../support/rig';
import type { Twins } from './compare-twins';

/** Gives the options of an encrypted path, and none for the twin. */
export type Declare = (
  algorithm: 'Deterministic' | 'Random',
  more?: { readonly whole: true },
) => object;

/** A model of what `build` makes, and its twin: a path is encrypted by the options that `declare` gives it. */
export function twinsOf<T>(rig: Rig, name: string, build: (declare: Declare) => Schema): Twins<T> {
  const declare: Declare = (algorithm, more) => ({
    encrypted: { algorithm, keyAltName: 'twins', ...more },
  });
  const schema = build(declare).plugin(rig.fle);
  return {
    encrypted: rig.connection.model(name, schema) as unknown as Model<T>,
    plain: rig.twinConnection.model(
      name,
      build(() => ({})),
    ) as unknown as Model<T>,
  };
}

/** Empties both. */
export async function emptyTwins<T>({ encrypted, plain }: Twins<T>): Promise<void> {
  for (const model of [encrypted, plain]) await model.deleteMany({});
}
