import { mongo } from 'mongoose';
import type { ValueCipher } from '../../src/codec/value-cipher';
import { Algorithm } from '../../src/index';
import { readKeyConfig } from '../../src/keys/key-config';
import {
  ciphertextsDocument,
  markingSuffixes,
  markingsDocument,
} from '../../src/keys/batch-documents';
import { openKeyRing } from '../../src/keys/key-ring';
import { type NativeCrypt, openNativeCrypt } from '../../src/keys/native-crypt';
import { KEY } from '../contenders/mongoose-contender';
import { type Contender, measure, type Rounds } from '../measure';
import { LIMIT } from '../report/find-figures';
import type { CaseFigures, Place, Suite } from '../suite';

/** How many values a round encrypts or decrypts, in batches. */
const VALUES = 10_000;
const BATCHES = [1, 10, 100, 1000];
const ROUNDS: Rounds = { warming: 2, timed: 11 };

/**
 * Values alone: the batch cipher against `ClientEncryption`, one after the other and all at once; and against libmongocrypt given what
 * was made ready for it, with its answer read, which is the limit.
 */
export const values: Suite = {
  name: 'values',
  run: async (place) => {
    const subject = await openSubject(place);
    const rounds = place.quick ? { warming: 1, timed: 3 } : ROUNDS;
    const cases: CaseFigures[] = [];
    for (const [what, contendersOf] of [
      ['encrypt', encryptors],
      ['decrypt', decryptors],
    ] as const) {
      for (const batch of BATCHES) {
        const timings = await measure(contendersOf(subject, batch), rounds);
        const name = batch === 1 ? `${what}, one at a time` : `${what}, ${batch} in a batch`;
        cases.push({ name, per: VALUES, timings });
      }
    }
    await subject.close();
    return { name: 'values', title: 'Short texts alone', unit: 'µs a value', scale: 1000, cases };
  },
};

interface Subject {
  readonly cipher: ValueCipher;
  readonly clientEncryption: mongo.ClientEncryption;
  readonly keyId: mongo.Binary;
  readonly texts: readonly string[];
  readonly ciphertexts: readonly mongo.Binary[];
  /** It has the key in memory. */
  readonly native: NativeCrypt;
  readonly close: () => Promise<void>;
}

async function openSubject({ connection, masterKey, keyVaultNamespace }: Place): Promise<Subject> {
  const client = connection.getClient();
  const kmsProviders = { local: { key: masterKey } };
  const options = { kmsProviders, keyVaultNamespace, keyExpirationMS: 0 };
  const source = { driver: mongo, client, config: readKeyConfig(options) };
  const keyRing = openKeyRing(source);
  const native = openNativeCrypt(source);
  const clientEncryption = new mongo.ClientEncryption(client, options);
  const key = await clientEncryption.getKeyByAltName(KEY);
  if (key === null || native === undefined) throw new Error('The key or libmongocrypt is missing');
  const texts = Array.from(
    { length: VALUES },
    (_, index) => `${String(index).padStart(5, '0')}-6789`,
  );
  const { cipher } = keyRing;
  const ciphertexts = await encryptInBatches({ cipher, texts }, VALUES);
  const loading = ciphertextsDocument(ciphertexts.slice(0, 1).map((each) => each.value()));
  await native.execute(native.decryption(loading), [key]);
  const { _id: keyId } = key;
  const close = (): Promise<void> => keyRing.close();
  return { cipher, clientEncryption, native, keyId, texts, ciphertexts, close };
}

/** The ciphertexts are Deterministic, so that those of all contenders can be compared. */
function encryptors(subject: Subject, batch: number): Contender[] {
  const { clientEncryption, keyId, texts } = subject;
  const encrypt = (text: string): Promise<mongo.Binary> =>
    clientEncryption.encrypt(text, { algorithm: Algorithm.Deterministic, keyId });
  const suffixOf = markingSuffixes();
  const documents = [...batchesOf(texts, batch)].map((some) =>
    markingsDocument(
      some.map((v) => ({
        bytes: mongo.BSON.serialize({ v }),
        suffix: suffixOf('Deterministic', KEY),
      })),
    ),
  );
  return [
    { name: 'mongoose-fle', run: () => encryptInBatches(subject, batch) },
    ...byHand(texts, batch, encrypt),
    ...limit(documents, subject.native, 'encryption'),
  ];
}

function decryptors(
  { cipher, clientEncryption, ciphertexts, native }: Subject,
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
  const documents = [...batchesOf(ciphertexts, batch)].map((some) =>
    ciphertextsDocument(some.map((each) => each.value())),
  );
  return [
    { name: 'mongoose-fle', run: ours },
    ...byHand(ciphertexts, batch, decrypt),
    ...limit(documents, native, 'decryption'),
  ];
}

/** libmongocrypt alone, where it is given more than one value at once. */
function limit(
  documents: readonly Buffer[],
  native: NativeCrypt,
  work: 'encryption' | 'decryption',
): Contender[] {
  if (documents.length === VALUES) return [];
  const run = async (): Promise<unknown[]> => {
    const all: unknown[] = [];
    for (const document of documents) {
      const output = native.finish(native[work](document));
      if (output === undefined) throw new Error('libmongocrypt has lost the key');
      all.push(...(mongo.BSON.deserialize(output) as { v: unknown[] }).v);
      await Promise.resolve();
    }
    return all;
  };
  return [{ name: LIMIT, run }];
}

async function encryptInBatches(
  { cipher, texts }: Pick<Subject, 'cipher' | 'texts'>,
  batch: number,
): Promise<mongo.Binary[]> {
  const all: mongo.Binary[] = [];
  for (const some of batchesOf(texts, batch)) {
    const plain = some.map((v) => ({
      bytes: mongo.BSON.serialize({ v }),
      algorithm: 'Deterministic' as const,
      keyAltName: KEY,
    }));
    const { values: ciphertexts } = await cipher.encrypt(plain, 'query');
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
  const contenders = [{ name: 'ClientEncryption by hand', run: oneByOne }];
  if (batch === 1) return contenders;
  return [...contenders, { name: 'by hand, Promise.all', run: atOnce }];
}

function* batchesOf<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}
