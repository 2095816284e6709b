import { connection } from 'mongoose';

import { fle } from './fle';
import { perTenant } from './note';

/**
 * Deletes the data key of a tenant: whatever was encrypted under it can no longer be read, here or in a backup of the notes. (Backups of
 * the key vault have to go too.) Returns whether there was such a key.
 */
export async function eraseTenant(tenantId: string): Promise<boolean> {
  const keys = await fle.clientEncryption(connection);
  const key = await keys.getKeyByAltName(perTenant.prefix + tenantId);
  if (key === null) return false;
  await keys.deleteKey(key._id);
  return true;
}
