import { type Model, Schema, type Types, type mongo } from 'mongoose';
import type { Rig } from '../../support/rig';
import { storedAs } from '../../support/rig';

/** Somebody's account with a tenant: every encrypted field is under the tenant's own key, but for `tag`. */
export interface Account {
  _id: Types.ObjectId;
  __v: number;
  tenantId?: string | null;
  name?: string;
  ssn?: string | null;
  notes?: string[];
  codes?: string[];
  tag?: string;
  contacts?: { kind?: string; phone?: string }[];
  labels?: Map<string, string>;
  address?: { street?: string; city?: string };
}

/** The keys of tenants, as they are declared. */
export const TENANT = { pointer: '/tenantId', prefix: 'tenant:' };

/** A new schema; without a handle that of the twin. */
export function accountSchema(fle: Rig['fle'] | undefined): Schema<Account> {
  const under = (algorithm: 'Deterministic' | 'Random', whole?: true): object =>
    fle === undefined ? {} : { encrypted: { algorithm, keyAltName: TENANT, whole } };
  const schema = new Schema<Account>({
    tenantId: String,
    name: String,
    ssn: { type: String, ...under('Deterministic') },
    notes: [{ type: String, ...under('Random') }],
    codes: [{ type: String, ...under('Deterministic') }],
    tag: {
      type: String,
      ...(fle && { encrypted: { algorithm: 'Deterministic', keyAltName: 'shared' } }),
    },
    contacts: [
      new Schema(
        { kind: String, phone: { type: String, ...under('Deterministic') } },
        { _id: false },
      ),
    ],
    labels: { type: Map, of: { type: String, ...under('Random') } },
    address: {
      type: new Schema({ street: String, city: String }, { _id: false }),
      ...under('Random', true),
    },
  });
  if (fle !== undefined) schema.plugin(fle);
  return schema;
}

/** The model with encrypted fields, and its twin without, each in a database of its own. */
export function accountModels(rig: Rig): { Accounts: Model<Account>; Twins: Model<Account> } {
  return {
    Accounts: rig.connection.model('Account', accountSchema(rig.fle)) as Model<Account>,
    Twins: rig.twinConnection.model('Account', accountSchema(undefined)) as Model<Account>,
  };
}

/** The names of data keys, by their identifiers as hexadecimal digits. */
export async function keyNames(rig: Rig): Promise<Map<string, string>> {
  const keys = await rig.bare.collection('__keyVault').find().toArray();
  return new Map(
    keys.map((key): [string, string] => [
      (key._id as unknown as mongo.Binary).toString('hex'),
      String((key['keyAltNames'] as string[])[0]),
    ]),
  );
}

/** The names of the keys of all ciphertexts in `value`, once each, in order. */
export async function keysIn(rig: Rig, value: unknown): Promise<string[]> {
  const names = await keyNames(rig);
  const found = ciphertextsIn(value).map(
    (binary) => names.get(Buffer.from(binary.value().subarray(1, 17)).toString('hex')) ?? 'unknown',
  );
  return [...new Set(found)].sort();
}

function ciphertextsIn(value: unknown): mongo.Binary[] {
  if (storedAs(value) !== 'clear') return [value as mongo.Binary];
  if (typeof value !== 'object' || value === null || '_bsontype' in value) return [];
  return Object.values(value).flatMap(ciphertextsIn);
}
