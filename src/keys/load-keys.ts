import { setImmediate as nextTurn } from 'node:timers/promises';
import { FleError, KmsRequestError } from '../errors';
import { markingSuffix, markingsDocument } from './batch-documents';
import { coalesce } from './coalesce';
import { type KeyRef, keyIdentified } from './key-ref';
import type { KeySupply, LoadKeys } from './key-supply';
import type { KeyDocument } from './key-vault';
import type { NativeCrypt } from './native-crypt';

/** A key that was found, and what asked for it. */
interface Found {
  readonly ref: KeyRef;
  readonly document: KeyDocument;
}

/** The BSON document `{ v: 0 }`: what keys are tried on. The value is an int32. */
export const ZERO: Uint8Array = Buffer.from([12, 0, 0, 0, 0x10, 0x76, 0, 0, 0, 0, 0, 0]);

/**
 * How many keys are unwrapped at once; for so long libmongocrypt blocks the event loop. Its work grows with the square of the keys:
 * 1,000 at once took 112 ms, and in groups of 100 they took 88 ms, 15 ms each at most (bench/decisions/many-keys.md).
 */
const GROUP_KEYS = 100;

/**
 * Loads keys from `supply` into the memory of libmongocrypt. Keys that concurrent callers ask for cost one look-up, and each is
 * unwrapped once.
 */
export function loadKeysInto(native: NativeCrypt, supply: KeySupply): LoadKeys {
  const load = coalesce<KeyRef, unknown>(async (refs) => {
    const failures = new Map<KeyRef, unknown>();
    const found: Found[] = [];
    for (const [ref, finding] of await supply.find(refs)) {
      if (finding instanceof FleError) failures.set(ref, finding);
      else found.push({ ref, document: finding });
    }
    await warmAll(found, { native, failures });
    return failures;
  });
  return async (refs) => {
    const outcomes = await load(refs);
    return new Map([...outcomes].filter(([, failure]) => failure !== undefined));
  };
}

interface Warming {
  readonly native: NativeCrypt;
  readonly failures: Map<KeyRef, unknown>;
}

/** The KMS are asked at the same time. */
async function warmAll(found: readonly Found[], warming: Warming): Promise<void> {
  const byKms = new Map<string, Found[]>();
  for (const one of found) {
    const kms = kmsOf(one.document);
    const group = byKms.get(kms);
    if (group === undefined) byKms.set(kms, [one]);
    else group.push(one);
  }
  await Promise.all([...byKms.values()].map((keys) => warmKeysOfKms(keys, warming)));
}

/**
 * One unit of work for many keys, so that their KMS is asked for a token once; after each the event loop has its turn. A KMS that is not
 * there is not asked for more.
 */
async function warmKeysOfKms(found: readonly Found[], warming: Warming): Promise<void> {
  for (let start = 0; start < found.length; start += GROUP_KEYS) {
    if (start > 0) await nextTurn();
    const group = found.slice(start, start + GROUP_KEYS);
    await warmGroup(group, warming);
    const cause = group.map(({ ref }) => warming.failures.get(ref)).find(concernsAll);
    if (cause === undefined) continue;
    for (const { ref } of found.slice(start + GROUP_KEYS)) warming.failures.set(ref, cause);
    return;
  }
}

/** Where the work fails, one for each key, so that a key that cannot be unwrapped spoils no other. */
async function warmGroup(found: readonly Found[], warming: Warming): Promise<void> {
  try {
    await warm(found, warming.native);
  } catch (cause) {
    if (found.length > 1 && !concernsAll(cause)) {
      await Promise.all(found.map((one) => warmGroup([one], warming)));
    } else {
      for (const { ref } of found) warming.failures.set(ref, cause);
    }
  }
}

/** A KMS that refuses one key may do for another; one that is not there will not. */
function concernsAll(cause: unknown): boolean {
  return cause instanceof KmsRequestError && cause.transient;
}

/** Where a key was wrapped: keys of equal text were wrapped in the same place. */
function kmsOf({ masterKey }: KeyDocument): string {
  const { provider, region, endpoint, keyVaultEndpoint } = masterKey as MasterKeyPlace;
  return JSON.stringify([provider, region, endpoint, keyVaultEndpoint]);
}

/** What of a stored master key tells its place. Source: the client-side encryption specification, "masterKey". */
interface MasterKeyPlace {
  readonly provider?: string;
  readonly region?: string;
  readonly endpoint?: string;
  readonly keyVaultEndpoint?: string;
}

/** Encrypts a zero under every key, which is what makes libmongocrypt ask for it and keep it. */
async function warm(found: readonly Found[], native: NativeCrypt): Promise<void> {
  const documents = new Map(found.map(({ document }) => [keyOf(document), document]));
  const refs = new Set([...found.map(({ ref }) => ref), ...documents.keys()]);
  const work = native.encryption(
    markingsDocument(
      [...refs].map((ref) => ({ bytes: ZERO, suffix: markingSuffix('Random', ref) })),
    ),
  );
  if (native.finish(work) === undefined) await native.execute(work, [...documents.values()]);
}

function keyOf(document: KeyDocument): KeyRef {
  return keyIdentified(document._id.value());
}
