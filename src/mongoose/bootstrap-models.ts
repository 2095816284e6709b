import type { Connection } from 'mongoose';
import type { BootstrapReport } from '../keys/bootstrap-keys';
import { type DeclaredNames, declaredNamesOf } from '../plan/check-keys';
import { planOf } from './bound-model';
import type { HandleRuntime } from './handle-runtime';
import { modelsOf } from './native-collection';
import { verifyModels } from './verify-models';

/** Creates the keys that the models of an open connection name. Keys that documents name are neither created nor unused. */
export async function bootstrapModels(
  connection: Connection,
  runtime: HandleRuntime,
): Promise<BootstrapReport> {
  verifyModels(connection, runtime);
  const { names, prefixes } = namesOf(connection);
  const report = await runtime.keyRingOf(connection).bootstrap(names);
  const isNamedByDocuments = (name: string): boolean =>
    prefixes.some((prefix) => name.startsWith(prefix));
  return { ...report, unused: report.unused.filter((name) => !isNamedByDocuments(name)) };
}

function namesOf(connection: Connection): DeclaredNames {
  return declaredNamesOf(modelsOf(connection).flatMap((model) => planOf(model).fields));
}
