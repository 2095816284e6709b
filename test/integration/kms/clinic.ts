import mongoose, { type Connection, type Model, type mongo, Schema } from 'mongoose';
import {
  type DataKeys,
  fieldEncryption,
  type FieldEncryption,
  type FieldEncryptionOptions,
} from '../../../src/index';
import { databaseUri } from '../../support/database';
import { type KmsRig, MASTER_KEYS } from '../../support/kms/kms-rig';

export interface Patient {
  name: string;
  ssn: string;
}

/** An application with one model, whose keys a KMS wraps. */
export interface Clinic {
  readonly fle: FieldEncryption;
  readonly connection: Connection;
  readonly Patients: Model<Patient>;
  /** What lies in its key vault. */
  keys(): Promise<mongo.DataKey[]>;
}

export type ClinicOptions = Partial<FieldEncryptionOptions> & { readonly dataKeys?: DataKeys };

const opened: (() => Promise<void>)[] = [];

/** Opens a clinic on the database `name`, by default with good credentials for all providers of `rig`. */
export async function openClinicOf(
  rig: KmsRig,
  name: string,
  options: ClinicOptions = {},
): Promise<Clinic> {
  const { kmsProviders, tlsOptions, kmsConnectCallback } = rig;
  const fle = fieldEncryption({
    kmsProviders,
    tlsOptions,
    ...(options.proxyOptions === undefined && { kmsConnectCallback }),
    keyVaultNamespace: `${name}.__keyVault`,
    ...options,
  });
  const connection = await mongoose.createConnection(databaseUri(name)).asPromise();
  const encrypted = { algorithm: 'Deterministic', keyAltName: 'patients' };
  const schema = new Schema<Patient>({ name: String, ssn: { type: String, encrypted } as never });
  schema.plugin(fle);
  const Patients = connection.model<Patient>('Patient', schema);
  opened.push(async () => {
    await fle.close(connection);
    await connection.dropDatabase();
    await connection.close();
  });
  const vault = connection.getClient().db(name).collection<mongo.DataKey>('__keyVault');
  return { fle, connection, Patients, keys: () => vault.find().toArray() };
}

/** Closes all clinics that are open, and drops their databases. */
export async function closeClinics(): Promise<void> {
  for (const close of opened.splice(0)) await close();
}

/** The options by which every data key is wrapped by a master key of `provider`. */
export function chosen(provider: keyof typeof MASTER_KEYS): { readonly dataKeys: DataKeys } {
  return { dataKeys: { '*': { provider, masterKey: MASTER_KEYS[provider] } as never } };
}
