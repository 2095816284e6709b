import { type HydratedDocument, type Model, Schema } from 'mongoose';
import type { Rig } from '../../support/rig';
import { type DocumentArrayMethods, secret } from './compare-twins';
import { idOf } from './seed-patients';

/** A model of values that are encrypted whole, and of arrays with Random values inside. */
export type Files = Model<Record<string, unknown>>;
export type File = HydratedDocument<Record<string, unknown>>;

const RANDOM = { algorithm: 'Random', keyAltName: 'files' };
const WHOLE = { ...RANDOM, whole: true };

/** The model with encrypted fields, or its twin without. */
export function filesOf({ fle, connection, twinConnection }: Rig, isEncrypted: boolean): Files {
  const as = (encryption: object): object => (isEncrypted ? { encrypted: encryption } : {});
  const address = new Schema({ street: String, city: String }, { _id: false });
  const items = new Schema({ name: String, remark: { type: String, ...as(RANDOM) } });
  const homes = new Schema({ address: { type: address, ...as(WHOLE) } });
  const schema = new Schema({
    name: String,
    address: { type: address, ...as(WHOLE) },
    details: { type: Schema.Types.Mixed, ...as(WHOLE) },
    meta: { type: Map, of: String, ...as(WHOLE) },
    list: { type: [Number], ...as(WHOLE) },
    notes: { type: [String], ...as(RANDOM) },
    items: [items],
    homes: [homes],
  });
  if (isEncrypted) schema.plugin(fle);
  const made = (isEncrypted ? connection : twinConnection).model('File', schema);
  return made as unknown as Files;
}

/** A file with a value of every kind. */
export const stored = (): Record<string, unknown> => ({
  _id: idOf(1),
  name: 'Ada',
  address: { street: secret('street'), city: secret('city') },
  details: { a: secret('a'), b: secret('b') },
  meta: { x: secret('x'), y: secret('y') },
  list: [1, 2, 3],
  notes: [secret('1'), secret('2'), secret('3')],
  items: [
    { _id: idOf(11), name: 'one', remark: secret('one') },
    { _id: idOf(12), name: 'two', remark: secret('two') },
  ],
});

/** An array of a file. */
export const arrayOf = (file: File, path: string): DocumentArrayMethods & unknown[] =>
  file.get(path) as DocumentArrayMethods & unknown[];

/** A further item. */
export const newItem = (): object => ({ _id: idOf(13), name: 'new', remark: secret('new') });
