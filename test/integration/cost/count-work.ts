import { createHook } from 'node:async_hooks';
import type { HeapProfiler } from 'node:inspector';
import { Session } from 'node:inspector/promises';
import { MongoCrypt } from 'mongodb-client-encryption';

/** What an operation cost, in counts that do not depend on the machine. */
export interface Work {
  /** Contexts of libmongocrypt that were made to encrypt. */
  readonly encryptions: number;
  /** Contexts of libmongocrypt that were made to decrypt. */
  readonly decryptions: number;
  /** Promises, of everybody: of Mongoose and the driver too. */
  readonly promises: number;
}

/** Counts the work of `operation`. */
export async function countWork(operation: () => Promise<unknown>): Promise<Work> {
  const encrypting = jest.spyOn(MongoCrypt.prototype as Contexts, 'makeEncryptionContext');
  const decrypting = jest.spyOn(MongoCrypt.prototype as Contexts, 'makeDecryptionContext');
  const explicit = [
    jest.spyOn(MongoCrypt.prototype as Contexts, 'makeExplicitEncryptionContext'),
    jest.spyOn(MongoCrypt.prototype as Contexts, 'makeExplicitDecryptionContext'),
  ];
  let promises = 0;
  const hook = createHook({
    init: (_id, type) => {
      if (type === 'PROMISE') promises += 1;
    },
  });
  try {
    hook.enable();
    await operation();
    hook.disable();
    const [encryptedAlone, decryptedAlone] = explicit.map(({ mock }) => mock.calls.length);
    return {
      encryptions: encrypting.mock.calls.length + (encryptedAlone ?? 0),
      decryptions: decrypting.mock.calls.length + (decryptedAlone ?? 0),
      promises,
    };
  } finally {
    hook.disable();
    for (const spy of [encrypting, decrypting, ...explicit]) spy.mockRestore();
  }
}

/** The documents that libmongocrypt was given to decrypt by `operation`. */
export async function givenToDecrypt(operation: () => Promise<unknown>): Promise<Uint8Array[]> {
  const opened = jest.spyOn(MongoCrypt.prototype as Contexts, 'makeDecryptionContext');
  try {
    await operation();
    return opened.mock.calls.map(([document]) => document as Uint8Array);
  } finally {
    opened.mockRestore();
  }
}

/** The least of a few runs: what the driver does beside it, such as asking servers whether they are there, is not the operation's. */
export async function fewestPromises(operation: () => Promise<unknown>): Promise<number> {
  const counts: number[] = [];
  for (let run = 0; run < 5; run += 1) counts.push((await countWork(operation)).promises);
  return Math.min(...counts);
}

interface Contexts {
  makeEncryptionContext(...rest: unknown[]): unknown;
  makeDecryptionContext(...rest: unknown[]): unknown;
  makeExplicitEncryptionContext(...rest: unknown[]): unknown;
  makeExplicitDecryptionContext(...rest: unknown[]): unknown;
}

/** One sample for so many bytes: enough to see factors. */
const SAMPLING_BYTES = 4096;

/** How many bytes of heap `operation` allocated, whether or not they are still held: an estimate by samples of V8. */
export async function allocatedBy(operation: () => Promise<unknown>): Promise<number> {
  const session = new Session();
  session.connect();
  try {
    await session.post('HeapProfiler.startSampling', {
      samplingInterval: SAMPLING_BYTES,
      includeObjectsCollectedByMajorGC: true,
      includeObjectsCollectedByMinorGC: true,
    } as object);
    await operation();
    const { profile } = await session.post('HeapProfiler.stopSampling');
    return allocatedUnder(profile.head);
  } finally {
    session.disconnect();
  }
}

function allocatedUnder({ selfSize, children }: HeapProfiler.SamplingHeapProfileNode): number {
  return children.reduce((sum, child) => sum + allocatedUnder(child), selfSize);
}
