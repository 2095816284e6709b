import { mongo } from 'mongoose';
import { type EncryptedPath, valuesOnPaths } from './encrypted-values';
import { isSealed } from './plain-value';
import { knownKeys, rememberKeys } from './known-keys';
import { encryptedPlaces, type Place } from './watched-models';

/** Looks at what is stored in the databases of a rig, with a client that knows nothing of encryption. */
export class RawMachine {
  readonly #client: mongo.MongoClient;
  readonly #vault: () => mongo.Collection<mongo.DataKey>;
  readonly #exempt = new Map<string, Set<string>>();
  readonly #belongs: (database: string) => boolean;

  constructor(
    client: mongo.MongoClient,
    { keyVaultNamespace, databaseName }: { keyVaultNamespace: string; databaseName: string },
  ) {
    const [database, ...collection] = keyVaultNamespace.split('.');
    this.#client = client;
    this.#vault = () => client.db(database).collection<mongo.DataKey>(collection.join('.'));
    this.#belongs = (name) => name.startsWith(databaseName);
  }

  /** What is stored under `ids` was written around the plugin, on purpose. */
  exempt(collection: string, ids: readonly unknown[]): void {
    const known = this.#exempt.get(collection) ?? new Set();
    for (const id of ids) known.add(mongo.BSON.EJSON.stringify(id));
    this.#exempt.set(collection, known);
  }

  /** Remembers the data keys that exist now. */
  async learnKeys(): Promise<void> {
    rememberKeys(await this.#vault().find().toArray());
  }

  /** Fails where an encrypted path of a stored document holds anything but ciphertext of its algorithm and data key. */
  async check(): Promise<void> {
    const places = encryptedPlaces().filter(({ database }) => this.#belongs(database));
    if (places.length === 0) return;
    await this.learnKeys();
    const faults: string[] = [];
    for (const place of places) faults.push(...(await this.#faultsAt(place)));
    if (faults.length > 0) throw new Error(`Stored wrongly:\n${[...new Set(faults)].join('\n')}`);
  }

  async #faultsAt({
    database,
    collection,
    paths,
  }: Place & { readonly paths: readonly EncryptedPath[] }): Promise<string[]> {
    const faults: string[] = [];
    const exempt = this.#exempt.get(collection);
    for await (const document of this.#client.db(database).collection(collection).find()) {
      if (exempt?.has(mongo.BSON.EJSON.stringify(document._id)) === true) continue;
      for (const { path, value } of valuesOnPaths(document, paths)) {
        const fault = this.#faultOf(value, path, document);
        if (fault !== undefined) faults.push(`${collection}.${path.path}: ${fault}`);
      }
    }
    return faults;
  }

  /** Source of the layout of a ciphertext: MongoDB's specification "Subtype 6: Encrypted". */
  #faultOf(
    value: unknown,
    { algorithm, keyAltName }: EncryptedPath,
    document: mongo.Document,
  ): string | undefined {
    if (!isSealed(value)) return 'not ciphertext';
    const [first] = value.buffer;
    if (first !== (algorithm === 'Deterministic' ? 1 : 2)) return `not ${algorithm}`;
    const keyId = Buffer.from(value.buffer.subarray(1, 17)).toString('hex');
    const name = keyNameIn(document, keyAltName);
    return knownKeys(name).has(keyId)
      ? undefined
      : `not under the data key "${name ?? 'of any name'}"`;
  }
}

/** The name of the data key of `document`; undefined where a function of the test chooses it. */
function keyNameIn(
  document: mongo.Document,
  source: EncryptedPath['keyAltName'],
): string | undefined {
  if (typeof source === 'string') return source;
  if (typeof source === 'function') return undefined;
  const segments = source.pointer.slice(1).split('/');
  const value = segments.reduce<unknown>(
    (holder, key) => (holder as mongo.Document)[key],
    document,
  );
  return `${source.prefix}${String(value)}`;
}
