import type { Connection } from 'mongoose';
import type { ObjectNode } from '../plan/encryption-plan';
import { planOf } from './bound-model';
import { clientOf } from './handle-runtime';
import { modelsOf } from './native-collection';

/**
 * What the collection `name` of `database`, by default the connection's own, holds encrypted, or undefined where no model of any
 * connection to that database declares an encrypted field there.
 */
export function shapeOfCollection(
  connection: Connection,
  name: string,
  database: string = connection.name,
): ObjectNode | undefined {
  for (const other of connectionsTo(database, connection)) {
    for (const model of modelsOf(other)) {
      if (model.collection.name !== name) continue;
      const { fields, root } = planOf(model);
      if (fields.length > 0) return root;
    }
  }
  return undefined;
}

/** The connections to `database` through the client of `connection`. */
function connectionsTo(database: string, connection: Connection): Connection[] {
  const { connections } = connection.base as unknown as { readonly connections: Connection[] };
  const client = clientOf(connection);
  return connections.filter((other) => clientOf(other) === client && other.name === database);
}
