import type { Connection } from 'mongoose';
import { InvalidDeclarationError, UnsupportedStageError } from '../errors';
import type { EncryptionPlan, ObjectNode } from '../plan/encryption-plan';
import { sameFields } from '../plan/same-fields';
import { boundaryOf } from './boundary-mark';
import { planOf } from './bound-model';
import { clientOf, type HandleRuntime } from './handle-runtime';
import { type AnyModel, modelsOf } from './native-collection';
import { connectionsOf } from './related-connections';

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
 * @throws {UnsupportedStageError} where its models do not declare the same fields, or another handle than `runtime` encrypts them.
 */
export function shapeOfCollection(
  collection: NamedCollection,
  connection: Connection,
  runtime?: HandleRuntime,
): ObjectNode | undefined {
  const [first, ...others] = encryptedModels(collection, connection);
  if (first === undefined) return undefined;
  const plan = planKnownOf(first);
  const alike = others.every((other) => sameFields(plan, planKnownOf(other)));
  if (!alike) throw unknownShape(collection, 'its models declare different encrypted fields.');
  const handle = boundaryOf(first.collection)?.bound.runtime;
  if (runtime !== undefined && handle !== runtime) {
    throw unknownShape(collection, 'its encrypted fields belong to another handle.');
  }
  return { ...plan.root, model: plan.name };
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
        !isDiscriminator(model) &&
        planKnownOf(model).fields.length > 0,
    );
}

/**
 * Refuses a model on a collection that another model of the connection shares and declares differently: what one stores in the clear the
 * other could not read.
 *
 * @throws {InvalidDeclarationError}
 */
export function refuseSharedCollection(model: AnyModel): void {
  const plan = planKnownOf(model);
  const models = connectionsTo(model.db.name, model.db).flatMap(modelsOf);
  const other = models.find(
    (each) =>
      each !== model &&
      each.collection.name === model.collection.name &&
      boundaryOf(each.collection) !== undefined &&
      !isDiscriminator(each) &&
      !sameFields(plan, planKnownOf(each)),
  );
  if (other === undefined || isDiscriminator(model)) return;
  throw new InvalidDeclarationError({
    model: model.modelName,
    wrong: `it shares the collection "${model.collection.name}" with the model ${other.modelName}, and the two declare different encrypted fields.`,
    remedy: 'Declare the same fields in both schemas, or use one model.',
  });
}

function isDiscriminator(model: AnyModel): boolean {
  const { discriminatorMapping } = model.schema as unknown as {
    readonly discriminatorMapping?: { readonly isRoot?: boolean };
  };
  return discriminatorMapping !== undefined && discriminatorMapping.isRoot !== true;
}

/** The plan of `model`, which a bound model has at hand. */
function planKnownOf(model: AnyModel): EncryptionPlan {
  return boundaryOf(model.collection)?.bound.look() ?? planOf(model);
}

/** The connections to `database` through the client of `connection`; before that is open, nothing is known but itself. */
function connectionsTo(database: string, connection: Connection): Connection[] {
  const client = clientOf(connection);
  if (client === undefined) return [connection];
  const { connections } = connection.base as unknown as { readonly connections: Connection[] };
  return connectionsOf([connection, ...connections]).filter(
    (other) => clientOf(other) === client && other.name === database,
  );
}

function unknownShape({ name }: NamedCollection, wrong: string): UnsupportedStageError {
  return new UnsupportedStageError({
    where: name,
    operation: 'aggregate',
    wrong: `a stage names this collection, and ${wrong}`,
    remedy: 'Read the two collections apart, or populate.',
  });
}
