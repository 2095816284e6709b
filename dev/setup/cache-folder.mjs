import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where built and downloaded things are kept, outside of the checkout, for all checkouts. */
export function cacheFolder(environment = process.env) {
  if (environment.MONGOOSE_FLE_CACHE) return environment.MONGOOSE_FLE_CACHE;
  return join(environment.XDG_CACHE_HOME || join(homedir(), '.cache'), 'mongoose-fle');
}
