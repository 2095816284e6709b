import type { RunningDatabase } from '../../dev/database/running-database';
import { startDatabase } from '../../dev/database/start-database';
import { publishDatabase } from './database';

declare global {
  /** Kept for the global tear-down, which runs in the same process. */
  var runningDatabase: RunningDatabase | undefined;
}

/** Starts the database that all integration tests share. */
export default async function globalSetup(): Promise<void> {
  globalThis.runningDatabase = await startDatabase();
  await publishDatabase(globalThis.runningDatabase.uri);
}
