/**
 * Sets `Symbol.metadata` where the engine has none (Node 20 and 22), before any decorated class is evaluated: without
 * it TypeScript gives TC39 decorators no metadata object, and what they declare would be lost.
 *
 * Source: the TC39 proposal "Decorator Metadata"; TypeScript's `__esDecorate` reads `Symbol.metadata`.
 */
const owner = Symbol as { metadata?: symbol };
if (owner.metadata === undefined) {
  Object.defineProperty(Symbol, 'metadata', { value: Symbol.for('Symbol.metadata') });
}

/** The key under which a class holds the metadata of its TC39 decorators. */
export const METADATA: symbol = owner.metadata ?? Symbol.for('Symbol.metadata');
