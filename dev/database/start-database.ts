import { documentDb } from './documentdb';
import { givenDatabase } from './given-database';
import { downloadedMongod, installedMongod } from './mongod';
import type { DatabaseSource, RunningDatabase } from './running-database';

/** The ways to a database, the first that is possible counts. DocumentDB is what is always tried. */
const SOURCES: readonly DatabaseSource[] = [
  givenDatabase,
  installedMongod,
  downloadedMongod,
  documentDb,
];

type Note = (text: string) => void;

/**
 * Starts the database of the tests and of the demo, and announces it. It ends with `stop()`, and
 * with this process however that ends.
 */
export async function startDatabase(
  announce: Note = (text) => {
    console.error(text);
  },
): Promise<RunningDatabase> {
  const { source, kind } = await chooseSource();
  await source.prepare(announce);
  const started = performance.now();
  const database = await source.start();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  announce(`Database: ${kind} (${seconds} s)`);
  return { ...database, kind };
}

/** Does what takes long before the database is wanted; answers what it will be. */
export async function prepareDatabase(note: Note): Promise<string> {
  const { source, kind } = await chooseSource();
  await source.prepare(note);
  return kind;
}

async function chooseSource(): Promise<{ source: DatabaseSource; kind: string }> {
  for (const source of SOURCES) {
    const kind = await source.find();
    if (kind !== undefined) return { source, kind };
  }
  throw new Error('There is no way to a database');
}
