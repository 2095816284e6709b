import { type Connection, type Model, mongo, Schema } from 'mongoose';
import { Algorithm } from '../../src/index';
import { algorithmOf, fieldsOf, type Person } from '../workload';
import {
  contenderOf,
  definitionOf,
  keyNameOf,
  SELECTION,
  type TenantContender,
  type TenantOptions,
  watched,
} from './tenant-contenders';

type Stored = Record<string, unknown>;

const NAME = 'tenantsByHand';

/** A careful user, who calls the driver's `ClientEncryption` for each value. */
export async function openTenantsByHand(options: TenantOptions): Promise<TenantContender> {
  const connection = await watched(options);
  const { encryptAll, encryptSsn, decryptAll, forgetKeys } = openCodec(options, connection);
  const mixed = fieldsOf(options.fields).map((name) => [name, Schema.Types.Mixed]);
  const schema = new Schema<Stored>({
    name: String,
    tenantId: String,
    ...(Object.fromEntries(mixed) as Record<string, typeof Schema.Types.Mixed>),
  });
  const People = connection.model('Person', schema, NAME) as unknown as Model<Stored>;
  const reader = new Schema<Person>(definitionOf(options.fields, false));
  const Readers = connection.model('Reader', reader, NAME);
  const model = contenderOf(People, connection);
  const findLean = async (): Promise<Stored[]> => await decryptAll(await model.findLean());
  return {
    ...model,
    name: 'ClientEncryption by hand',
    insertMany: async (people) => {
      await People.insertMany(await encryptAll(people));
    },
    findLean,
    findHydrated: async () => (await findLean()).map((each) => Readers.hydrate(each)),
    searchEach: async (people) => {
      const found: unknown[] = [];
      for (const { tenantId = '', ssn = '' } of people) {
        const filter = { tenantId, ssn: await encryptSsn(ssn, tenantId) };
        found.push(...(await decryptAll([await People.findOne(filter, SELECTION).lean()])));
      }
      return found;
    },
    searchIn: async (ssn, tenants) => {
      const ssns: mongo.Binary[] = [];
      for (const tenantId of tenants) ssns.push(await encryptSsn(ssn, tenantId));
      const filter = { tenantId: { $in: tenants }, ssn: { $in: ssns } };
      return await decryptAll(await People.find(filter, SELECTION).sort({ _id: 1 }).lean());
    },
    forgetKeys,
    close: () => connection.close(),
  };
}

interface Codec {
  readonly encryptAll: (people: readonly Person[]) => Promise<Stored[]>;
  readonly encryptSsn: (ssn: string, tenantId: string) => Promise<mongo.Binary>;
  /** In place. */
  readonly decryptAll: (found: readonly unknown[]) => Promise<Stored[]>;
  readonly forgetKeys: () => Promise<void>;
}

function openCodec(options: TenantOptions, connection: Connection): Codec {
  const names = fieldsOf(options.fields);
  let clientEncryption = openClientEncryption(options, connection);
  const encrypt = (text: string, field: string, tenantId: string): Promise<mongo.Binary> =>
    clientEncryption.encrypt(text, {
      algorithm: Algorithm[algorithmOf(field)],
      keyAltName: keyNameOf(tenantId),
    });
  return {
    encryptSsn: (ssn, tenantId) => encrypt(ssn, 'ssn', tenantId),
    encryptAll: async (people) => {
      const all: Stored[] = [];
      for (const { tenantId = '', ...person } of people) {
        const stored: Stored = { ...person, tenantId };
        for (const name of names) stored[name] = await encrypt(person[name] ?? '', name, tenantId);
        all.push(stored);
      }
      return all;
    },
    decryptAll: async (found) => {
      for (const each of found as Stored[]) {
        for (const name of names) {
          each[name] = await clientEncryption.decrypt(each[name] as mongo.Binary);
        }
      }
      return found as Stored[];
    },
    forgetKeys: async () => {
      clientEncryption = openClientEncryption(options, connection);
      await Promise.resolve();
    },
  };
}

function openClientEncryption(
  { place, keyVaultNamespace }: TenantOptions,
  connection: Connection,
): mongo.ClientEncryption {
  return new mongo.ClientEncryption(connection.getClient(), {
    keyVaultNamespace,
    kmsProviders: { local: { key: place.masterKey } },
    keyExpirationMS: 0,
  });
}
