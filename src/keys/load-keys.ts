import { FleError } from '../errors';
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

/** One unit of work for all keys; where it fails, one for each, so that a key that cannot be unwrapped spoils no other. */
async function warmAll(
  found: readonly Found[],
  { native, failures }: { native: NativeCrypt; failures: Map<KeyRef, unknown> },
): Promise<void> {
  if (found.length === 0) return;
  try {
    await warm(found, native);
  } catch (cause) {
    if (found.length === 1) for (const { ref } of found) failures.set(ref, cause);
    else for (const one of found) await warmAll([one], { native, failures });
  }
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
