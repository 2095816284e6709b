import type { Connection } from 'mongoose';
import { UnsupportedStageError } from '../errors';
import type { ObjectNode } from '../plan/encryption-plan';
import { boundaryOf } from './boundary-mark';
import { planOf } from './bound-model';
import { clientOf, type HandleRuntime } from './handle-runtime';
import { type AnyModel, modelsOf } from './native-collection';

/** A collection that a stage of a pipeline names. */
export interface NamedCollection {
  readonly name: string;
  /** By default the connection's own. */
  readonly database?: string | undefined;
}

/**
 * What a collection holds encrypted, or undefined where no model of any connection to its database, through the client of
 * `connection`, declares an encrypted field there.
 *
 * @throws {UnsupportedStageError} where its models do not declare the same fields, or another handle encrypts them.
 */
export function shapeOfCollection(
  collection: NamedCollection,
  connection: Connection,
  runtime: HandleRuntime,
): ObjectNode | undefined {
  const [first, ...others] = encryptedModels(collection, connection);
  if (first === undefined) return undefined;
  const fields = JSON.stringify(planOf(first).fields);
  const alike = others.every((other) => JSON.stringify(planOf(other).fields) === fields);
  if (!alike) throw unknownShape(collection, 'its models declare different encrypted fields.');
  if (boundaryOf(first.collection)?.bound.runtime !== runtime) {
    throw unknownShape(collection, 'its encrypted fields belong to another handle.');
  }
  return planOf(first).root;
}

/** The models of a collection that declare encrypted fields; a discriminator's are those of its base. */
function encryptedModels(
  { name, database = '' }: NamedCollection,
  connection: Connection,
): AnyModel[] {
  const meant = database === '' ? connection.name : database;
  return connectionsTo(meant, connection)
    .flatMap(modelsOf)
    .filter(
      (model) =>
        model.collection.name === name &&
        model.baseModelName === undefined &&
        planOf(model).fields.length > 0,
    );
}

/** The connections to `database` through the client of `connection`. */
function connectionsTo(database: string, connection: Connection): Connection[] {
  const { connections } = connection.base as unknown as { readonly connections: Connection[] };
  const client = clientOf(connection);
  return connections.filter((other) => clientOf(other) === client && other.name === database);
}

function unknownShape({ name }: NamedCollection, wrong: string): UnsupportedStageError {
  return new UnsupportedStageError({
    where: name,
    operation: 'aggregate',
    wrong: `a stage names this collection, and ${wrong}`,
    remedy: 'Read the two collections apart, or populate.',
  });
}
