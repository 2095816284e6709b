/** Run as a process of its own: bootstraps keys, and may be killed while it does. */
import mongoose from 'mongoose';
import { readKeyConfig } from '../../../src/keys/key-config';
import { openKeyRing } from '../../../src/keys/key-ring';

async function bootstrap(uri: string, namespace: string, names: readonly string[]): Promise<void> {
  const driver = mongoose.mongo;
  const client = new driver.MongoClient(uri);
  const config = readKeyConfig({
    kmsProviders: { local: { key: Buffer.alloc(96, 1) } },
    keyVaultNamespace: namespace,
  });
  const ring = openKeyRing({ driver, client, config });
  await client.connect();
  process.stdout.write('started\n');
  await ring.bootstrap(names);
  await ring.close();
  await client.close();
}

const [, , uri = '', namespace = '', ...names] = process.argv;
void bootstrap(uri, namespace, names);
