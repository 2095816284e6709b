import type { Model } from 'mongoose';
import type { Write } from './arbitrary-writes';
import type { Loose } from './build-models';
import { plainOf } from './observe';
import { call, copyOf } from './world';

/** Writes to `model`, and reports. */
export async function write(model: Model<Loose>, given: Write): Promise<unknown> {
  const taken = copyOf(given);
  switch (taken.kind) {
    case 'create':
      return await model.create(taken.document as Loose);
    case 'insertMany':
      return counted(await model.insertMany(taken.documents as Loose[], taken.options));
    case 'updateOne':
    case 'updateMany':
    case 'findOneAndUpdate':
      return await update(model, taken);
    case 'replaceOne':
    case 'findOneAndReplace':
      return counted(await call(model, taken.kind, taken.filter, taken.document, taken.options));
    case 'bulkWrite':
      return counted(await model.bulkWrite(taken.operations as never, taken.options));
    default:
      return counted(await call(model, taken.kind, taken.filter, taken.options));
  }
}

async function update(
  model: Model<Loose>,
  {
    kind,
    filter,
    update: { update: change, arrayFilters },
    options,
  }: Extract<Write, { readonly update: object }>,
): Promise<unknown> {
  const all = {
    ...options,
    ...(arrayFilters === undefined ? {} : { arrayFilters }),
    ...(Array.isArray(change) ? { updatePipeline: true } : {}),
  };
  return counted(await call(model, kind, filter, change, all));
}

const COUNTS = ['acknowledged', 'matchedCount', 'upsertedCount', 'insertedCount', 'deletedCount'];

/** What a write reports. `modifiedCount` counts Random values that were set to what they were, too. */
function counted(result: unknown): unknown {
  if (
    typeof result !== 'object' ||
    result === null ||
    !('insertedCount' in result || 'modifiedCount' in result)
  ) {
    return plainOf(result);
  }
  const report = result as Record<string, unknown>;
  return {
    counts: COUNTS.map((name) => report[name]),
    upserted: report['upsertedId'] ?? report['upsertedIds'],
    inserted: report['insertedIds'],
  };
}
