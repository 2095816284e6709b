import mongoose, { type Connection } from 'mongoose';

import { fle } from './fle';
import { PatientModel } from './patient';
import { settings } from './settings';
import { StoredView } from './stored-view';
import { WireLog } from './wire-log';

/** A connected clinic: the application's connection, and two windows on what leaves it. */
export interface Clinic {
  readonly connection: Connection;
  /** What the database stores. */
  readonly stored: StoredView;
  /** What went over the wire. */
  readonly wire: WireLog;
  close(): Promise<void>;
}

/** Connects, builds the index on `ssn`, and creates the data keys that the schemas name. */
export async function openClinic(uri: string): Promise<Clinic> {
  const { databaseName, keyVaultNamespace } = settings;
  const { connection } = await mongoose.connect(uri, {
    dbName: databaseName,
    monitorCommands: true,
  });
  const wire = new WireLog(connection.getClient());
  const stored = new StoredView(uri, databaseName, keyVaultNamespace);

  await PatientModel.init();
  await fle.bootstrapKeys(connection);

  return { connection, stored, wire, close: () => closeClinic(connection, stored) };
}

async function closeClinic(connection: Connection, stored: StoredView): Promise<void> {
  if (settings.dropsDatabase) await connection.dropDatabase();
  await stored.close();
  await fle.close(connection);
  await mongoose.disconnect();
}
