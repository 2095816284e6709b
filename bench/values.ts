import type { Connection, mongo } from 'mongoose';
import type { ValueCipher } from '../src/codec/value-cipher';
import { Algorithm } from '../src/index';
import { readKeyConfig } from '../src/keys/key-config';
import { openKeyRing } from '../src/keys/key-ring';
import { type Contender, measure, type Timing } from './measure';

/** What a batch of values took, for each contender. */
export interface ValueTimings {
  readonly what: 'encrypt' | 'decrypt';
  readonly batch: number;
  readonly timings: readonly Timing[];
}

/** How many values each round encrypts or decrypts, in batches. */
export const VALUES = 1000;
const BATCHES = [1, 10, 100, 1000];
const ROUNDS = { warming: 3, timed: 15 };
const KEY = 'bench';

interface Subject {
  readonly bson: typeof mongo.BSON;
  readonly cipher: ValueCipher;
  readonly clientEncryption: mongo.ClientEncryption;
  readonly keyId: mongo.Binary;
  readonly texts: readonly string[];
  readonly ciphertexts: readonly mongo.Binary[];
}

/** Encrypts and decrypts short texts: by the batch cipher, and by `ClientEncryption`, one after the other and all at once. */
export async function measureValues(
  connection: Connection,
  options: { readonly key: Buffer; readonly keyVaultNamespace: string },
): Promise<ValueTimings[]> {
  const { mongo: driver } = connection.base as unknown as { readonly mongo: typeof mongo };
  const client = connection.getClient();
  const { key, keyVaultNamespace } = options;
  const kmsProviders = { local: { key } };
  const config = readKeyConfig({ kmsProviders, keyVaultNamespace, keyExpirationMS: 0 });
  const keyRing = openKeyRing({ driver, client, config });
  await keyRing.bootstrap([KEY]);
  const clientEncryption = new driver.ClientEncryption(client, {
    kmsProviders,
    keyVaultNamespace,
    keyExpirationMS: 0,
  });
  const { _id: keyId } = (await clientEncryption.getKeyByAltName(KEY)) ?? {};
  if (keyId === undefined) throw new Error('The key vault has lost the key');
  const texts = Array.from(
    { length: VALUES },
    (_, index) => `${String(index).padStart(3)}-45-6789`,
  );
  const { cipher } = keyRing;
  const subject = { bson: driver.BSON, cipher, clientEncryption, keyId, texts };
  const ciphertexts = await encryptInBatches({ ...subject, ciphertexts: [] }, VALUES);
  const results = await measureAll({ ...subject, ciphertexts });
  await keyRing.close();
  return results;
}

async function measureAll(subject: Subject): Promise<ValueTimings[]> {
  const results: ValueTimings[] = [];
  for (const batch of BATCHES) {
    const encrypting = encryptors(subject, batch);
    results.push({ what: 'encrypt', batch, timings: await measure(encrypting, ROUNDS) });
  }
  for (const batch of BATCHES) {
    const decrypting = decryptors(subject, batch);
    results.push({ what: 'decrypt', batch, timings: await measure(decrypting, ROUNDS) });
  }
  return results;
}

/** The ciphertexts are Deterministic, so that those of all contenders can be compared. */
function encryptors(subject: Subject, batch: number): Contender[] {
  const { clientEncryption, keyId, texts } = subject;
  const encrypt = (text: string): Promise<mongo.Binary> =>
    clientEncryption.encrypt(text, { algorithm: Algorithm.Deterministic, keyId });
  return [
    { name: 'ours', run: () => encryptInBatches(subject, batch) },
    ...byHand(texts, batch, encrypt),
  ];
}

function decryptors(
  { cipher, clientEncryption, ciphertexts }: Subject,
  batch: number,
): Contender[] {
  const decrypt = (ciphertext: mongo.Binary): Promise<unknown> =>
    clientEncryption.decrypt(ciphertext);
  const ours = async (): Promise<unknown[]> => {
    const all: unknown[] = [];
    for (const some of batchesOf(ciphertexts, batch)) {
      all.push(...(await cipher.decrypt(some, {})).values);
    }
    return all;
  };
  return [{ name: 'ours', run: ours }, ...byHand(ciphertexts, batch, decrypt)];
}

async function encryptInBatches(
  { bson, cipher, texts }: Subject,
  batch: number,
): Promise<mongo.Binary[]> {
  const all: mongo.Binary[] = [];
  for (const some of batchesOf(texts, batch)) {
    const values = some.map((v) => ({
      bytes: bson.serialize({ v }),
      algorithm: 'Deterministic' as const,
      keyAltName: KEY,
    }));
    const { values: ciphertexts } = await cipher.encrypt(values, 'query');
    all.push(...(ciphertexts as mongo.Binary[]));
  }
  return all;
}

function byHand<I, O>(
  items: readonly I[],
  batch: number,
  doOne: (item: I) => Promise<O>,
): Contender[] {
  const oneByOne = async (): Promise<O[]> => {
    const all: O[] = [];
    for (const item of items) all.push(await doOne(item));
    return all;
  };
  const atOnce = async (): Promise<O[]> => {
    const all: O[] = [];
    for (const some of batchesOf(items, batch)) all.push(...(await Promise.all(some.map(doOne))));
    return all;
  };
  const contenders = [{ name: 'by hand', run: oneByOne }];
  return batch === 1 ? contenders : [...contenders, { name: 'by hand, Promise.all', run: atOnce }];
}

function* batchesOf<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}
