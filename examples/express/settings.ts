import { randomBytes } from 'node:crypto';

/** What a run of the clinic is told by its environment. */
export interface Settings {
  /** 96 random bytes. Here they are in the process; in production a KMS keeps them. */
  readonly masterKey: Buffer;
  readonly databaseName: string;
  /** The collection that holds the data keys, each encrypted with the master key. */
  readonly keyVaultNamespace: string;
  /** Whether the database goes when the clinic closes: without its master key nobody can read it. */
  readonly isThrowaway: boolean;
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
}

export const settings: Settings = readSettings(process.env);

function readSettings(environment: NodeJS.ProcessEnv): Settings {
  const {
    FLE_MASTER_KEY,
    CLINIC_DATABASE = 'clinic',
    HOST = '127.0.0.1',
    PORT = '0',
  } = environment;
  const isThrowaway = !FLE_MASTER_KEY;
  const databaseName = isThrowaway ? `clinic_${randomBytes(4).toString('hex')}` : CLINIC_DATABASE;
  return {
    masterKey: isThrowaway ? randomBytes(96) : Buffer.from(FLE_MASTER_KEY, 'base64'),
    databaseName,
    keyVaultNamespace: `${databaseName}.__keyVault`,
    isThrowaway,
    host: HOST,
    port: Number(PORT),
  };
}
