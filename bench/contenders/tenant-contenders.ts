import { type Connection, type Model, Schema, type SchemaDefinition } from 'mongoose';
import { fieldEncryption } from '../../src/index';
import type { Place } from '../suite';
import { algorithmOf, fieldsOf, type Person } from '../workload';
import { connect } from './mongoose-contender';

/** Somebody who keeps the documents of many tenants, each tenant under a data key of its own. What is read comes without `_id`. */
export interface TenantContender {
  readonly name: string;
  readonly clear: () => Promise<void>;
  readonly insertMany: (people: readonly Person[]) => Promise<void>;
  readonly findLean: () => Promise<readonly unknown[]>;
  readonly findHydrated: () => Promise<readonly unknown[]>;
  /** Finds one document after the other by its tenant and an encrypted value. */
  readonly searchEach: (people: readonly Person[]) => Promise<readonly unknown[]>;
  /** Finds the documents of an encrypted value in all of `tenants`, by one query. */
  readonly searchIn: (ssn: string, tenants: readonly string[]) => Promise<readonly unknown[]>;
  /** Forgets the data keys in memory; undefined where there are none. */
  readonly forgetKeys: (() => Promise<void>) | undefined;
  /** How many commands have asked the key vault for keys. */
  readonly lookUps: () => number;
  readonly close: () => Promise<void>;
}

/** What the contenders are opened with. */
export interface TenantOptions {
  readonly place: Place;
  readonly fields: number;
  readonly keyVaultNamespace: string;
}

/** All but what differs between contenders. */
export const SELECTION = { _id: 0, __v: 0 };

/** The name of the data key of a tenant. */
export function keyNameOf(tenantId: string): string {
  return `tenant:${tenantId}`;
}

/** Documents without encryption. */
export async function openPlainTenants(options: TenantOptions): Promise<TenantContender> {
  const connection = await watched(options);
  const schema = new Schema<Person>(definitionOf(options.fields, false));
  const model = connection.model('Person', schema, 'tenantsPlain') as unknown as Model<Person>;
  return {
    ...contenderOf(model, connection),
    name: 'plain Mongoose',
    forgetKeys: undefined,
    close: () => connection.close(),
  };
}

/** A model of this package, whose keys are named by the documents. */
export async function openOurTenants(options: TenantOptions): Promise<TenantContender> {
  const connection = await watched(options);
  const fle = fieldEncryption({
    kmsProviders: { local: { key: options.place.masterKey } },
    keyVaultNamespace: options.keyVaultNamespace,
    keyExpirationMS: 0,
  });
  const schema = new Schema<Person>(definitionOf(options.fields, true));
  schema.plugin(fle);
  const model = connection.model('Person', schema, 'tenantsOurs') as unknown as Model<Person>;
  return {
    ...contenderOf(model, connection),
    name: 'mongoose-fle',
    forgetKeys: () => fle.close(connection),
    close: async () => {
      await fle.close(connection);
      await connection.close();
    },
  };
}

/** What a model does by itself. */
export function contenderOf<T>(
  People: Model<T>,
  connection: Connection,
): Omit<TenantContender, 'name' | 'forgetKeys' | 'close'> {
  let lookUps = 0;
  connection.getClient().on('commandStarted', ({ command }) => {
    if (command['find'] === VAULT) lookUps += 1;
  });
  return {
    lookUps: () => lookUps,
    clear: async () => {
      await People.deleteMany({});
    },
    insertMany: async (people) => {
      await People.insertMany(people);
    },
    findLean: async () => await People.find({}, SELECTION).sort({ _id: 1 }).lean(),
    findHydrated: async () => await People.find({}, SELECTION).sort({ _id: 1 }),
    searchEach: async (people) => {
      const found: unknown[] = [];
      for (const { tenantId, ssn } of people) {
        found.push(await People.findOne({ tenantId, ssn }, SELECTION).lean());
      }
      return found;
    },
    searchIn: async (ssn, tenants) =>
      await People.find({ tenantId: { $in: tenants }, ssn }, SELECTION)
        .sort({ _id: 1 })
        .lean(),
  };
}

/** The collection of the key vault of the tenants. */
export const VAULT = '__tenantKeys';

/** A connection whose commands can be counted. */
export function watched({ place }: TenantOptions): Promise<Connection> {
  return connect(place, { monitorCommands: true });
}

/** Paths of plain or encrypted texts. */
export function definitionOf(fields: number, encrypted: boolean): SchemaDefinition<Person> {
  const keyAltName = { pointer: '/tenantId', prefix: keyNameOf('') };
  const texts = fieldsOf(fields).map((field) => [
    field,
    encrypted
      ? { type: String, encrypted: { algorithm: algorithmOf(field), keyAltName } }
      : { type: String },
  ]);
  return Object.fromEntries([
    ['name', { type: String }],
    ['tenantId', { type: String }],
    ...texts,
  ]) as SchemaDefinition<Person>;
}
