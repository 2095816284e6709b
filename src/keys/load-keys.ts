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

/** One unit of work for all keys of a KMS, so that it is asked for a token once; the KMS are asked at the same time. */
async function warmAll(found: readonly Found[], warming: Warming): Promise<void> {
  const byKms = new Map<string, Found[]>();
  for (const one of found) {
    const kms = kmsOf(one.document);
    byKms.set(kms, [...(byKms.get(kms) ?? []), one]);
  }
  await Promise.all([...byKms.values()].map((group) => warmGroup(group, warming)));
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
