import { connection } from 'mongoose';
import { isFleError } from 'mongoose-fle';

import { fle } from './fle';
import { perTenant } from './note';

/**
 * Deletes the data key of a tenant: whatever was encrypted under it can no longer be read, here or in a backup of the notes. (Backups of
 * the key vault have to go too.) Returns whether there was such a key.
 */
export async function eraseTenant(tenantId: string): Promise<boolean> {
  const vault = await fle.keyVault(connection);
  try {
    // Notes is a model that may use the key: that is said to be meant.
    await vault.delete(perTenant.prefix + tenantId, { evenIfUsed: true });
    return true;
  } catch (error) {
    if (isFleError(error) && error.code === 'FLE_KEY_NOT_FOUND') return false;
    throw error;
  }
}
