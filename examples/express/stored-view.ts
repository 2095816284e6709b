import { mongo, type Types } from 'mongoose';

import { NotFoundError } from './not-found-error';
import { type CiphertextView, describeCiphertext, isCiphertext } from './ciphertext';

/** One value of a stored document: in the clear, or as ciphertext under a data key. */
export type StoredValue =
  | { readonly path: string; readonly clear: string }
  | { readonly path: string; readonly ciphertext: CiphertextView & { readonly dataKey: string } };

/** A patient as it is stored: what is encrypted is not of the type that the application knows. */
export interface StoredPatient {
  readonly _id: Types.ObjectId;
  readonly allergies: readonly unknown[];
  readonly notes: readonly unknown[];
  readonly address?: unknown;
}

/**
 * The clinic's collection as someone with access to the database, but to no key, reads it: with a bare driver of its
 * own, around Mongoose and the plugin.
 */
export class StoredView {
  readonly #client: mongo.MongoClient;
  readonly #patients: mongo.Collection<StoredPatient>;
  readonly #dataKeys: mongo.Collection<mongo.DataKey>;

  constructor(uri: string, databaseName: string, keyVaultNamespace: string) {
    const [keyVaultDatabase = '', keyVault = ''] = keyVaultNamespace.split('.');
    this.#client = new mongo.MongoClient(uri);
    this.#patients = this.#client.db(databaseName).collection('patients');
    this.#dataKeys = this.#client.db(keyVaultDatabase).collection(keyVault);
  }

  /** The document, exactly as it is stored. */
  async document(id: Types.ObjectId): Promise<StoredPatient> {
    const document = await this.#patients.findOne({ _id: id }, { projection: { __v: 0 } });
    if (document === null) throw new NotFoundError('There is no such patient.');
    return document;
  }

  /** The values of the document, each with its path. */
  async values(id: Types.ObjectId): Promise<StoredValue[]> {
    const document = await this.document(id);
    const names = await this.#dataKeyNames();
    return leavesOf(document).map(({ path, value }) => {
      if (!isCiphertext(value)) return { path, clear: textOf(value) };
      const ciphertext = describeCiphertext(value);
      return { path, ciphertext: { ...ciphertext, dataKey: names.get(ciphertext.keyId) ?? '?' } };
    });
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  async #dataKeyNames(): Promise<Map<string, string>> {
    const keys = await this.#dataKeys.find().toArray();
    return new Map(keys.map((key) => [key._id.toString(), (key.keyAltNames ?? []).join(', ')]));
  }
}

interface Leaf {
  readonly path: string;
  readonly value: unknown;
}

function leavesOf(value: unknown, path = ''): Leaf[] {
  const isBranch = typeof value === 'object' && value !== null && !('_bsontype' in value);
  if (!isBranch || value instanceof Date) return [{ path, value }];

  const children = Object.entries(value);
  if (children.length === 0 && path !== '') return [{ path, value }];
  return children.flatMap(([key, child]) => leavesOf(child, path === '' ? key : `${path}.${key}`));
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof mongo.ObjectId) return value.toHexString();
  return mongo.BSON.EJSON.stringify(value);
}
