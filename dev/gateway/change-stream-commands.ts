import { deserialize, type Document, Long, serialize, Timestamp } from 'bson';

import { elementsOf, BSON_TYPE } from './bson-bytes';
import { type ChangeStream, streamOptions, tokenOf } from './change-streams';
import { type Command, readDocuments, readField } from './command';
import type { CommandContext, Reply } from './command-handler';
import { CommandError } from './error-codes';
import { bsonOf } from './sql';
import type { Change, WatchedCollection } from './watched-collection';

/** How long a getMore waits for a change, where it does not say. */
const PATIENCE_MS = 1000;
const MOST_CHANGES = 10_000;
const AS_SENT = { promoteValues: false, bsonRegExp: true };

/** The operand of the `$changeStream` stage that `command`, an aggregate, begins with. */
export function changeStreamOf(command: Command): Buffer | undefined {
  const [first] = readDocuments(command, 'pipeline');
  const [stage] = first === undefined ? [] : elementsOf(first);
  return stage?.name === '$changeStream' && stage.type === BSON_TYPE.document
    ? stage.value
    : undefined;
}

/** Opens a change stream; what has changed since its start comes with the first getMore. */
export async function openStream(
  command: Command,
  stage: Buffer,
  { changes, catalog }: CommandContext,
): Promise<Reply> {
  const collection = readField(command, command.name);
  if (typeof collection !== 'string') {
    throw new CommandError('CommandNotSupported', 'The gateway watches single collections only');
  }
  const stages = readDocuments(command, 'pipeline').slice(1);
  const stream = await changes.open(
    {
      database: command.database,
      collection,
      options: streamOptions(stage),
      stages: stages.map((each) => deserialize(each, AS_SENT)),
    },
    catalog,
  );
  return replyOf(stream, { firstBatch: [] }, changes.position);
}

/** The next changes of a stream. */
export async function readStream(
  stream: ChangeStream,
  command: Command,
  { changes, catalog }: CommandContext,
): Promise<Reply> {
  const patience = Number(readField(command, 'maxTimeMS') ?? PATIENCE_MS);
  const found = await changes.read(stream, patience);
  const collection = changes.collectionOf(stream);
  const events = found.map((change) => eventOf(change, stream, collection));
  const page = Buffer.from(serialize(pipelineOver(events, stream)));
  const row =
    events.length === 0 || stream.stages.length === 0
      ? undefined
      : await catalog.run(
          'SELECT cursorpage FROM documentdb_api.aggregate_cursor_first_page($1, $2)',
          [stream.database, page],
        );
  const nextBatch = row === undefined ? events : firstBatchIn(bsonOf(row['cursorpage']));
  const isOver = found.some(({ operationType }) => operationType === 'invalidate');
  if (isOver) changes.close(stream.id);
  return replyOf(stream, { nextBatch }, changes.position, isOver);
}

/** The stages of `stream`, over the changes as they are. */
function pipelineOver(events: readonly Document[], { stages }: ChangeStream): Document {
  const documents = events.map((event) => ({ $literal: event }));
  return {
    aggregate: 1,
    pipeline: [{ $documents: documents }, ...stages],
    cursor: { batchSize: MOST_CHANGES },
  };
}

function firstBatchIn(page: Buffer): Document[] {
  const { cursor } = deserialize(page, AS_SENT) as { cursor: { firstBatch: Document[] } };
  return cursor.firstBatch;
}

function replyOf(
  stream: ChangeStream,
  batch: Document,
  position: number,
  isOver = false,
): Document {
  const id = isOver ? Long.ZERO : Long.fromString(stream.id);
  const ns = `${stream.database}.${stream.collection}`;
  const postBatchResumeToken = tokenOf(stream.position);
  const operationTime = new Timestamp({ t: Math.floor(Date.now() / 1000), i: position + 1 });
  return { cursor: { id, ns, ...batch, postBatchResumeToken }, operationTime, ok: 1 };
}

function eventOf(change: Change, stream: ChangeStream, collection: WatchedCollection): Document {
  const { sequence, operationType, clusterTime, wallTime, documentKey, updateDescription } = change;
  const { database: db, collection: coll } = stream;
  return {
    _id: tokenOf(sequence),
    operationType,
    clusterTime,
    wallTime,
    ...fullDocumentOf(change, stream, collection),
    ...(operationType !== 'invalidate' && { ns: { db, coll } }),
    ...(documentKey && { documentKey }),
    ...(updateDescription && { updateDescription }),
    ...beforeOf(change, stream),
  };
}

/** Inserts and replacements hold the document by themselves. */
function fullDocumentOf(
  change: Change,
  { options: { fullDocument = 'default' } }: ChangeStream,
  collection: WatchedCollection,
): Document {
  const { operationType, after } = change;
  if (operationType === 'insert' || operationType === 'replace') return { fullDocument: after };
  if (operationType !== 'update' || fullDocument === 'default') return {};
  const isLookedUp = fullDocument === 'updateLookup';
  return { fullDocument: isLookedUp ? (collection.current(change) ?? null) : after };
}

function beforeOf(
  { operationType, before }: Change,
  { options: { fullDocumentBeforeChange = 'off' } }: ChangeStream,
): Document {
  const isTold = fullDocumentBeforeChange !== 'off' && before !== undefined;
  return isTold && operationType !== 'insert' ? { fullDocumentBeforeChange: before } : {};
}
