/** Run as a process of its own: creates keys when it is told to, and sends what it encrypts under them. */
import mongoose from 'mongoose';
import { readKeyConfig } from '../../../src/keys/key-config';
import { openKeyRing } from '../../../src/keys/key-ring';

export interface RaceOrder {
  readonly uri: string;
  readonly namespace: string;
  readonly names: readonly string[];
}

/** The deterministic ciphertext of one text under each name, in base64. */
export type RaceResult = string[];

async function race({ uri, namespace, names }: RaceOrder): Promise<RaceResult> {
  const driver = mongoose.mongo;
  const client = new driver.MongoClient(uri);
  const config = readKeyConfig({
    kmsProviders: { local: { key: Buffer.alloc(96, 1) } },
    keyVaultNamespace: namespace,
  });
  const ring = openKeyRing({ driver, client, config });
  ring.declareKeys(names);
  const bytes = driver.BSON.serialize({ v: 'text' });
  const { values, failures } = await ring.cipher.encrypt(
    names.map((keyAltName) => ({ bytes, algorithm: 'Deterministic', keyAltName })),
    'write',
  );
  await client.close();
  if (failures.size > 0) throw new AggregateError(failures.values());
  return values.map((ciphertext) => Buffer.from(ciphertext?.value() ?? []).toString('base64'));
}

process.once('message', (order: RaceOrder) => {
  void race(order).then((result) => {
    process.send?.(result);
    process.disconnect();
  });
});
process.send?.('ready');
