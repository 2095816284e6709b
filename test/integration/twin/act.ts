import type { HydratedDocument, Model, UpdateResult } from 'mongoose';
import type { Action, Origin } from './arbitrary-actions';
import { idOf } from './arbitrary-values';
import type { Loose } from './build-models';
import { copyOf } from './world';

/** A document, and the model that it came of. */
export interface Held {
  readonly model: Model<Loose>;
  document: HydratedDocument<Loose>;
}

/** Brings a document into being: the first of those stored, or a new one. */
export async function bringForth(model: Model<Loose>, given: Origin): Promise<Held> {
  const origin = copyOf(given);
  if (origin.kind === 'new') {
    return { model, document: new model({ _id: idOf(9), ...origin.values }) };
  }
  const query = model.findById(idOf(1)).select(origin.select as Record<string, number>);
  return { model, document: await query.orFail() };
}

type ArrayMethod = Extract<Action, { readonly kind: 'array' }>['method'];

interface MongooseArray extends Record<
  Exclude<ArrayMethod, 'splice' | 'set'>,
  (item: unknown) => unknown
> {
  splice(start: number, count: number, item: unknown): unknown;
  set(place: number, item: unknown): unknown;
  readonly [place: number]: HydratedDocument<Loose> | undefined;
}

/** Does `action`. */
export async function act(held: Held, given: Action): Promise<unknown> {
  const action = copyOf(given);
  const { document } = held;
  switch (action.kind) {
    case 'set':
      document.set(action.path, action.value);
      return undefined;
    case 'unset':
      document.set(action.path, undefined);
      return undefined;
    case 'mark':
      document.markModified(action.path);
      return undefined;
    case 'inc':
      document.$inc(action.path, action.by as number);
      return undefined;
    case 'array':
    case 'element':
    case 'removeElement':
      changeArray(document.get(action.path) as MongooseArray | null | undefined, action);
      return undefined;
    case 'mapSet':
    case 'mapDelete':
      changeMap(document.get(action.path) as Map<string, unknown> | null | undefined, action);
      return undefined;
    case 'overwrite':
      document.overwrite({ ...action.values });
      return undefined;
    case 'setAll':
      document.set(action.values);
      return undefined;
    default:
      return await actOnStored(held, action);
  }
}

type Stored = Extract<
  Action,
  {
    readonly kind:
      'update' | 'meanwhile' | 'save' | 'bulkSave' | 'validate' | 'increment' | 'reload' | 'delete';
  }
>;

async function actOnStored(held: Held, action: Stored): Promise<unknown> {
  const { document, model } = held;
  const { _id } = document;
  switch (action.kind) {
    case 'save':
      await document.save();
      return document.$__delta();
    case 'bulkSave':
      await model.bulkSave([document]);
      return document.$__delta();
    case 'validate':
      await document.validate();
      return undefined;
    case 'increment':
      document.increment();
      return undefined;
    case 'reload':
      held.document = await model.findById(_id).orFail();
      return undefined;
    case 'delete':
      return await document.deleteOne();
    case 'update':
      return await matched(document.updateOne(action.update) as PromiseLike<UpdateResult>);
    case 'meanwhile':
      return await matched(
        model.updateOne({ _id }, { $set: { [action.path]: action.value }, $inc: { __v: 1 } }),
      );
  }
}

async function matched(updated: PromiseLike<UpdateResult>): Promise<number> {
  return (await updated).matchedCount;
}

type ArrayChange = Extract<Action, { readonly kind: 'array' | 'element' | 'removeElement' }>;

function changeArray(array: MongooseArray | null | undefined, change: ArrayChange): void {
  if (array === undefined || array === null) return;
  if (change.kind === 'element') array[0]?.set(change.inner, change.value);
  else if (change.kind === 'removeElement') void array[0]?.deleteOne();
  else if (change.method === 'splice') array.splice(0, 1, change.item);
  else if (change.method === 'set') array.set(0, change.item);
  else array[change.method](change.item);
}

function changeMap(
  map: Map<string, unknown> | null | undefined,
  change: Extract<Action, { readonly kind: 'mapSet' | 'mapDelete' }>,
): void {
  if (change.kind === 'mapSet') map?.set(change.key, change.value);
  else map?.delete(change.key);
}

declare module 'mongoose' {
  interface Document {
    $__delta(): unknown;
  }
}
