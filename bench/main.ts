import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { mongo, Mongoose } from 'mongoose';
import { KEY } from './contenders/mongoose-contender';
import { startDatabaseProcess } from './database-process';
import { describeMachine, loadNow, type Machine, machineLines } from './machine';
import { chartOf } from './report/chart';
import { type Measured, writeMeasured } from './report/measured';
import { FIGURES, writePages } from './report/pages';
import { tableOf } from './report/table';
import type { Place, Suite } from './suite';
import { eventLoop } from './suites/event-loop';
import { growthInDocuments, growthInFields } from './suites/growth';
import { memory } from './suites/memory';
import { others } from './suites/others';
import { reads } from './suites/reads';
import { tenants } from './suites/tenants';
import { unencrypted } from './suites/unencrypted';
import { values } from './suites/values';
import { writes } from './suites/writes';

// What encryption costs. Run it with `npm run bench`, on a machine that does nothing else; README.md says more.

const SUITES: readonly Suite[] = [
  values,
  reads,
  writes,
  growthInFields,
  growthInDocuments,
  tenants,
  unencrypted,
  eventLoop,
  memory,
  others,
];

async function main(): Promise<void> {
  const { values: given } = parseArgs({
    options: {
      suite: { type: 'string', multiple: true, default: [] },
      quick: { type: 'boolean', default: false },
      out: { type: 'string' },
      pages: { type: 'boolean', default: false },
    },
  });
  const unknown = given.suite.filter((name) => SUITES.every((suite) => suite.name !== name));
  if (unknown.length > 0) {
    const names = SUITES.map(({ name }) => name).join(', ');
    throw new Error(`There is no suite ${unknown.join(', ')}. The suites are ${names}.`);
  }
  const chosen = SUITES.filter(
    ({ name }) => given.suite.length === 0 || given.suite.includes(name),
  );
  if (!given.pages) await runSuites(chosen, { quick: given.quick, out: given.out });
  const isShown = given.out !== undefined && resolve(given.out) === resolve(FIGURES);
  if (given.pages || isShown) writePages('.');
}

interface RunOptions {
  readonly quick: boolean;
  /** The folder for JSON and charts. */
  readonly out: string | undefined;
}

async function runSuites(suites: readonly Suite[], { quick, out }: RunOptions): Promise<void> {
  const load = loadNow();
  const database = await startDatabaseProcess();
  const machine = { ...describeMachine(database.kind), load };
  for (const line of machineLines(machine)) console.log(line);
  const dbName = `bench_${randomBytes(4).toString('hex')}`;
  const masterKey = randomBytes(96);
  const keyVaultNamespace = `${dbName}.__keyVault`;
  const { uri } = database;
  const connection = await new Mongoose().createConnection(uri, { dbName }).asPromise();
  const place: Place = { uri, dbName, masterKey, keyVaultNamespace, quick, connection };
  try {
    await createKey(place);
    for (const suite of suites) {
      const measured = await runSuite(suite, place, machine);
      if (measured !== undefined && out !== undefined) keep(measured, out);
    }
  } finally {
    await connection.dropDatabase();
    await connection.close();
    database.stop();
  }
}

/** A suite that fails says so, and the others go on. */
async function runSuite(
  { name, run }: Suite,
  place: Place,
  machine: Machine,
): Promise<Measured | undefined> {
  const started = performance.now();
  try {
    const figures = await run(place);
    const seconds = Math.round((performance.now() - started) / 1000);
    const loadAfter = loadNow();
    console.log(`\n${tableOf(figures)}\n${seconds} s, load at the end ${loadAfter.toFixed(2)}`);
    return { machine, quick: place.quick, seconds, loadAfter, figures };
  } catch (error) {
    console.error(`\nThe suite ${name} failed:`, error);
    process.exitCode = 1;
    return undefined;
  }
}

function keep(measured: Measured, folder: string): void {
  writeMeasured(folder, measured);
  writeFileSync(join(folder, `${measured.figures.name}.svg`), `${chartOf(measured.figures)}\n`);
}

async function createKey({ connection, masterKey, keyVaultNamespace }: Place): Promise<void> {
  const clientEncryption = new mongo.ClientEncryption(connection.getClient(), {
    keyVaultNamespace,
    kmsProviders: { local: { key: masterKey } },
  });
  await clientEncryption.createDataKey('local', { keyAltNames: [KEY] });
}

main()
  .catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  })
  // A suite that has failed may have left connections open.
  .finally(() => process.exit());
