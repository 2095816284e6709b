import type { BoundModel } from './bound-model';
import type { Command } from './command';
import type { AnyModel, NativeCollection } from './native-collection';

/** Present on every collection whose commands pass a boundary, whichever copy of this package made it. */
export const BOUNDARY: symbol = Symbol.for('mongoose-fle.boundary');

/** A boundary, as those see it who look for one. */
export interface MarkedBoundary {
  readonly bound: BoundModel;
  /** Mongoose's own collection, behind the boundary. */
  readonly base: NativeCollection;
  prepareKeys(): Promise<void>;
  /** The arguments of a method, as `rewrite` makes them, encrypted. */
  prepare(
    operation: string,
    rewrite: (command: Command) => readonly unknown[],
  ): Promise<{ readonly parameters: readonly unknown[] }>;
}

/** The boundary before `collection`, or undefined where there is none. */
export function boundaryOf(collection: unknown): MarkedBoundary | undefined {
  return (collection as Partial<Record<symbol, MarkedBoundary>> | undefined)?.[BOUNDARY];
}

/** Whether the commands of `model` pass a boundary. */
export function isBound(model: AnyModel): boolean {
  const { collection, prototype } = model as unknown as {
    readonly collection: unknown;
    readonly prototype: { readonly collection: unknown };
  };
  return boundaryOf(collection) !== undefined && boundaryOf(prototype.collection) !== undefined;
}
