import type { mongo } from 'mongoose';

/** Every data key that was ever seen under a name, as hexadecimal text; one may be lost, and made anew. */
const idsOfNames = new Map<string, Set<string>>();

/** Remembers the data keys among `documents`, which are of a key vault, or of any other collection. */
export function rememberKeys(documents: readonly mongo.Document[]): void {
  for (const { _id, keyAltNames, keyMaterial } of documents) {
    if (keyMaterial === undefined || !Array.isArray(keyAltNames)) continue;
    for (const name of keyAltNames as string[]) {
      const ids = idsOfNames.get(name) ?? new Set();
      idsOfNames.set(name, ids.add((_id as mongo.Binary).toString('hex')));
    }
  }
}

/** The identifiers of all data keys that had this name, or any. */
export function knownKeys(name: string | undefined): ReadonlySet<string> {
  if (name !== undefined) return idsOfNames.get(name) ?? new Set();
  return new Set([...idsOfNames.values()].flatMap((ids) => [...ids]));
}
