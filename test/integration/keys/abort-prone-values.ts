/** Run as a process of its own, because what it tries would end the process if it reached libmongocrypt. */
import mongoose from 'mongoose';
import type { BatchOutcome } from '../../../src/codec/value-cipher';
import { readKeyConfig } from '../../../src/keys/key-config';
import { openKeyRing } from '../../../src/keys/key-ring';

export interface AbortProneOrder {
  readonly uri: string;
  readonly namespace: string;
  readonly batches: boolean;
}

/** Whether every one of the inputs was refused; otherwise, how many were not. */
export interface AbortProneResult {
  readonly encryptions: string;
  readonly decryptions: string;
}

/** `{ v: … }` documents of null, undefined, minKey and maxKey, of a second `v`, and of every type with nothing behind it. */
function abortProneDocuments(): Buffer[] {
  const types = Array.from({ length: 256 }, (_, type) => type);
  const bare = types.map((type) => Buffer.from([8, 0, 0, 0, type, 0x76, 0, 0]));
  const doubled = types.map((type) =>
    Buffer.from([15, 0, 0, 0, 0x10, 0x76, 0, 1, 0, 0, 0, type, 0x76, 0, 0]),
  );
  const marking = Buffer.from(mongoose.mongo.BSON.serialize({ v: null, a: 1, ka: 'pii' }));
  const forged = new mongoose.mongo.Binary(Buffer.concat([Buffer.from([0]), marking]), 6);
  return [...bare, ...doubled, Buffer.from(mongoose.mongo.BSON.serialize({ v: forged }))];
}

function verdict({ values, failures }: BatchOutcome<unknown>): string {
  const passed = values.filter((value) => value !== undefined).length;
  return passed === 0 && failures.size === values.length ? 'refused' : `${passed} passed`;
}

async function attempt({ uri, namespace, batches }: AbortProneOrder): Promise<AbortProneResult> {
  const driver = mongoose.mongo;
  const client = new driver.MongoClient(uri);
  const config = readKeyConfig({
    kmsProviders: { local: { key: Buffer.alloc(96, 1) } },
    keyVaultNamespace: namespace,
  });
  const { cipher } = openKeyRing({ driver, client, config, batches });
  const documents = abortProneDocuments();
  const encryptions = await cipher.encrypt(
    documents.map((bytes) => ({ bytes, algorithm: 'Random', keyAltName: 'pii' })),
    'query',
  );
  const markings = documents.map((document) => Buffer.concat([Buffer.from([0]), document]));
  const lengths = Array.from({ length: 100 }, (_, length) => Buffer.alloc(length, 1));
  const decryptions = await cipher.decrypt(
    [...markings, ...lengths].map((bytes) => new driver.Binary(bytes, 6)),
    {},
  );
  await client.close();
  return { encryptions: verdict(encryptions), decryptions: verdict(decryptions) };
}

process.once('message', (order: AbortProneOrder) => {
  void attempt(order).then((result) => {
    process.send?.(result);
    process.disconnect();
  });
});
