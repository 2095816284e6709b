import type { mongo } from 'mongoose';

/** How the connections of this run are opened: one of the projects in jest.config.ts. */
export type ConnectionMode = 'default' | 'driverDecrypts' | 'useBigInt64' | 'promoteLongs';

/** What is known of the keys of the database that a connection is opened to. */
export interface DatabaseKeys {
  readonly keyVaultNamespace: string;
  readonly kmsProviders: mongo.KMSProviders;
}

const { connectionMode: chosen = 'default' } = globalThis as { connectionMode?: ConnectionMode };

/** The mode of this run. */
export const connectionMode: ConnectionMode = chosen;

/** What `options` become in the mode of this run. What a test sets itself about the matter of the mode stays as it is. */
export function inConnectionMode(
  options: mongo.MongoClientOptions,
  keys: DatabaseKeys | undefined,
): mongo.MongoClientOptions {
  const saysHowToRead = 'useBigInt64' in options || 'promoteLongs' in options;
  switch (connectionMode) {
    case 'default':
      return options;
    case 'driverDecrypts':
      if (keys === undefined) return options;
      return { autoEncryption: { bypassAutoEncryption: true, ...keys }, ...options };
    case 'useBigInt64':
      return saysHowToRead ? options : { useBigInt64: true, ...options };
    case 'promoteLongs':
      return saysHowToRead ? options : { promoteLongs: false, ...options };
  }
}

/**
 * For tests of stored values that cannot be read: on their connections the plugin decrypts, in every mode. Where the driver decrypts by
 * itself, one such value fails its whole reply, and plaintext passes.
 */
export const DECRYPTED_HERE = { autoEncryption: undefined } as const;
