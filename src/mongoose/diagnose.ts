import type { Connection } from 'mongoose';
import type { Check } from '../keys/diagnose-keys';
import { namesOn } from './declared-keys';
import type { HandleRuntime } from './handle-runtime';
import { type CollectionConnection, modelsOf } from './native-collection';
import { verifyModels } from './verify-models';

/** What a diagnosis found. */
export interface Diagnosis {
  /** Whether no check failed. */
  readonly healthy: boolean;
  readonly checks: readonly Check[];
}

interface Part {
  readonly subject: string;
  /** Whether what follows stands on it. */
  readonly isBasic: boolean;
  readonly look: (connection: Connection, runtime: HandleRuntime) => Promise<Check[]> | Check[];
}

const PARTS: readonly Part[] = [
  { subject: 'database', isBasic: true, look: lookAtDatabase },
  { subject: 'addon', isBasic: true, look: lookAtAddon },
  { subject: 'models', isBasic: false, look: lookAtModels },
  {
    subject: 'keys',
    isBasic: true,
    look: (connection, runtime) =>
      runtime.keyRingOf(connection).diagnose(namesOn(connection, runtime).names),
  },
];

/**
 * Looks at all that encryption needs on `connection`: the database, the models, the key vault and its index, the names that models
 * need, and every master key. Nothing is written; what is wrong is found, not thrown.
 */
export async function diagnose(connection: Connection, runtime: HandleRuntime): Promise<Diagnosis> {
  const checks: Check[] = [];
  for (const { subject, isBasic, look } of PARTS) {
    try {
      checks.push(...(await look(connection, runtime)));
    } catch (cause) {
      const finding = cause instanceof Error ? cause.message : 'It failed.';
      checks.push({ subject, state: 'failed', finding, cause });
      if (isBasic) break;
    }
  }
  return { healthy: checks.every(({ state }) => state !== 'failed'), checks };
}

async function lookAtDatabase(connection: Connection, runtime: HandleRuntime): Promise<Check[]> {
  const { db } = await connection.asPromise();
  if (db === undefined) runtime.keyRingOf(connection); // says what to do
  await db?.admin().command({ ping: 1 });
  return [{ subject: 'database', state: 'ok', finding: 'It answers.' }];
}

function lookAtAddon(connection: Connection, runtime: HandleRuntime): Check[] {
  runtime.keyRingOf(connection); // says what to install
  const { mongo: driver } = (connection as CollectionConnection).base;
  const finding = `It is there, with libmongocrypt ${driver.ClientEncryption.libmongocryptVersion}.`;
  return [{ subject: 'addon', state: 'ok', finding }];
}

function lookAtModels(connection: Connection, runtime: HandleRuntime): Check[] {
  verifyModels(connection, runtime);
  const { length } = modelsOf(connection);
  const finding = `${length} model${length === 1 ? '' : 's'}: what they declare is encrypted.`;
  return [{ subject: 'models', state: 'ok', finding }];
}
