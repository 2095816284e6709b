const known = (Symbol as { metadata?: symbol }).metadata;

/**
 * The key under which a class holds the metadata of its TC39 decorators.
 *
 * Importing this file sets `Symbol.metadata` where the engine has none (Node 20), before any decorated class is
 * evaluated: without it TypeScript gives TC39 decorators no metadata object, and what they declare would be lost.
 *
 * Source: the TC39 proposal "Decorator Metadata"; TypeScript's `__esDecorate` reads `Symbol.metadata`.
 */
export const METADATA: symbol = known ?? Symbol.for('Symbol.metadata');

if (known === undefined) Object.defineProperty(Symbol, 'metadata', { value: METADATA });
