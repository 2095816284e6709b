import { type Connection, type Model, mongo, Schema, type SchemaDefinition } from 'mongoose';
import { Algorithm, fieldEncryption } from '../../src/index';
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

const SELECTION = { _id: 0, __v: 0 };

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

/** A careful user, who calls the driver's `ClientEncryption` for each value. */
export async function openTenantsByHand(options: TenantOptions): Promise<TenantContender> {
  const connection = await watched(options);
  const names = fieldsOf(options.fields);
  const codec = openCodec(options, connection);
  const mixed = Object.fromEntries(names.map((name) => [name, Schema.Types.Mixed]));
  const schema = new Schema<Stored>({ name: String, tenantId: String, ...mixed });
  const People = connection.model('Person', schema, 'tenantsByHand') as unknown as Model<Stored>;
  const reader = new Schema<Person>(definitionOf(options.fields, false));
  const Readers = connection.model('Reader', reader, 'tenantsByHand');
  const { findLean, clear, lookUps } = contenderOf(People, connection);
  const decryptAll = async (found: readonly unknown[]): Promise<Stored[]> => {
    for (const each of found) await codec.decrypt(each as Stored);
    return found as Stored[];
  };
  const findDecrypted = async (): Promise<Stored[]> => await decryptAll(await findLean());
  const ssnUnder = (ssn: string, tenantId: string): Promise<mongo.Binary> =>
    codec.encrypt(ssn, { field: 'ssn', tenantId });
  return {
    name: 'ClientEncryption by hand',
    clear,
    lookUps,
    insertMany: async (people) => {
      const stored: Stored[] = [];
      for (const each of people) {
        const { tenantId = '' } = each;
        const copy: Stored = { ...each };
        for (const field of names) {
          copy[field] = await codec.encrypt(each[field] ?? '', { field, tenantId });
        }
        stored.push(copy);
      }
      await People.insertMany(stored);
    },
    findLean: findDecrypted,
    findHydrated: async () => (await findDecrypted()).map((each) => Readers.hydrate(each)),
    searchEach: async (people) => {
      const found: unknown[] = [];
      for (const { tenantId = '', ssn = '' } of people) {
        const filter = { tenantId, ssn: await ssnUnder(ssn, tenantId) };
        found.push(...(await decryptAll([await People.findOne(filter, SELECTION).lean()])));
      }
      return found;
    },
    searchIn: async (ssn, tenants) => {
      const ssns: mongo.Binary[] = [];
      for (const tenantId of tenants) ssns.push(await ssnUnder(ssn, tenantId));
      const filter = { tenantId: { $in: tenants }, ssn: { $in: ssns } };
      return await decryptAll(await People.find(filter, SELECTION).sort({ _id: 1 }).lean());
    },
    forgetKeys: codec.renew,
    close: () => connection.close(),
  };
}

type Stored = Record<string, unknown>;

interface Codec {
  readonly encrypt: (
    text: string,
    of: { readonly field: string; readonly tenantId: string },
  ) => Promise<mongo.Binary>;
  /** In place. */
  readonly decrypt: (stored: Stored) => Promise<void>;
  readonly renew: () => Promise<void>;
}

function openCodec(
  { place, fields, keyVaultNamespace }: TenantOptions,
  connection: Connection,
): Codec {
  const open = (): mongo.ClientEncryption =>
    new mongo.ClientEncryption(connection.getClient(), {
      keyVaultNamespace,
      kmsProviders: { local: { key: place.masterKey } },
      keyExpirationMS: 0,
    });
  const names = fieldsOf(fields);
  let clientEncryption = open();
  return {
    encrypt: (text, { field, tenantId }) =>
      clientEncryption.encrypt(text, {
        algorithm: Algorithm[algorithmOf(field)],
        keyAltName: keyNameOf(tenantId),
      }),
    decrypt: async (stored) => {
      for (const name of names) {
        stored[name] = await clientEncryption.decrypt(stored[name] as mongo.Binary);
      }
    },
    renew: async () => {
      clientEncryption = open();
      await Promise.resolve();
    },
  };
}

/** What a model does by itself. */
function contenderOf<T>(
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

function watched({ place }: TenantOptions): Promise<Connection> {
  return connect(place, { monitorCommands: true });
}

function definitionOf(fields: number, encrypted: boolean): SchemaDefinition<Person> {
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
