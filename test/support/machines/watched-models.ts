import type { Connection, Model } from 'mongoose';
import { fieldEncryption } from '../../../src/index';
import type { EncryptedPath } from './encrypted-values';

/** Where a collection is. */
export interface Place {
  readonly database: string;
  readonly collection: string;
}

/** What the name of a database of twins ends in: models without encryption, beside those of the database named before it. */
export const TWIN = '_twin';

/** A handle that encrypts nothing: it only tells what models declare. */
const handle = fieldEncryption({ kmsProviders: { local: { key: Buffer.alloc(96) } } });

const opened = new Set<Connection>();

/** From now on the models of `connection` are watched, and those of connections that share its client. */
export function watchModelsOf(connection: Connection): void {
  opened.add(connection);
}

/** Forgets the connections of rigs that are closed. */
export function forgetConnections(): void {
  opened.clear();
}

/** The encrypted paths of all models of the collection at `place`. */
export function encryptedPathsAt(place: Place): EncryptedPath[] {
  return watchedModels().filter(isAt(place)).flatMap(encryptedPathsOf);
}

/** Every collection of a model that declares encrypted paths, with these. */
export function encryptedPlaces(): (Place & { readonly paths: readonly EncryptedPath[] })[] {
  const places = new Map<string, Place & { readonly paths: EncryptedPath[] }>();
  for (const model of watchedModels()) {
    const place = { database: model.db.name, collection: model.collection.name };
    const key = JSON.stringify(place);
    const known = places.get(key) ?? { ...place, paths: [] };
    known.paths.push(...encryptedPathsOf(model));
    places.set(key, known);
  }
  return [...places.values()].filter(({ paths }) => paths.length > 0);
}

function watchedModels(): Model<unknown>[] {
  const connections = new Set(opened);
  for (const { otherDbs } of connections as Set<Connection & { otherDbs: Connection[] }>) {
    for (const other of otherDbs) connections.add(other); // which the loop comes to as well
  }
  return [...connections]
    .filter(({ name }) => (name as string | undefined) !== undefined) // it has been opened
    .flatMap(({ models }) => Object.values(models) as Model<unknown>[]);
}

function isAt({ database, collection }: Place): (model: Model<unknown>) => boolean {
  return (model) => model.db.name === database && model.collection.name === collection;
}

/** A model whose declaration is refused sends nothing. */
function encryptedPathsOf(model: Model<unknown>): EncryptedPath[] {
  try {
    return handle.encryptedPaths(model);
  } catch {
    return [];
  }
}
