import { randomBytes } from 'node:crypto';

/** What a run of the clinic is told by its environment. */
export interface Settings {
  /** 96 random bytes. Here they are in the process; in production a KMS keeps them. */
  readonly masterKey: Buffer;
  readonly databaseName: string;
  /** The collection that holds the data keys, each encrypted with the master key. */
  readonly keyVaultNamespace: string;
  /** Whether to drop the database in the end: nobody can read it without this run's key, and its server stays. */
  readonly dropsDatabase: boolean;
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
}

export const settings: Settings = readSettings(process.env);

function readSettings(environment: NodeJS.ProcessEnv): Settings {
  const { FLE_MASTER_KEY, MONGODB_URI } = environment;
  const { CLINIC_DATABASE = 'clinic', HOST = '127.0.0.1', PORT = '0' } = environment;
  const databaseName = FLE_MASTER_KEY
    ? CLINIC_DATABASE
    : `clinic_${randomBytes(4).toString('hex')}`;
  return {
    masterKey: FLE_MASTER_KEY ? Buffer.from(FLE_MASTER_KEY, 'base64') : randomBytes(96),
    databaseName,
    keyVaultNamespace: `${databaseName}.__keyVault`,
    dropsDatabase: !FLE_MASTER_KEY && MONGODB_URI !== undefined,
    host: HOST,
    port: Number(PORT),
  };
}
