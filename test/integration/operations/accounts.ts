import { type Connection, type Model, type PipelineStage, Schema } from 'mongoose';
import type { Rig } from '../../support/rig';
import { secret, type Twins } from '../mongoose/compare-twins';
import { idOf } from '../mongoose/seed-patients';
import { type Account, accountSchema, keysIn } from '../mongoose/tenant-model';
import type { Examples } from './examples';

/** What is done with accounts: a call, a filter they are asked for by, or a pipeline. */
export type Subject = Call | { readonly filter: object } | { readonly pipeline: readonly object[] };
export type Call = (accounts: Model<Account>) => unknown;

/** Rows of the table of keys. */
export type KeyRows = Readonly<Record<string, readonly Examples<Subject>[]>>;

/** Filters that tell one tenant, and several. */
export const ACME = { tenantId: 'acme' };
export const BOTH = { tenantId: { $in: ['acme', 'globex'] } };

/** A whole account of a tenant. */
export const account = (n: number, tenantId: string, more: object = {}): Account =>
  ({
    _id: idOf(n),
    tenantId,
    ssn: secret('1'),
    notes: [secret('note')],
    codes: [secret('x'), secret(String(n))],
    tag: secret('tag'),
    contacts: [{ kind: 'home', phone: secret('phone') }],
    ...more,
  }) as Account;

/**
 * Makes the models of accounts, whose tenants have their own keys: `accounts`; `ledgers`, which are declared alike; and letters, which
 * find accounts by their `ssn`.
 */
export function accountsOn(connection: Connection, fle: Rig['fle'] | undefined): void {
  connection.model('Account', accountSchema(fle));
  connection.model('Ledger', accountSchema(fle));
  const letters = new Schema({ ssn: String });
  letters.virtual('accounts', { ref: 'Account', localField: 'ssn', foreignField: 'ssn' });
  connection.model('Letter', letters);
}

/** The models of accounts beside other models of the same twins. */
export const accountTwinsOf = <T>({ encrypted, plain }: Twins<T>): Twins<Account> => ({
  encrypted: encrypted.db.model('Account') as Model<Account>,
  plain: plain.db.model('Account') as Model<Account>,
});

/** Stores accounts of three tenants. */
export async function furnishAccounts(connection: Connection): Promise<void> {
  await connection
    .model('Account')
    .insertMany([
      account(1, 'acme', { name: 'Ada', address: { city: secret('city') } }),
      account(2, 'acme', { name: 'Bob', ssn: secret('2') }),
      account(3, 'globex', { name: 'Cyd', labels: { home: secret('label') } }),
      { _id: idOf(4), tenantId: 'initech', name: 'Dan', ssn: null, codes: [] },
    ]);
}

/** Does what an example says, and gives what is answered. */
export async function doneWith(accounts: Model<Account>, subject: Subject): Promise<unknown> {
  if (typeof subject === 'function') return await subject(accounts);
  if ('filter' in subject) {
    const { filter } = subject;
    return [
      await accounts.find(filter).sort({ _id: 1 }).lean(),
      await accounts.countDocuments(filter),
      await accounts.updateMany(filter, { name: 'Eve' }),
      await accounts.deleteMany(filter),
    ];
  }
  const given = await accounts.aggregate(subject.pipeline as PipelineStage[]);
  const ledgers = await accounts.db.model('Ledger').find().sort({ _id: 1 }).lean();
  return [given, ledgers];
}

/** Expects all that is stored under the keys of tenants to be under the key of its own tenant. */
export async function expectOwnKeys(rig: Rig): Promise<void> {
  for (const collection of ['accounts', 'ledgers']) {
    for (const stored of await rig.raw(collection)) {
      const tenantKey = `tenant:${String(stored['tenantId'])}`;
      expect([[], [tenantKey]]).toContainEqual(await keysIn(rig, { ...stored, tag: undefined }));
    }
  }
}
