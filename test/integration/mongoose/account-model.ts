import { type Connection, type HydratedDocument, type Model, Schema } from 'mongoose';
import type { FieldEncryption } from '../../../src/index';
import type { Rig } from '../../support/rig';
import { secret, type Twins } from './compare-twins';

/** A document with rules of its own: validators, a unique index, versions. */
export interface Account {
  owner?: string;
  iban?: string;
  points?: number;
  memo?: string;
  tags?: string[];
  box?: { inner?: string; other?: string };
}

/** The schema of accounts; without `fle` nothing in it is encrypted. */
export function accountSchema(fle: FieldEncryption | undefined): Schema<Account> {
  const field = (
    options: Record<string, unknown>,
    algorithm: 'Deterministic' | 'Random',
    whole?: { readonly whole: true },
  ): Record<string, unknown> =>
    fle === undefined
      ? options
      : { ...options, encrypted: { algorithm, keyAltName: 'accounts', ...whole } };
  const box = new Schema({ inner: String, other: String }, { _id: false });
  const paths: Record<string, unknown> = {
    owner: { type: String, required: true },
    iban: field({ type: String, unique: true, sparse: true, minlength: 3 }, 'Deterministic'),
    points: field({ type: Number }, 'Deterministic'),
    memo: field({ type: String }, 'Random'),
    tags: [field({ type: String }, 'Random')],
    box: field({ type: box }, 'Random', { whole: true }),
  };
  const schema = new Schema<Account>(paths, {
    optimisticConcurrency: true,
  });
  if (fle !== undefined) schema.plugin(fle);
  return schema;
}

/** The model of accounts on `connection`. */
export function accountsOn(
  connection: Connection,
  fle: FieldEncryption | undefined,
): Model<Account> {
  return connection.model('Account', accountSchema(fle)) as Model<Account>;
}

/** Models of accounts, as twins, with their unique indexes. */
export async function accountTwins(rig: Rig): Promise<Twins<Account>> {
  const twins = {
    encrypted: accountsOn(rig.connection, rig.fle),
    plain: accountsOn(rig.twinConnection, undefined),
  };
  for (const model of [twins.encrypted, twins.plain]) await model.createIndexes();
  return twins;
}

/** An account with a value of every shape. */
export const fullAccount = (): Account => ({
  owner: 'Ada',
  iban: secret('iban'),
  points: 5,
  memo: secret('memo'),
  tags: [secret('tag')],
  box: { inner: secret('inner') },
});

/** What a document shows of itself. */
export function stateOf(document: HydratedDocument<Account>): object {
  return {
    values: document.toObject(),
    isNew: document.isNew,
    isModified: document.isModified(),
    modified: document.modifiedPaths(),
    directly: document.directModifiedPaths(),
    each: Object.keys(fullAccount()).map((path) => [path, document.isModified(path)]),
  };
}
