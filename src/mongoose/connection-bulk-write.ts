import type { Connection } from 'mongoose';
import { boundaryOf, type MarkedBoundary } from './boundary-mark';
import { rewriteBulk } from './bulk-operations';
import { withoutEncryptedKeys } from './duplicate-key';
import type { AnyModel } from './native-collection';
import { redactionScopeOf, withoutLeaks } from './redact-methods';

/** An operation of `Connection#bulkWrite` as Mongoose hands it to the driver's client: cast, and still with its model. */
interface ClientOperation {
  readonly model: AnyModel | string;
  readonly name: string;
}

type BulkWrite = (operations: readonly ClientOperation[], options: unknown) => Promise<unknown>;

/**
 * `connection`, with a client whose `bulkWrite` encrypts the operations on models with encrypted fields, each with the keys of its model.
 * Nothing is sent where one of them is refused.
 *
 * Source: Mongoose 9.12, lib/connection.js, `Connection.prototype.bulkWrite`: it casts the operations and hands them to `this.client`.
 */
export function withEncryptingClient(connection: Connection): Connection {
  const bulkWrite: BulkWrite = async (operations, options) => {
    const { client } = connection as unknown as { readonly client: { bulkWrite: BulkWrite } };
    const encrypted = await encryptedOperations(operations, connection);
    try {
      return await client.bulkWrite(encrypted, options);
    } catch (error) {
      throw withoutEncryptedKeys(error);
    }
  };
  return Object.create(connection, { client: { value: { bulkWrite } } }) as Connection;
}

/**
 * What `write` gives or rejects with, without the values of encrypted paths where one of the models of `operations` is to show none.
 * Mongoose's errors do not say of which operation they are, so a path is clear only where it is in all of those models.
 */
export async function redactedBulkWrite(
  write: () => unknown,
  operations: unknown,
  connection: Connection,
): Promise<unknown> {
  const given: unknown[] = Array.isArray(operations) ? operations : [];
  const models = given.map((operation) => {
    const { model } = (operation ?? {}) as Partial<ClientOperation>;
    return model === undefined ? undefined : boundaryOf(modelOf(model, connection)?.collection);
  });
  const bound = models.flatMap((boundary) => (boundary === undefined ? [] : [boundary.bound]));
  const redacting = bound.filter(({ runtime }) => runtime.redactsErrors);
  if (redacting.length === 0) return await write();
  return await withoutLeaks(write, redactionScopeOf('Connection', redacting));
}

/** The operations in their order, those of one model encrypted in one batch. */
async function encryptedOperations(
  operations: readonly ClientOperation[],
  connection: Connection,
): Promise<ClientOperation[]> {
  const encrypted = [...operations];
  const places = new Map<MarkedBoundary, number[]>();
  operations.forEach(({ model }, place) => {
    const boundary = boundaryOf(modelOf(model, connection)?.collection);
    if (boundary === undefined || boundary.bound.look().fields.length === 0) return;
    places.set(boundary, [...(places.get(boundary) ?? []), place]);
  });
  const encrypting = [...places].map(async ([boundary, own]) => {
    const bodies = own.map((place) => encrypted[place]).filter((each) => each !== undefined);
    const named = bodies.map((body) => ({ [body.name]: { ...body } }));
    const { parameters } = await boundary.prepare('bulkWrite', (command) =>
      (rewriteBulk(named, command) as object[]).flatMap(Object.values),
    );
    own.forEach((place, n) => (encrypted[place] = parameters[n] as ClientOperation));
  });
  await Promise.all(encrypting);
  return encrypted;
}

function modelOf(model: AnyModel | string, { models }: Connection): AnyModel | undefined {
  return typeof model === 'string'
    ? (models as Readonly<Record<string, AnyModel | undefined>>)[model]
    : model;
}
