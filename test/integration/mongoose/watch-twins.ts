import type { Model, mongo } from 'mongoose';

/** A change, as far as twins can share it. */
export type Change = Record<string, unknown>;

/** What Mongoose's change stream has besides what its types say. */
export interface Watching {
  readonly $driverChangeStreamPromise: Promise<unknown>;
  readonly driverChangeStream: Omit<mongo.ChangeStream, 'next'> & { next(): Promise<Change> };
  readonly closed: boolean;
  next(): Promise<Change>;
  hasNext(): Promise<boolean>;
  on(event: string, listener: (change: Change) => void): unknown;
  close(): Promise<void>;
}

export type WatchOptions = mongo.ChangeStreamOptions & { readonly hydrate?: boolean };

/** A change stream of `model` that is open: what is written from now on is told. */
export async function opened<T>(
  model: Model<T>,
  pipeline: readonly object[] = [],
  options: WatchOptions = {},
): Promise<Watching> {
  const watching = watch(model, pipeline, options);
  await watching.$driverChangeStreamPromise;
  await watching.driverChangeStream.tryNext();
  return watching;
}

/** `Model.watch`, which has no event yet. */
export function watch<T>(
  model: Model<T>,
  pipeline: readonly object[] = [],
  options: WatchOptions = {},
): Watching {
  const patience = { maxAwaitTimeMS: 50, ...options };
  return model.watch(structuredClone(pipeline) as never, patience) as unknown as Watching;
}

/** The next `count` changes, without what is a change's own: its time, its token, and its database. */
export async function nextChanges(watching: Watching, count: number): Promise<Change[]> {
  const changes: Change[] = [];
  while (changes.length < count) changes.push(shared(await watching.next()));
  return changes;
}

/** What twins share of a change. */
export function shared(change: Change): Change {
  const own = ['_id', 'clusterTime', 'wallTime', 'ns', 'lsid', 'txnNumber', 'collectionUUID'];
  const others = Object.entries(change).filter(([key]) => !own.includes(key));
  return Object.fromEntries(others.map(([key, value]) => [key, withoutClass(value)]));
}

function withoutClass(value: unknown): unknown {
  const { toObject } = (value ?? {}) as { toObject?: () => unknown };
  return typeof toObject === 'function' ? toObject.call(value) : value;
}
