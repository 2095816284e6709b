import { randomBytes } from 'node:crypto';

import { fieldEncryption } from 'mongoose-fle';

/** A database of this run's own: nobody else has its master key. */
export const databaseName = `tenants_${randomBytes(4).toString('hex')}`;

/**
 * The handle. `createMissingKeys: 'all'` lets a tenant's first write make its key; with `undecryptable: 'mark'` the notes of a tenant that
 * was erased do not stop others from being read. The master key is of this run; in production a KMS keeps it.
 */
export const fle = fieldEncryption({
  kmsProviders: { local: { key: randomBytes(96) } },
  keyVaultNamespace: `${databaseName}.__keyVault`,
  createMissingKeys: 'all',
  undecryptable: 'mark',
});
