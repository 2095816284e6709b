import type { Model } from 'mongoose';
import type { Question, Reading } from './arbitrary-reads';
import type { Loose } from './build-models';
import { plainOf } from './observe';
import { copyOf } from './world';

/** Asks `model`. */
export async function ask(model: Model<Loose>, given: Question): Promise<unknown> {
  const question = copyOf(given);
  switch (question.kind) {
    case 'read':
      return await read(model, question);
    case 'count':
      return await model.countDocuments(question.filter);
    case 'exists':
      return (await model.exists(question.filter)) !== null;
    case 'distinct':
      return inOrder(await model.distinct(question.path, question.filter));
    case 'aliased':
      return await model.find(question.filter, {}, { translateAliases: true }).sort({ _id: 1 });
  }
}

async function read(model: Model<Loose>, reading: Reading): Promise<unknown> {
  const { filter, select, sort, skip, limit } = reading;
  const query = model.find(filter);
  query.select(select as Record<string, number>);
  query.sort(sort as Record<string, 1>).skip(skip);
  if (limit > 0) query.limit(limit);
  switch (reading.how) {
    case 'find':
      return await query;
    case 'lean':
      return await query.lean();
    case 'findOne':
      return await query.findOne();
    case 'cursor':
      return await gathered(query.cursor());
    case 'leanCursor':
      return await gathered(query.lean().cursor({ batchSize: 1 }));
    case 'stream':
      return await gathered(query.cursor().map(plainOf) as AsyncIterable<unknown>);
  }
}

async function gathered(cursor: AsyncIterable<unknown>): Promise<unknown[]> {
  const documents: unknown[] = [];
  for await (const document of cursor) documents.push(document);
  return documents;
}

/** `distinct` gives values in the order of what is stored. */
export function inOrder(values: readonly unknown[]): unknown[] {
  return [...values].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

/** A text that equal values share. */
export function keyOf(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'bigint' ? `${String(inner)}n` : inner,
  );
}
