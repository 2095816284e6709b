import type { Connection } from 'mongoose';
import type { BootstrapOptions, BootstrapReport } from '../keys/bootstrap-keys';
import { namesOn } from './declared-keys';
import type { HandleRuntime } from './handle-runtime';
import { verifyModels } from './verify-models';

/** Creates the keys that the models of an open connection name. Keys that documents name are neither created nor unused. */
export async function bootstrapModels(
  connection: Connection,
  runtime: HandleRuntime,
  options?: BootstrapOptions,
): Promise<BootstrapReport> {
  verifyModels(connection, runtime);
  const { names, prefixes } = namesOn(connection, runtime);
  const report = await runtime.keyRingOf(connection).bootstrap(names, options);
  const isNamedByDocuments = (name: string): boolean =>
    prefixes.some((prefix) => name.startsWith(prefix));
  return { ...report, unused: report.unused.filter((name) => !isNamedByDocuments(name)) };
}
