import type { Connection } from 'mongoose';

/**
 * `connections`, and those that `useDb` made of them.
 *
 * Source: Mongoose 9.12, lib/connection.js: what `useDb` makes is known to the connection it was made of.
 */
export function connectionsOf(connections: readonly Connection[]): Connection[] {
  const related = new Set(connections);
  for (const each of related) {
    const { otherDbs = [] } = each as unknown as { readonly otherDbs?: readonly Connection[] };
    for (const other of otherDbs) related.add(other);
  }
  return [...related];
}
