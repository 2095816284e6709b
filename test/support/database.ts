import { randomBytes } from 'node:crypto';

import { mongo } from 'mongoose';

/** What the database of this run can do; tests of what it cannot are skipped by name. */
export interface DatabaseFeatures {
  readonly changeStreams: boolean;
  readonly collation: boolean;
  /** It is DocumentDB behind the gateway of dev/gateway. */
  readonly gateway: boolean;
}

const URI = 'MONGODB_URI';
const FEATURES = 'MONGOOSE_FLE_DATABASE_FEATURES';

/** A name that no other test file and no other run uses. */
export function freshDatabaseName(subject = 'test'): string {
  return `fle_${subject}_${randomBytes(6).toString('hex')}`;
}

/** The connection string of a database on the server that the global set-up started. */
export function databaseUri(name: string): string {
  const base = process.env[URI];
  if (base === undefined) throw new Error(`${URI} is not set: run the integration project of Jest`);
  const [, server = '', query = ''] =
    /^(mongodb(?:\+srv)?:\/\/[^/?]+)(?:\/[^?]*)?(\?.*)?$/.exec(base) ?? [];
  return `${server}/${name}${query}`;
}

/** Known when test files are loaded, so that `describe` and `it` can be chosen by it. */
export function databaseFeatures(): DatabaseFeatures {
  const known = process.env[FEATURES];
  if (known === undefined)
    throw new Error(`${FEATURES} is not set: run Jest's integration project`);
  return JSON.parse(known) as DatabaseFeatures;
}

/** Hands the running database to the test processes, with what it says it can do. */
export async function publishDatabase(uri: string): Promise<void> {
  process.env[URI] = uri;
  process.env[FEATURES] = JSON.stringify(await askFeatures());
}

async function askFeatures(): Promise<DatabaseFeatures> {
  const name = freshDatabaseName('features');
  const client = await mongo.MongoClient.connect(databaseUri(name));
  try {
    const database = client.db(name);
    const { process: server } = await database.command({ serverStatus: 1 });
    const probe = database.collection('probe');
    await probe.insertOne({ text: 'a' });
    const features = {
      changeStreams: await succeeds(() => watchOnce(probe)),
      collation: await succeeds(() => findIgnoringCase(probe)),
      gateway: server === 'mongoose-fle-gateway',
    };
    await database.dropDatabase();
    return features;
  } finally {
    await client.close();
  }
}

async function watchOnce(probe: mongo.Collection): Promise<void> {
  const stream = probe.watch([], { maxAwaitTimeMS: 1 });
  try {
    await stream.tryNext();
  } finally {
    await stream.close();
  }
}

async function findIgnoringCase(probe: mongo.Collection): Promise<void> {
  const found = await probe.findOne({ text: 'A' }, { collation: { locale: 'en', strength: 2 } });
  if (found === null) throw new Error('The collation was not applied');
}

async function succeeds(attempt: () => Promise<void>): Promise<boolean> {
  return attempt().then(
    () => true,
    () => false,
  );
}
